/* body_rig.h: whole bodies before the tiny rules of rules_fixture.h, and values put at every place of a body in turn.
 */
#ifndef BODY_RIG_H
#define BODY_RIG_H

#include <setjmp.h>
#include <stdarg.h>

#include "json_oracle.h"
#include "rules_fixture.h"
#include "snapshot_group.h"

#include <cmocka.h>

static struct flt_worker *worker;

/* The group's set-up, when it has made its tenants, and its tear-down. */
static inline void body_open(const struct flt_tenant *tenants, uint32_t n)
{
    snapshot = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), tenants, n);
    worker = fixture_worker(snapshot);
}

static inline int body_close(void **state)
{
    flt_worker_free(worker);
    return snapshot_close(state);
}

/* The places of a body that are marked ~. */
static inline unsigned count_marks(const char *body)
{
    unsigned n = 0;
    for (const char *p = body; *p != '\0'; p++)
        n += *p == '~';
    return n;
}

/* The body with `value` at mark number `which` (UINT32_MAX = at all) and `plain` at the others; free its bytes. */
static inline struct flt_str marked(const char *body, unsigned which, const char *value, const char *plain)
{
    size_t cap = strlen(body) * 4, n = 0;
    char *out = malloc(cap);
    unsigned k = 0;
    assert_non_null(out);
    for (const char *p = body; *p != '\0'; p++) {
        const char *w = k == which || which == UINT32_MAX ? value : plain;
        if (*p != '~') {
            out[n++] = *p;
            continue;
        }
        memcpy(out + n, w, strlen(w));
        n += strlen(w);
        k++;
    }
    assert_true(n < cap);
    return (struct flt_str){out, n};
}

#endif
