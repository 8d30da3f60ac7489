/* test_log.c: form, escaping, cutting, rate limit and loss accounting of the operational log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "watch/log.h"

static int pipe_out;
static char text[256 * 1024]; /* what the log wrote, NUL-terminated */

/* A fresh pipe behind the log. */
static int setup(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    pipe_out = fds[0];
    px_log_init(PX_LOG_INFO, fds[1]);
    *state = (void *)(intptr_t)fds[1];
    return 0;
}

static int teardown(void **state)
{
    close(pipe_out);
    close((int)(intptr_t)*state);
    return 0;
}

/* Reads all that is there; returns the number of lines. */
static unsigned drain(void)
{
    size_t n = 0;
    unsigned lines = 0;
    ssize_t got;

    while ((got = read(pipe_out, text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

static void writes_time_level_identity_and_message(void **state)
{
    struct px_log_id id = {.worker = 3, .conn = 17, .txn = "r-1", .tenant = FLT_STR("claims a=b")};
    struct tm tm;
    const char *rest;

    (void)state;
    px_log(PX_LOG_NOTICE, &id, "started port=%d", 8443);
    assert_int_equal(drain(), 1);
    memset(&tm, 0, sizeof(tm));
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    assert_non_null(rest);
    assert_int_equal(rest[0], '.');
    assert_string_equal(rest + 4, "Z notice worker=3 conn=17 txn=r-1 tenant=claims\\x20a\\x3db started port=8443\n");
}

static void leaves_out_what_is_absent(void **state)
{
    struct px_log_id id = {.worker = -1};

    (void)state;
    px_log(PX_LOG_ERROR, &id, "one");
    px_log(PX_LOG_WARN, NULL, "two");
    assert_int_equal(drain(), 2);
    assert_non_null(strstr(text, "Z error one\n"));
    assert_non_null(strstr(text, "Z warn two\n"));
}

static void escapes_everything_but_printable_ascii(void **state)
{
    (void)state;
    px_log(PX_LOG_INFO, NULL, "value=%s", "a\nb\r\t\x1b[31m\\\x7f\xc3\xa9\xff");
    assert_int_equal(drain(), 1);
    assert_non_null(strstr(text, "value=a\\nb\\r\\t\\x1b[31m\\\\\\x7f\\xc3\\xa9\\xff\n"));
}

static void cuts_long_lines_and_says_so(void **state)
{
    char big[3000];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    px_log(PX_LOG_INFO, NULL, "long=%s", big);
    memset(big, '\x01', sizeof(big) - 1); /* grows four times when escaped */
    px_log(PX_LOG_INFO, NULL, "controls=%s", big);
    assert_int_equal(drain(), 2);
    for (char *line = text; *line != '\0';) {
        char *nl = strchr(line, '\n');

        assert_true(nl - line < PX_LOG_LINE_MAX);
        assert_memory_equal(nl - 3, "...", 3);
        line = nl + 1;
    }
}

static void levels_above_the_set_one_are_silent(void **state)
{
    (void)state;
    assert_true(px_log_on(PX_LOG_INFO));
    assert_false(px_log_on(PX_LOG_DEBUG));
    px_log(PX_LOG_DEBUG, NULL, "quiet");
    assert_int_equal(drain(), 0);
}

static void one_call_site_is_limited_and_the_rest_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        px_log(PX_LOG_WARN, NULL, "flood number=%d", i);
    px_log(PX_LOG_WARN, NULL, "another site");
    assert_int_equal(drain(), PX_LOG_BURST + 1);
    assert_non_null(strstr(text, "flood number=19\n"));
    assert_null(strstr(text, "flood number=20\n"));
    usleep(1050 * 1000);
    px_log(PX_LOG_WARN, NULL, "later");
    assert_int_equal(drain(), 2);
    assert_non_null(strstr(text, "log lines dropped count=80 like: flood number=%d\n"));
    px_log(PX_LOG_WARN, NULL, "later still");
    assert_int_equal(drain(), 1);
}

static void a_full_pipe_loses_lines_instead_of_blocking(void **state)
{
    int in = (int)(intptr_t)*state;
    char page[4096];

    memset(page, '.', sizeof(page));
    fcntl(in, F_SETFL, 0); /* a write to the full pipe would now wait for ever */
    for (int room = fcntl(in, F_GETPIPE_SZ); room > 0; room -= (int)sizeof(page))
        assert_int_equal(write(in, page, sizeof(page)), sizeof(page));
    px_log(PX_LOG_WARN, NULL, "lost one");
    px_log(PX_LOG_WARN, NULL, "lost two");
    (void)drain();
    assert_null(strstr(text, "lost one"));
    px_log(PX_LOG_WARN, NULL, "back again");
    assert_int_equal(drain(), 2);
    assert_non_null(strstr(text, "log could not be written lines_lost=2\n"));
    assert_non_null(strstr(text, "back again\n"));
}

static void *writer(void *arg)
{
    struct px_log_id id = {.worker = (int)(intptr_t)arg};

    for (int i = 0; i < 5; i++)
        px_log(PX_LOG_INFO, &id, "from a thread with a message of some length, so that lines could mix");
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    pthread_t t[4];
    unsigned whole = 0;

    (void)state;
    for (intptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, writer, (void *)i), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(drain(), 20);
    for (char *p = text; (p = strstr(p, "Z info worker=")) != NULL; p++)
        whole += strncmp(p + 15, " from a thread with a message of some length, so that lines could mix\n", 70) == 0;
    assert_int_equal(whole, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_time_level_identity_and_message, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_everything_but_printable_ascii, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_long_lines_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(levels_above_the_set_one_are_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(one_call_site_is_limited_and_the_rest_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_pipe_loses_lines_instead_of_blocking, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
