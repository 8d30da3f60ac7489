/*
 * config_priv.h: what the parts of configuration reading share. The tables' functions get a struct flt_walk; it is the
 * first member of struct px_conf_walk, which carries what else they need.
 */
#ifndef PX_CONFIG_PRIV_H
#define PX_CONFIG_PRIV_H

#include "core/config.h"

enum { PX_CONF_NAME_MAX = 63, PX_CONF_PATH_MAX = 4096 };
#define PX_CONF_MS_MAX    31536000000LL      /* a year */
#define PX_CONF_COUNT_MAX 1000000000000000LL /* what may be written for "no real limit" */
#define PX_CONF_COUNT_USE 1000000000LL       /* what is kept of it: no process holds as many */
#define PX_CONF_ARENA_MAX ((size_t)256 << 20)

struct px_conf_walk {
    struct flt_walk w;
    struct px_config *c;
    const char *dir; /* of the configuration file as it was named, ends with a slash or is empty: for messages */
    const char *absolute_dir; /* the same, absolute */
    bool policy_only;         /* do not look for what only a running server needs */
    char **tenant_files;      /* malloc */
    uint32_t n_tenant_files, cap_tenant_files;
};
static inline struct px_conf_walk *px_conf_of(struct flt_walk *w)
{
    return (struct px_conf_walk *)w;
}

/* Counted list of maps, each cleared, given its defaults and read by `item`. False after a report. */
struct px_conf_list {
    size_t size; /* of one element */
    const char *expected;
    void (*item)(struct flt_walk *w, flt_node *n, void *element);
};
bool px_conf_list(struct flt_walk *w, flt_node *n, const struct px_conf_list *l, void **v, uint32_t *count);

/* Copies a string of at most max bytes; {"",0} after a report. */
struct flt_str px_conf_str(struct flt_walk *w, flt_node *n, int64_t max, const char *expected);

/* ---- config_path.c: FLT_KEY_CUSTOM functions; field is a struct flt_str, which becomes absolute ---- */
void px_conf_file(struct flt_walk *w, flt_node *n, void *field);         /* a readable file */
void px_conf_audit_file(struct flt_walk *w, flt_node *n, void *field);   /* a file in a folder that exists, or "-" */
void px_conf_folders(struct flt_walk *w, flt_node *n, void *field);      /* field: px_config; rulesets */
void px_conf_tenant_globs(struct flt_walk *w, flt_node *n, void *field); /* fills tenant_files */
/* Joins dir (ends with a slash, or empty) and path unless path is absolute. NULL = no memory. */
char *px_conf_join(struct flt_arena *a, const char *dir, struct flt_str path);

/* ---- config_address.c ---- */

/* "localhost", 127.0.0.0/8 or ::1 (without brackets). */
bool px_conf_is_loopback(struct flt_str host);
/* A DNS name (RFC 1123 letters, digits, hyphens; underscores too), an IPv4 or an unbracketed IPv6 address. */
bool px_conf_is_host(struct flt_str host);
/* Splits "127.0.0.1:8443", "[::1]:8443" or "localhost:8443"; the host must be an address or localhost. */
bool px_conf_split_address(struct flt_str address, struct flt_str *host, uint16_t *port);
/* Splits https://host[:port][/] or http://...; NULL, or static words for what is wrong with it. host without brackets.
 */
const char *px_conf_split_url(struct flt_str url, bool *tls, struct flt_str *host, uint16_t *port);

/* ---- tables ---- */
void px_conf_listen(struct flt_walk *w, flt_node *n, void *field);    /* field: px_config */
void px_conf_upstreams(struct flt_walk *w, flt_node *n, void *field); /* field: px_config */
extern const struct flt_key px_conf_listen_keys[], px_conf_upstream_keys[], px_conf_keys[];
void px_conf_defaults(struct px_config *c);
void px_conf_upstream_defaults(struct px_upstream_entry *u);

#endif
