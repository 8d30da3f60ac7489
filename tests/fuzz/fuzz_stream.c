/*
 * fuzz_stream.c: whatever the upstream sends, the client gets the same for every way of cutting it, a stream ends in a
 * known state, and the texts a client can read (jansson reads them) are those of the upstream with their values cut
 * out.
 *
 * Input: a byte of switches (1: blocking rules off, 2: the shipped packs, 4: monitor, 8: the rest seeds a well-formed
 * stream, 16: answer is JSON, 32: the upstream is cut off), a byte that chooses the cuts, the upstream's bytes.
 */
#include "stream_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 20000u

enum { ALL, NO_BLOCK, MONITOR, TENANTS };
static struct flt_tenant tenants[TENANTS];
static struct flt_str off[] = {
    {"ip/*", 4}, {"output/halt", 11}, {"output/stop", 11}, {"jailbreak/*", 11}, {"injection/*", 11}};
static struct stream_rig rigs[2];

static struct stream_rig rig_for(uint8_t switches)
{
    if (rigs[0].s == NULL) {
        for (unsigned i = 0; i < TENANTS; i++) {
            flt_tenant_defaults(&tenants[i]);
            tenants[i].name = FLT_STR("fuzz");
            tenants[i].rules.disable = (struct flt_strlist){off, i == NO_BLOCK ? FLT_ARRAY_LEN(off) : 1};
        }
        tenants[MONITOR].mode = FLT_MONITOR;
        rigs[0] = stream_rig_open(fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), tenants, TENANTS), ALL);
        rigs[1] = stream_rig_open(fixture_shipped(tenants, TENANTS), ALL);
    }
    struct stream_rig r = rigs[(switches & 2u) != 0];
    r.tenant = (switches & 4u) != 0 ? MONITOR : (switches & 1u) != 0 ? NO_BLOCK : ALL;
    r.json_answer = (switches & 16u) != 0;
    return r;
}

static void require(bool ok, const char *what, struct flt_str in, const struct delivery *d)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_stream: %s\n--- in\n%.*s\n--- out (state %d)\n%.*s\n", what, FLT_STR_ARG(in), d->state,
            FLT_STR_ARG(flt_buf_str(&d->out)));
    abort();
}

static bool same_text(const struct rig *whole, struct flt_str before, struct flt_str after)
{
    struct outcome o = rig_whole(whole, before);
    struct flt_buf want;
    flt_buf_init(&want, 1u << 20);
    bool same = o.rc != FLT_OK || (flt_cut_text(whole->s->rs, o.cut, o.n_cut, before, &want) == FLT_OK &&
                                   flt_str_eq(flt_buf_str(&want), after));
    if (!same)
        fprintf(stderr, "read:   %.*s\nwanted: %.*s\n", FLT_STR_ARG(after), FLT_STR_ARG(flt_buf_str(&want)));
    flt_buf_free(&want);
    outcome_free(&o);
    return same;
}

static void check_texts(const struct stream_rig *r, struct flt_str in, const struct delivery *d)
{
    struct reading *before = read_stream(in), *after = read_stream(flt_buf_str(&d->out));
    struct rig whole = {.s = r->s,
                        .w = r->w,
                        .policy = flt_snapshot_policy(r->s, r->tenant),
                        .direction = FLT_RESPONSE,
                        .role = FLT_ROLE_ASSISTANT};
    require(before->broken || !after->broken, "events became unreadable", in, d);
    for (unsigned i = 0; !before->broken && !before->odd && i < before->n; i++) {
        const char *key = before->channel[i].key;
        if (strstr(key, "/tool") == NULL && !(r->json_answer && strstr(key, "/content") != NULL))
            require(same_text(&whole, flt_buf_str(&before->channel[i].text), reading_text(after, key)), key, in, d);
    }
    reading_free(before);
    reading_free(after);
}

static void check(const struct stream_rig *r, struct flt_str in, uint8_t choice, bool complete)
{
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15) + choice;
    struct delivery d = deliver(r, in, NULL, 0, complete);
    require(d.state == FLT_STREAM_ENDED || d.state == FLT_STREAM_BLOCKED || d.state == FLT_STREAM_FAILED, "no end", in,
            &d);
    for (unsigned i = 0; i < 3; i++) {
        size_t cuts[16];
        size_t n = rig_cuts(&seed, in.n, cuts, 1 + rig_random(&seed) % 15);
        struct delivery other = deliver(r, in, cuts, n, complete);
        require(delivery_same(&d, &other), "the cut matters", in, &other);
        delivery_free(&other);
    }
    bool all_read = d.state == FLT_STREAM_ENDED && complete;
    if (all_read && r->tenant == NO_BLOCK)
        check_texts(r, in, &d);
    if (all_read && r->tenant == MONITOR) {
        struct flt_str out = flt_buf_str(&d.out);
        require(out.n <= in.n + 1 && memcmp(in.p, out.p, out.n < in.n ? out.n : in.n) == 0,
                "monitoring changed something", in, &d);
    }
    delivery_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > MOST)
        return 0;
    struct stream_rig r = rig_for(data[0]);
    bool complete = (data[0] & 32u) == 0;
    if ((data[0] & 8u) == 0) {
        check(&r, (struct flt_str){(const char *)data + 2, size - 2}, data[1], complete);
        return 0;
    }
    struct script s;
    struct flt_buf b;
    uint64_t seed = 1;
    for (size_t i = 2; i < size; i++)
        seed = (seed ^ data[i]) * UINT64_C(0x100000001b3) + 7;
    make_script(&s, &seed);
    flt_buf_init(&b, 1u << 20);
    write_script(&s, &seed, &b);
    check(&r, flt_buf_str(&b), data[1], complete);
    flt_buf_free(&b);
    return 0;
}
