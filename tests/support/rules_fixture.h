/*
 * rules_fixture.h: snapshots of hand-made packs, for tests of what rules do. The packs are written to a folder under
 * TMPDIR that is gone again when the call returns.
 */
#ifndef TEST_RULES_FIXTURE_H
#define TEST_RULES_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flt/engine.h"

struct fixture_pack {
    const char *class_name, *text;
};

static inline bool fixture_write(const char *dir, const struct fixture_pack *v, size_t n)
{
    char path[600];
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, v[i].class_name);
        (void)mkdir(path, 0700);
        snprintf(path, sizeof(path), "%s/%s/p%zu.yaml", dir, v[i].class_name, i);
        FILE *f = fopen(path, "w");
        ok = f != NULL && fputs(v[i].text, f) >= 0;
        if (f != NULL)
            ok = fclose(f) == 0 && ok;
    }
    return ok;
}

static inline void fixture_remove(const char *dir, const struct fixture_pack *v, size_t n)
{
    char path[600];
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s/p%zu.yaml", dir, v[i].class_name, i);
        unlink(path);
        snprintf(path, sizeof(path), "%s/%s", dir, v[i].class_name);
        rmdir(path);
    }
    rmdir(dir);
}

/* NULL when it cannot be built; then all problems are in *d. */
static inline struct flt_snapshot *fixture_try(const struct fixture_pack *v, size_t n, const struct flt_tenant *tenants,
                                               uint32_t n_tenants, struct flt_diag *d)
{
    const char *tmp = getenv("TMPDIR");
    char dir[256];
    struct flt_snapshot *s = NULL;
    snprintf(dir, sizeof(dir), "%s/sallyport-rules-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        return NULL;
    struct flt_str folder = flt_str_of(dir);
    struct flt_snapshot_conf conf = {
        .ruleset_dirs = &folder, .n_ruleset_dirs = 1, .tenants = tenants, .n_tenants = n_tenants};
    if (fixture_write(dir, v, n))
        s = flt_snapshot_build(&conf, d);
    fixture_remove(dir, v, n);
    return s;
}

/* The same; problems go to standard error and end the program. */
static inline struct flt_snapshot *fixture_snapshot(const struct fixture_pack *v, size_t n,
                                                    const struct flt_tenant *tenants, uint32_t n_tenants)
{
    struct flt_diag d = {0};
    struct flt_snapshot *s = fixture_try(v, n, tenants, n_tenants, &d);
    for (unsigned i = 0; s == NULL && i < d.n; i++)
        fprintf(stderr, "%s:%u:%u: %s\n", d.v[i].file, d.v[i].line, d.v[i].col, d.v[i].message);
    flt_diag_free(&d);
    if (s == NULL)
        abort();
    return s;
}

/* n tenants with all the tiny rules below but ip.mix, which gets in everything's way. */
static inline void fixture_tenants(struct flt_tenant *v, uint32_t n)
{
    static struct flt_str no_ip[] = {{"ip/*", 4}};
    for (uint32_t i = 0; i < n; i++) {
        flt_tenant_defaults(&v[i]);
        v[i].name = FLT_STR("test");
        v[i].rules.disable = (struct flt_strlist){no_ip, 1};
    }
}

/* The shipped packs, their own examples not run. */
static inline struct flt_snapshot *fixture_shipped(const struct flt_tenant *tenants, uint32_t n_tenants)
{
    struct flt_diag d = {0};
    struct flt_snapshot_conf conf = {.tenants = tenants, .n_tenants = n_tenants, .skip_examples = true};
    struct flt_snapshot *s = flt_snapshot_build(&conf, &d);
    flt_diag_free(&d);
    if (s == NULL)
        abort();
    return s;
}

static inline struct flt_worker *fixture_worker(const struct flt_snapshot *s)
{
    struct flt_worker *w = flt_worker_new();
    if (w == NULL || flt_worker_prepare(w, s) != FLT_OK)
        abort();
    return w;
}

/* Index of the rule with that id; UINT32_MAX = none. */
static inline uint32_t fixture_rule(const struct flt_snapshot *s, const char *id)
{
    struct flt_rule_info info;
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        flt_snapshot_rule(s, i, &info);
        if (flt_str_is(info.id, id))
            return i;
    }
    return UINT32_MAX;
}

#define FIXTURE_RULE(id, body, yes, no)                                                                                \
    "  - {id: " id ", title: test rule, severity: medium, confidence: 0.9, sensitivity: 1, " body                      \
    ", examples: {match: [" yes "], no_match: [" no "]}}\n"
#define FIXTURE_HEAD(name) "pack: " name "\nversion: 1\nrules:\n"

