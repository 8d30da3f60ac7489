/* status.c: names of the status codes, for logs, metrics and tests. */
#include "flt/base.h"

const char *flt_status_name(int status)
{
    switch (status) {
    case FLT_OK:
        return "ok";
    case FLT_E_NOMEM:
        return "nomem";
    case FLT_E_LIMIT:
        return "limit";
    case FLT_E_SYNTAX:
        return "syntax";
    case FLT_E_AMBIGUOUS:
        return "ambiguous";
    case FLT_E_ENCODING:
        return "encoding";
    case FLT_E_TYPE:
        return "type";
    case FLT_E_ENGINE:
        return "engine";
    case FLT_E_CONFIG:
        return "config";
    case FLT_E_IO:
        return "io";
    case FLT_E_UNSUPPORTED:
        return "unsupported";
    case FLT_E_TRUNCATED:
        return "truncated";
    default:
        return "unknown";
    }
}
