/* test_audit.c: audit lines are whole, numbered without holes and never lost silently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "audit_lines.h"
#include "watch/audit_record.h"

static void assert_gap(const json_t *line, const char *reason, json_int_t lost)
{
    assert_string_equal(str_of(line, "record"), "gap");
    assert_string_equal(str_of(line, "reason"), reason);
    assert_int_equal(int_of(line, "lost"), lost);
}

static void put_file(const char *text)
{
    FILE *f = fopen(audit_path, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    fclose(f);
}

static void write_fails(struct px_audit *a)
{
    struct px_audit_record r = plain_record();

    assert_int_equal(px_audit_write(a, &r), FLT_E_IO);
    assert_false(px_audit_ok(a));
}

/* ---- the file -------------------------------------------------------------------------------- */

static void numbers_go_on_after_a_restart(void **state)
{
    (void)state;
    for (int run = 0; run < 3; run++) {
        struct px_audit *a = open_audit(audit_path);

        assert_int_equal(px_audit_seq(a), 2 * run);
        write_ok(a);
        write_ok(a);
        px_audit_close(a);
    }
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 6);
    assert_numbered_from(1);
}

static void a_new_file_is_private(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    struct stat st;

    (void)state;
    px_audit_close(a);
    assert_int_equal(stat(audit_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_torn_last_line_is_closed_off_and_marked(void **state)
{
    struct px_audit *a;

    (void)state;
    put_file("{\"seq\":41,\"record\":\"final\"}\n{\"seq\":42,\"record\":\"fi");
    a = open_audit(audit_path);
    write_ok(a);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 1);
    assert_int_equal(n_lines, 3);
    assert_numbered_from(41);
    assert_gap(lines[1], "torn_line", 1);
}

static void only_a_torn_line_is_marked_too(void **state)
{
    struct px_audit *a;

    (void)state;
    put_file("{\"seq\":1,");
    a = open_audit(audit_path);
    write_ok(a);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 1);
    assert_numbered_from(1);
    assert_gap(lines[0], "torn_line", 1);
    assert_string_equal(str_of(lines[1], "record"), "final");
}

static void foreign_lines_are_kept_and_marked(void **state)
{
    struct px_audit *a;

    (void)state;
    put_file("hello\nworld\n");
    a = open_audit(audit_path);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 2);
    assert_int_equal(n_lines, 1);
    assert_gap(lines[0], "no_sequence", 1);
}

static void a_last_line_longer_than_the_first_look_is_found(void **state)
{
    FILE *f = fopen(audit_path, "w");
    struct px_audit *a;

    (void)state;
    assert_non_null(f);
    fprintf(f, "{\"seq\":8,\"pad\":\"\"}\n{\"seq\":9,\"pad\":\"%0300000d\"}\n", 0);
    fclose(f);
    a = open_audit(audit_path);
    assert_int_equal(px_audit_seq(a), 9);
    px_audit_close(a);
}

static void rotation_starts_a_new_file_and_goes_on_counting(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    struct flt_err err;
    char old[128];

    (void)state;
    snprintf(old, sizeof(old), "%s.1", audit_path);
    write_ok(a);
    assert_int_equal(rename(audit_path, old), 0);
    write_ok(a);
    assert_int_equal(px_audit_reopen(a, &err), FLT_OK);
    write_ok(a);
    assert_int_equal(read_back(old), 0);
    assert_int_equal(n_lines, 2);
    assert_numbered_from(1);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 1);
    assert_numbered_from(3);
    unlink(old);
    px_audit_close(a);
}

