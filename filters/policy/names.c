/* names.c: the words of policy.h as operators and records write them. Order is the enums'. */
#include "flt/policy.h"

const char *const flt_role_names[] = {"system", "developer", "user", "assistant", "tool", "other", NULL};
const char *const flt_action_names[] = {"allow", "annotate", "redact", "block", NULL};
const char *const flt_severity_names[] = {"info", "low", "medium", "high", "critical", NULL};
const char *const flt_class_names[] = {"injection", "jailbreak", "secrets", "pii", "ip",
                                       "exfil",     "output",    "unicode", NULL};
const char *const flt_view_names[] = {"raw",    "folded", "skeleton", "leet",     "squashed", "joined",
                                      "base64", "base32", "ascii85",  "hex",      "percent",  "entity",
                                      "escape", "quoted", "binary",   "morse",    "tags",     "variation",
                                      "sneaky", "rot",    "atbash",   "reversed", NULL};
const char *const flt_service_model_names[] = {"iaas", "paas", "saas", NULL};
const char *const flt_mode_names[] = {"enforce", "monitor", NULL};

_Static_assert(FLT_ARRAY_LEN(flt_role_names) == FLT_ROLE_COUNT + 1, "a name for each role");
_Static_assert(FLT_ARRAY_LEN(flt_action_names) == FLT_ACT_BLOCK + 2, "a name for each action");
_Static_assert(FLT_ARRAY_LEN(flt_severity_names) == FLT_SEV_CRITICAL + 2, "a name for each severity");
_Static_assert(FLT_ARRAY_LEN(flt_view_names) == FLT_VIEW_COUNT + 1, "a name for each view");
_Static_assert(FLT_ARRAY_LEN(flt_class_names) == FLT_CLASS_COUNT + 1, "a name for each class");
_Static_assert(FLT_ARRAY_LEN(flt_service_model_names) == FLT_SAAS + 2, "a name for each service model");
_Static_assert(FLT_ARRAY_LEN(flt_mode_names) == FLT_MONITOR + 2, "a name for each mode");