/*
 * Rules of every shape that get in each other's way as much as possible:
 *   pii.mail      bounded, gated, boundaries on both sides            me@host.example -> [EMAIL]
 *   pii.num       bounded, its right boundary looks two bytes ahead   123-456 -> [NUM]
 *   pii.name      bounded, spans words, a capture group is the value  my name is Bob -> my name is [NAME]
 *   pii.high      bounded, its bytes are not ASCII
 *   ip.mix        bounded, overlaps most others
 *   secrets.tok   run                                                 tk-a1b2c3... -> [TOK]
 *   secrets.pass  run, the value is its end                           pw=x1... -> pw=[PASS]
 *   secrets.flag  bounded, its telling word stands at its begin and may come again in its value
 *   secrets.key   block, whose closing marker may go on a little      -----BEGIN X----- ... -----END X-----
 *   output.stop   blocks; a capture group is the value                stop here now
 *   output.halt   blocks; a run                                       halt: xxxx
 *   output.note   annotates                                           12345
 *   output.loose  below the level that acts: recorded                 zz9
 *   output.quiet  below every level: silent                           qq...
 */
static const struct fixture_pack fixture_tiny[] = {
    {"pii",
     FIXTURE_HEAD("pii.tiny") FIXTURE_RULE("pii.mail",
                                           "patterns: ['[a-z.]{1,16}@[a-z]{1,12}[.]example'], left: email, right: "
                                           "alnum, gate: ['@[a-z]'], action: redact, placeholder: '[EMAIL]'",
                                           "me@host.example", "me at host")
         FIXTURE_RULE(
             "pii.num",
             "patterns: ['[0-9]{3}-[0-9]{3}'], left: number, right: number, action: redact, placeholder: '[NUM]'",
             "123-456", "123 456") FIXTURE_RULE("pii.name",
                                                "case: insensitive, patterns: ['my name is[ ]{1,3}([A-Z][a-z]{1,8})'], "
                                                "left: word, right: word, action: redact, placeholder: '[NAME]'",
                                                "my name is Bob", "my name was")
             FIXTURE_RULE(
                 "pii.high",
                 "patterns: ['\xC2\xB5(?:\xC3\xA9|[a-c]){1,4}\xC2\xB6'], action: redact, placeholder: '[HIGH]'",
                 "\xC2\xB5\xC3\xA9"
                 "b\xC2\xB6",
                 "\xC2\xB5"
                 "d")},
    {"ip", FIXTURE_HEAD("ip.tiny") "  - {id: ip.mix, title: t, severity: low, confidence: 0.9, sensitivity: 1, "
                                   "patterns: ['a[b-z0-9@=.-]{1,14}zz', '@[a-z]{2,6}[.]e', 'n[a-z -]{1,8}-', "
                                   "'t[a-z0-9-]{3,20}!', 're[ ]{0,2}[a-z]{2,6};!', '9-----.'], action: redact, "
                                   "placeholder: '[MIX]', examples: {match: [abczz], no_match: [abz]}}\n"},
    {"secrets",
     FIXTURE_HEAD("secrets.tiny") FIXTURE_RULE(
         "secrets.tok",
         "patterns: ['tk-[a-z0-9]{4,}'], left: alnum, validate: [mixed], action: redact, placeholder: '[TOK]'",
         "tk-ab12ab", "tk-a") FIXTURE_RULE("secrets.pass",
                                           "patterns: ['pw=([a-z0-9@.]{2,})'], action: redact, placeholder: '[PASS]'",
                                           "pw=hunter2", "pw is")
         FIXTURE_RULE("secrets.flag", "patterns: ['--secret[ =]([^ ]{6,40})'], action: redact, placeholder: '[FLAG]'",
                      "--secret=abcdef", "--secret is")
             FIXTURE_RULE("secrets.key",
                          "block: {open: '-----BEGIN [A-Z]{1,6}-----', close: '-----END [A-Z]{1,6}-----(?:zz9)?'}, "
                          "action: redact, placeholder: '[KEY]'",
                          "-----BEGIN X-----a-----END X-----", "BEGIN X")},
    {"output", FIXTURE_HEAD("output.tiny") FIXTURE_RULE(
                   "output.stop", "patterns: ['stop here[ ]{0,2}([a-z]{3})'], right: word, action: block",
                   "stop here now", "stop there")
                   FIXTURE_RULE("output.halt", "patterns: ['halt:[ ]?x{2,}'], action: block", "'halt: xxx'", "halt now")
                       FIXTURE_RULE("output.note", "patterns: ['[0-9]{5}'], action: annotate", "'12345'",
                                    "'1234'") "  - {id: output.loose, title: t, severity: low, confidence: 0.5, "
                                              "sensitivity: 2, patterns: ['zz[0-9]'], action: redact, placeholder: "
                                              "'[LOOSE]', examples: {match: [zz9], no_match: [z9]}}\n"
                                              "  - {id: output.quiet, title: t, severity: low, confidence: 0.5, "
                                              "sensitivity: 4, patterns: ['qq[a-z]{1,4}'], action: redact, "
                                              "placeholder: '[QUIET]', examples: {match: [qqa], no_match: [q]}}\n"},
};

#endif