static void a_deleted_file_is_made_anew(void **state)
{
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    write_ok(a);
    unlink(audit_path);
    write_ok(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_numbered_from(2);
    px_audit_close(a);
}

static void a_deleted_folder_refuses_until_it_is_back(void **state)
{
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    write_ok(a);
    unlink(audit_path);
    rmdir(audit_dir);
    write_fails(a);
    write_fails(a);
    assert_int_equal(mkdir(audit_dir, 0700), 0);
    write_ok(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_numbered_from(2);
    assert_gap(lines[0], "write_failed", 2);
    assert_int_equal(n_lines, 2);
    px_audit_close(a);
}

static void a_path_that_cannot_be_opened_is_an_error(void **state)
{
    struct flt_err err;

    (void)state;
    assert_null(px_audit_open("/nonexistent/audit.jsonl", false, &err));
    assert_int_equal(err.status, FLT_E_IO);
    assert_string_equal(err.file, "/nonexistent/audit.jsonl");
}

/* ---- failing to write ------------------------------------------------------------------------ */

static void a_full_device_refuses_every_record(void **state)
{
    struct px_audit *a = open_audit("/dev/full");

    (void)state;
    assert_true(px_audit_ok(a));
    write_fails(a);
    write_fails(a);
    assert_false(px_audit_retry(a));
    assert_int_equal(px_audit_seq(a), 0);
    px_audit_close(a);
}

/* As a disk with so many bytes left: the write that crosses the limit is cut short. */
static void leave_room(off_t bytes)
{
    struct rlimit lim;
    struct stat st;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &lim), 0);
    lim.rlim_cur = RLIM_INFINITY;
    if (bytes >= 0) {
        assert_int_equal(stat(audit_path, &st), 0);
        lim.rlim_cur = (rlim_t)(st.st_size + bytes);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

static void a_full_disk_leaves_whole_lines_and_a_gap_record_after_it(void **state)
{
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    write_ok(a);
    leave_room(100);
    write_fails(a);
    write_fails(a);
    write_fails(a);
    leave_room(-1);
    write_ok(a);
    write_ok(a);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 4);
    assert_numbered_from(1);
    assert_gap(lines[1], "write_failed", 3);
}

/* ---- many records in one call ---------------------------------------------------------------- */

#define MANY 100u

/* n records as a worker gives them, all encoded into text; free that afterwards. */
static void encode_many(struct flt_buf *text, struct px_audit_line *v, size_t n)
{
    struct px_audit_record r = plain_record();
    size_t at[MANY + 1] = {0};

    flt_buf_init(text, n * PX_AUDIT_LINE_MAX);
    for (size_t i = 0; i < n; i++) {
        r.conn = i;
        assert_int_equal(px_audit_encode(&r, text), FLT_OK);
        at[i + 1] = text->n;
    }
    for (size_t i = 0; i < n; i++)
        v[i] = (struct px_audit_line){{text->p + at[i], at[i + 1] - at[i]}, -99};
}

static void many_records_at_once_are_in_order_and_numbered(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    struct px_audit_line v[MANY];
    struct flt_buf text;

    (void)state;
    write_ok(a);
    encode_many(&text, v, MANY);
    px_audit_write_lines(a, v, MANY);
    write_ok(a);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(v[i].status, FLT_OK);
    assert_int_equal(px_audit_seq(a), MANY + 2);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, MANY + 2);
    assert_numbered_from(1);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(int_of(lines[i + 1], "conn"), (json_int_t)i);
    flt_buf_free(&text);
}

static void a_record_that_could_not_be_encoded_is_the_only_one_lost(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    struct px_audit_line v[5];
    struct flt_buf text;

    (void)state;
    encode_many(&text, v, 5);
    v[2].text.n = 0;
    px_audit_write_lines(a, v, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(v[i].status, i == 2 ? FLT_E_IO : FLT_OK);
    assert_true(px_audit_ok(a));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 5);
    assert_numbered_from(1);
    assert_gap(lines[2], "write_failed", 1);
    flt_buf_free(&text);
}

static void of_many_records_those_that_fit_the_disk_are_written(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    struct px_audit_line v[6];
    struct flt_buf text;
    json_int_t written = 0;

    (void)state;
    write_ok(a);
    encode_many(&text, v, 6);
    leave_room((off_t)(text.n / 2));
    px_audit_write_lines(a, v, 6);
    leave_room(-1);
    for (size_t i = 0; i < 6; i++)
        written += v[i].status == FLT_OK;
    assert_in_range(written, 1, 3);
    assert_int_equal(v[0].status, FLT_OK);
    assert_false(px_audit_ok(a));
    write_ok(a);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 1 + written + 2);
    assert_numbered_from(1);
    assert_gap(lines[1 + written], "write_failed", 6 - written);
    flt_buf_free(&text);
}

static void many_records_go_singly_into_a_pipe(void **state)
{
    struct px_audit_line v[MANY];
    struct flt_buf text;
    struct px_audit *a;
    unsigned lost = 0;

    (void)state;
    assert_int_equal(mkfifo(audit_path, 0600), 0);
    a = open_audit(audit_path);
    encode_many(&text, v, MANY);
    for (unsigned round = 0; round < 100 && lost == 0; round++) {
        px_audit_write_lines(a, v, MANY);
        for (size_t i = 0; i < MANY; i++)
            lost += v[i].status != FLT_OK;
    }
    assert_in_range(lost, 1, MANY); /* it was filled, and every record is either in it or reported */
    assert_false(px_audit_ok(a));
    px_audit_close(a);
    flt_buf_free(&text);
}

static void a_retry_recovers_without_a_request(void **state)
{
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    assert_true(px_audit_retry(a)); /* nothing is due */
    leave_room(0);
    write_fails(a);
    assert_false(px_audit_retry(a));
    leave_room(-1);
    assert_true(px_audit_retry(a));
    assert_true(px_audit_ok(a));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 1);
    assert_gap(lines[0], "write_failed", 1);
}

