/* duties.c: names and modes of duties (the shared-responsibility matrix). */
#include "policy/duties.h"

/* Kept in two lists: what this proxy does something about, and what can only be written down. */
static const char *const enforced[] = {
    "prompt.filtering", "grounding.user", "app.security",    "ip.filtering",     "usage.limits",      "audit.log",
    "pii.request",      "pii.response",   "secrets.request", "secrets.response", "upstream.identity", NULL,
};
static const char *const recorded[] = {
    "infra.physical", "infra.virtual", "model.selection",  "model.lineage",
    "model.security", "data.training", "model.hosting",    "prompt.control",
    "grounding.task", "copyright",     "data.residency",   "data.retention",
    "toxic.output",   "incident",      "shadow.detection", NULL,
};

enum { MODE_LOCAL, MODE_SHARED, MODE_DELEGATED, MODE_ATTEST };
static const char *const modes[] = {"local", "shared", "delegated", "attest", NULL};

struct duty {
    int mode;
};
const struct flt_key flt_duty_keys[] = {
    {.name = "mode",
     .type = FLT_KEY_ENUM,
     .offset = offsetof(struct duty, mode),
     .flags = FLT_KEY_REQUIRED,
     .names = modes,
     .help = "local or shared: who does the work; either way it is done here"},
    {0},
};

static bool listed(struct flt_str name, const char *const *names)
{
    for (; *names; names++)
        if (flt_str_is(name, *names))
            return true;
    return false;
}

static void walk_duty(struct flt_walk *w, flt_node *key, flt_node *value)
{
    struct flt_str name = flt_node_str(key);
    bool known = listed(name, enforced);
    if (!known && !listed(name, recorded)) {
        const char *near = flt_walk_nearest(name, enforced);
        near = near ? near : flt_walk_nearest(name, recorded);
        flt_walk_error(w, key, NULL, "unknown duty%s%s%s", near ? " (did you mean " : "", near ? near : "",
                       near ? "?)" : "");
        return;
    }
    struct duty duty = {MODE_LOCAL};
    if (flt_walk_map(w, value, flt_duty_keys, &duty) != FLT_OK)
        return;
    flt_node *mode = flt_node_get(value, "mode");
    if (duty.mode == MODE_DELEGATED || duty.mode == MODE_ATTEST)
        flt_walk_error(w, mode, "mode",
                       "this version cannot verify the provider, so the duty stays local (expected local or shared)");
    else if (!known)
        flt_walk_warn(w, mode, "mode", "nothing in this version enforces this duty; it is written down only");
}

void flt_duties_walk(struct flt_walk *w, flt_node *n, void *field)
{
    (void)field;
    if (!flt_node_is_map(n) && !flt_node_is_null(n)) {
        flt_walk_error(w, n, NULL, "not a map (expected duty: {mode: local} lines)");
        return;
    }
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", FLT_STR_ARG(flt_node_str(flt_node_key(n, i))));
        size_t mark = flt_walk_push(w, name);
        walk_duty(w, flt_node_key(n, i), flt_node_value(n, i));
        flt_walk_pop(w, mark);
    }
}
