/* The audit records of one turn: written together, before anything of theirs leaves, and for each request by itself. */
#include "txn_scene.h"

#include <jansson.h>

#define CROWD 12

static void crowd_comes(struct scene *s, struct rig_client *c)
{
    for (unsigned i = 0; i < CROWD; i++)
        rig_connect(&s->rig, &c[i]);
    rig_turn(&s->rig);
}

/* All requests lie in the sockets before the loop looks. */
static void crowd_asks(const struct rig_client *c)
{
    char request[1024];
    int n = snprintf(request, sizeof(request),
                     "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: %zu\r\n\r\n%s",
                     strlen(HELLO), HELLO);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(send(c[i].fd, request, (size_t)n, MSG_NOSIGNAL), n);
}

static void crowd_leaves(struct rig_client *c)
{
    for (unsigned i = 0; i < CROWD; i++)
        rig_hang_up(&c[i]);
}

static void open_file(struct scene *s, char path[160])
{
    struct flt_err err = {0};
    snprintf(path, 160, "%s/audit.jsonl", s->rig.dir);
    s->rig.audit = px_audit_open(path, false, &err);
    assert_non_null(s->rig.audit);
    s->rig.gen->audit = s->rig.audit;
}

/* Records of a kind in the file, with this outcome (NULL = any); numbers must rise by one from 1. */
static unsigned records(const char *path, const char *kind, const char *outcome)
{
    char *line = NULL;
    size_t cap = 0;
    unsigned found = 0;
    json_int_t seq = 0;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(o);
        assert_int_equal(json_integer_value(json_object_get(o, "seq")), ++seq);
        bool fits = strcmp(json_string_value(json_object_get(o, "record")), kind) == 0;
        if (fits && outcome != NULL)
            fits = strcmp(json_string_value(json_object_get(o, "outcome")), outcome) == 0;
        found += fits ? 1 : 0;
        json_decref(o);
    }
    free(line);
    fclose(f);
    return found;
}

static void a_crowd_is_answered_with_both_records_each(void **state)
{
    (void)state;
    struct rig_act script[2 * CROWD];
    struct scene *s = open_scene(NULL, script);
    struct rig_client c[CROWD];
    char path[160];
    open_file(s, path);
    for (unsigned i = 0; i < CROWD; i++) {
        script[2 * i] = (struct rig_act){RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0};
        script[2 * i + 1] = (struct rig_act){RIG_NEXT, NULL, 0};
    }
    crowd_comes(s, c);
    crowd_asks(c);
    for (unsigned i = 0; i < CROWD; i++) {
        rig_wait(&c[i], &s->a);
        assert_int_equal(s->a.status, 200);
        assert_in_range(records(path, "final", "answered"), 1, CROWD); /* there before the answer is */
        assert_int_equal(records(path, "intent", NULL), CROWD);
    }
    assert_int_equal(records(path, "final", "answered"), CROWD);
    crowd_leaves(c);
    close_scene(s);
}

static void without_records_a_whole_crowd_is_refused(void **state)
{
    (void)state;
    struct flt_err err = {0};
    struct scene *s = open_scene(NULL, NULL);
    struct rig_client c[CROWD];
    s->rig.audit = px_audit_open("/dev/full", false, &err);
    assert_non_null(s->rig.audit);
    s->rig.gen->audit = s->rig.audit;
    crowd_comes(s, c);
    crowd_asks(c);
    for (unsigned i = 0; i < CROWD; i++) {
        rig_wait(&c[i], &s->a);
        assert_int_equal(s->a.status, 503);
        assert_non_null(strstr(s->a.body, "audit_unavailable"));
    }
    upstream_saw_nothing(s);
    crowd_leaves(c);
    close_scene(s);
}

/* Runs in the same turn, after the requests were read and before their records are written. */
static void abort_now(evutil_socket_t fd, short what, void *arg)
{
    struct scene *s = arg;
    (void)fd;
    (void)what;
    px_clients_abort(s->rig.clients, false);
}

static void requests_that_end_while_their_record_waits_go_nowhere(void **state)
{
    static const struct timeval soon = {0, 1000};
    (void)state;
    struct scene *s = open_scene(NULL, NULL);
    struct rig_client c[CROWD];
    char path[160];
    open_file(s, path);
    crowd_comes(s, c);
    assert_int_equal(event_base_once(s->rig.base, -1, EV_TIMEOUT, abort_now, s, &soon), 0);
    usleep(5000); /* due when the loop next looks, and so in line behind the sockets */
    crowd_asks(c);
    for (unsigned i = 0; i < CROWD; i++) {
        rig_wait(&c[i], &s->a);
        assert_int_equal(s->a.status, 503);
        assert_true(rig_has(&s->a, "Connection: close\r\n"));
    }
    upstream_saw_nothing(s);
    assert_int_equal(records(path, "intent", NULL), CROWD);
    assert_int_equal(records(path, "final", "aborted"), CROWD);
    crowd_leaves(c);
    close_scene(s);
}

static void records_of_another_file_are_not_mixed_in(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct flt_err err = {0};
    struct scene *s = open_scene(NULL, script);
    char path[160], second[160];
    open_file(s, path);
    snprintf(second, sizeof(second), "%s/audit2.jsonl", s->rig.dir);
    struct px_audit *other = px_audit_open(second, false, &err);
    assert_non_null(other);
    struct px_audit_record r = {.record = "final",
                                .request_id = "r",
                                .upstream_request_id = "",
                                .client = "x",
                                .route = "",
                                .outcome = "elsewhere",
                                .reason = ""};
    const struct px_log_id id = {.worker = 0};
    px_ledger_add(&s->rig.env.ledger, other, &r, &id, NULL);
    px_ledger_add(&s->rig.env.ledger, s->rig.audit, &r, &id, NULL);
    px_ledger_add(&s->rig.env.ledger, other, &r, &id, NULL);
    px_ledger_write(&s->rig.env.ledger);
    assert_int_equal(records(second, "final", "elsewhere"), 2);
    assert_int_equal(records(path, "final", "elsewhere"), 1);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_int_equal(records(path, "final", "answered"), 1);
    px_audit_close(other);
    close_scene(s);
}

static void more_records_than_the_ledger_holds_are_all_written(void **state)
{
    (void)state;
    struct scene *s = open_scene(NULL, NULL);
    char path[160];
    open_file(s, path);
    struct px_audit_record r = {.record = "final",
                                .request_id = "r",
                                .upstream_request_id = "",
                                .client = "x",
                                .route = "",
                                .outcome = "refused",
                                .reason = ""};
    const struct px_log_id id = {.worker = 0};
    for (unsigned i = 0; i < 3 * PX_LEDGER_LINES + 1; i++)
        px_ledger_add(&s->rig.env.ledger, s->rig.audit, &r, &id, NULL);
    assert_int_equal(records(path, "final", "refused"), 3 * PX_LEDGER_LINES);
    px_txn_env_tick(&s->rig.env);
    assert_int_equal(records(path, "final", "refused"), 3 * PX_LEDGER_LINES + 1);
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_is_answered_with_both_records_each),
        cmocka_unit_test(without_records_a_whole_crowd_is_refused),
        cmocka_unit_test(requests_that_end_while_their_record_waits_go_nowhere),
        cmocka_unit_test(records_of_another_file_are_not_mixed_in),
        cmocka_unit_test(more_records_than_the_ledger_holds_are_all_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
