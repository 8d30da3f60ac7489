/*
 * policy.h: words shared by rules, tenants and decisions, and the tenant as an operator writes it.
 */
#ifndef FLT_POLICY_H
#define FLT_POLICY_H

#include "flt/base.h"
#include "flt/yaml.h"

enum flt_direction { FLT_REQUEST = 0, FLT_RESPONSE = 1 };

enum flt_role {
    FLT_ROLE_SYSTEM,
    FLT_ROLE_DEVELOPER,
    FLT_ROLE_USER,
    FLT_ROLE_ASSISTANT,
    FLT_ROLE_TOOL,  /* tool and function results */
    FLT_ROLE_OTHER, /* text outside messages, or of an unknown role: untrusted */
    FLT_ROLE_COUNT
};
extern const char *const flt_role_names[]; /* NULL-terminated */

/*
 * The form of a text in which a rule looks. Derived views undo what hides words from patterns; a view may be made of
 * another one (a base64 layer, folded).
 */
enum flt_view {
    FLT_VIEW_RAW,
    FLT_VIEW_FOLDED,   /* compatibility forms, case, invisible characters */
    FLT_VIEW_SKELETON, /* look-alike letters */
    FLT_VIEW_LEET,     /* digits and signs for letters */
    FLT_VIEW_SQUASHED, /* letters only: spaced-out and broken words */
    FLT_VIEW_JOINED,   /* pieces put together: parts of a message, assigned strings */
    FLT_VIEW_BASE64,
    FLT_VIEW_BASE32,
    FLT_VIEW_ASCII85,
    FLT_VIEW_HEX,
    FLT_VIEW_PERCENT,
    FLT_VIEW_ENTITY, /* HTML */
    FLT_VIEW_ESCAPE, /* backslash u, x, octal */
    FLT_VIEW_QUOTED, /* quoted-printable */
    FLT_VIEW_BINARY,
    FLT_VIEW_MORSE,
    FLT_VIEW_TAGS,      /* U+E0000 tag characters */
    FLT_VIEW_VARIATION, /* variation selectors as bytes */
    FLT_VIEW_SNEAKY,    /* invisible operators as bits */
    FLT_VIEW_ROT,
    FLT_VIEW_ATBASH,
    FLT_VIEW_REVERSED,
    FLT_VIEW_COUNT
};
extern const char *const flt_view_names[]; /* NULL-terminated */

/* Ordered by gravity: comparing values is meaningful. */
enum flt_action { FLT_ACT_ALLOW, FLT_ACT_ANNOTATE, FLT_ACT_REDACT, FLT_ACT_BLOCK };
extern const char *const flt_action_names[];

enum flt_severity { FLT_SEV_INFO, FLT_SEV_LOW, FLT_SEV_MEDIUM, FLT_SEV_HIGH, FLT_SEV_CRITICAL };
extern const char *const flt_severity_names[];

enum flt_class {
    FLT_CLASS_INJECTION,
    FLT_CLASS_JAILBREAK,
    FLT_CLASS_SECRETS,
    FLT_CLASS_PII,
    FLT_CLASS_IP,
    FLT_CLASS_EXFIL,
    FLT_CLASS_OUTPUT,
    FLT_CLASS_UNICODE,
    FLT_CLASS_COUNT
};
extern const char *const flt_class_names[]; /* the packs' folder names */

enum flt_service_model { FLT_IAAS, FLT_PAAS, FLT_SAAS };
extern const char *const flt_service_model_names[];

enum flt_mode { FLT_ENFORCE, FLT_MONITOR };
extern const char *const flt_mode_names[];

/* What happens when text could not be inspected (engine error, limit): block is the default. */
enum flt_failure { FLT_FAIL_CLOSED, FLT_FAIL_OPEN };

struct flt_route_conf {
    struct flt_str path;     /* exact path or glob with '*' */
    struct flt_str upstream; /* name */
    unsigned line, col;      /* where the upstream is named, for late checks */
};

/* One tenant as configured. Everything lives in the arena given to flt_tenant_load. */
struct flt_tenant {
    struct flt_str name;
    struct flt_str file; /* for diagnostics */
    unsigned line, col;  /* of the name */
    enum flt_service_model service_model;
    enum flt_mode mode;
    enum flt_failure on_failure; /* `on_failure: block | allow` */
    struct flt_credential {
        uint8_t sha256[32];
        unsigned line, col;
    } * credentials;
    uint32_t n_credentials;
    struct flt_str upstream; /* used where no route matches; empty = only routes */
    unsigned upstream_line, upstream_col;
    struct flt_route_conf *routes;
    uint32_t n_routes;
    struct flt_rules_conf {
        struct flt_strlist enable;         /* globs over "class/rule.id"; n = 0: everything */
        struct flt_strlist disable;        /* same; wins over enable */
        int64_t block_level;               /* sensitivity.block, 1..4: rules up to this level act */
        int64_t observe_level;             /* sensitivity.observe, 1..4: rules up to this level are recorded */
        int class_action[FLT_CLASS_COUNT]; /* enum flt_action, -1 = the rule's own */
        /* 0..1: a request whose score over this class's rules alone reaches it is blocked; 0 = no threshold */
        double class_threshold[FLT_CLASS_COUNT];
        int unviewed; /* text whose disguises were not all undone within the budget: 0 = recorded, 1 = refused */
        unsigned line, col;
    } rules;
    struct flt_grounding_conf {
        struct flt_str text; /* empty = none */
        int placement;       /* 0 = system */
    } grounding;
    struct flt_limits_conf {
        int64_t requests_per_minute; /* 0 = no limit */
        int64_t tokens_per_minute;   /* 0 = no limit; estimated as one token per four bytes of text */
        int64_t concurrent;          /* 0 = no limit */
        int64_t body_bytes;          /* request body maximum; default 10 MiB */
        int64_t answer_bytes;        /* maximum of an answer held whole; default 16 MiB */
    } limits;
};

/*
 * Reads one tenant file into *out. Strings go to the arena. Reports every problem; FLT_E_CONFIG when there was one.
 * The duties key accepts the modes `local` and `shared` (both enforced here); `delegated` and `attest` are refused,
 * because this build cannot check that the provider did its part.
 */
int flt_tenant_load(const char *file, struct flt_arena *arena, struct flt_diag *d,
                    struct flt_tenant *out) FLT_MUST_CHECK;
/* The same from memory; name stands for the file in messages. */
int flt_tenant_parse(const char *name, struct flt_str text, struct flt_arena *arena, struct flt_diag *d,
                     struct flt_tenant *out) FLT_MUST_CHECK;
/* Defaults: paas, enforce, fail closed, everything enabled at block 1 / observe 2, 10 MiB bodies. */
void flt_tenant_defaults(struct flt_tenant *t);
/* Every key of a tenant file as a path ("limits.concurrent"), with its help: for documentation and its tests. */
void flt_tenant_keys(void (*fn)(void *arg, const char *path, const char *help), void *arg);

#endif