static void starts_on_a_full_disk_and_recovers(void **state)
{
    struct px_audit *a;

    (void)state;
    put_file("{\"seq\":5,\"record\":\"final\"}\n{\"torn");
    leave_room(0);
    a = open_audit(audit_path);
    assert_false(px_audit_ok(a));
    leave_room(-1);
    assert_true(px_audit_retry(a));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 1);
    assert_numbered_from(5);
    assert_gap(lines[1], "torn_line", 1);
}

static void a_pipe_nobody_reads_fails_instead_of_blocking(void **state)
{
    struct px_audit_record r = plain_record();
    struct px_audit *a;
    unsigned written = 0;

    (void)state;
    assert_int_equal(mkfifo(audit_path, 0600), 0);
    a = open_audit(audit_path);
    while (written < 10000 && px_audit_write(a, &r) == FLT_OK)
        written++;
    assert_true(written > 10 && written < 10000);
    assert_false(px_audit_ok(a));
    px_audit_close(a);
}

static void a_dash_is_standard_output(void **state)
{
    char text[2048] = "";
    int fds[2], saved = dup(STDOUT_FILENO);
    struct px_audit *a;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    fflush(stdout);
    dup2(fds[1], STDOUT_FILENO);
    a = open_audit("-");
    dup2(saved, STDOUT_FILENO);
    write_ok(a);
    px_audit_close(a);
    assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
    assert_memory_equal(text, "{\"seq\":1,\"time\":\"2026-", 22);
    close(fds[0]);
    close(fds[1]);
    close(saved);
}

/* ---- several writers ------------------------------------------------------------------------- */

static void *write_many(void *arg)
{
    struct px_audit *a = arg;
    struct px_audit_record r = plain_record();
    intptr_t failed = 0;

    for (int i = 0; i < 250; i++)
        failed += px_audit_write(a, &r) != FLT_OK;
    return (void *)failed;
}

static void run_writers(struct px_audit *const a[4])
{
    pthread_t t[4];
    void *failed;

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, write_many, a[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 1000);
    assert_numbered_from(1);
}

static void four_threads_write_one_rising_sequence(void **state)
{
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    run_writers((struct px_audit *[]){a, a, a, a});
    assert_int_equal(px_audit_seq(a), 1000);
    px_audit_close(a);
}

static void two_servers_on_one_file_write_one_rising_sequence(void **state)
{
    struct px_audit *a = open_audit(audit_path), *b = open_audit(audit_path);

    (void)state;
    run_writers((struct px_audit *[]){a, b, a, b});
    px_audit_close(a);
    px_audit_close(b);
}

static void waiting_for_the_disk_works(void **state)
{
    struct flt_err err;
    struct px_audit *a = px_audit_open(audit_path, true, &err);

    (void)state;
    struct px_audit_line v[MANY];
    struct flt_buf text;

    assert_non_null(a);
    write_ok(a);
    encode_many(&text, v, MANY);
    px_audit_write_lines(a, v, MANY);
    assert_int_equal(v[MANY - 1].status, FLT_OK);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, MANY + 1);
    assert_numbered_from(1);
    flt_buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, audit_setup, audit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_go_on_after_a_restart),
        TEST(a_new_file_is_private),
        TEST(a_torn_last_line_is_closed_off_and_marked),
        TEST(only_a_torn_line_is_marked_too),
        TEST(foreign_lines_are_kept_and_marked),
        TEST(a_last_line_longer_than_the_first_look_is_found),
        TEST(rotation_starts_a_new_file_and_goes_on_counting),
        TEST(a_deleted_file_is_made_anew),
        TEST(a_deleted_folder_refuses_until_it_is_back),
        TEST(a_path_that_cannot_be_opened_is_an_error),
        TEST(a_full_device_refuses_every_record),
        TEST(a_full_disk_leaves_whole_lines_and_a_gap_record_after_it),
        TEST(many_records_at_once_are_in_order_and_numbered),
        TEST(a_record_that_could_not_be_encoded_is_the_only_one_lost),
        TEST(of_many_records_those_that_fit_the_disk_are_written),
        TEST(many_records_go_singly_into_a_pipe),
        TEST(a_retry_recovers_without_a_request),
        TEST(starts_on_a_full_disk_and_recovers),
        TEST(a_pipe_nobody_reads_fails_instead_of_blocking),
        TEST(a_dash_is_standard_output),
        TEST(four_threads_write_one_rising_sequence),
        TEST(two_servers_on_one_file_write_one_rising_sequence),
        TEST(waiting_for_the_disk_works),
    };

    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
