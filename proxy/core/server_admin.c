/* server_admin.c: what the admin listener shows. */
#include "core/server_impl.h"

#include <unistd.h>

#include "net/listener.h"

static int metrics(void *arg, struct flt_buf *out)
{
    struct px_server *s = arg;
    const struct px_generation *g = s->current;
    if (g == NULL)
        return FLT_E_IO; /* stopped */
    const struct px_audit *audit = g->audit;
    const struct px_metrics_process p = {.reloads = s->reloads,
                                         .reload_failures = s->reload_failures,
                                         .config_stale = s->stale,
                                         .audit_ok = audit == NULL || px_audit_ok(audit),
                                         .audit_seq = audit != NULL ? px_audit_seq(audit) : 0,
                                         .generation = flt_snapshot_id(g->snapshot),
                                         .snapshot_bytes = flt_snapshot_memory(g->snapshot),
                                         .rules = flt_snapshot_rules(g->snapshot),
                                         .tenants = g->config->n_tenants,
                                         .started_unix = s->started_unix};
    return px_metrics_expose(s->metrics, s->n_workers, &p, out);
}

static bool ready(void *arg, const char **why)
{
    struct px_server *s = arg;
    if (s->stopping)
        *why = "stopping";
    else if (!s->accepting || s->current == NULL)
        *why = "starting";
    else if (s->current->audit != NULL && !px_audit_retry(s->current->audit))
        *why = "audit log cannot be written";
    else
        return true;
    return false;
}

int px_server_admin(struct px_server *s, const struct px_config *c, struct flt_err *err)
{
    if (s->admin_address != NULL && flt_str_is(c->admin_address, s->admin_address))
        return FLT_OK;
    struct px_admin *admin = NULL;
    char *address = strndup(c->admin_address.n != 0 ? c->admin_address.p : "", c->admin_address.n);
    if (address != NULL && *address != '\0') {
        const struct px_admin_cb cb = {.metrics = metrics, .ready = ready, .arg = s};
        int fd = px_listen_socket(address, false, err);
        if (fd < 0) {
            free(address);
            return FLT_E_IO;
        }
        char name[64];
        px_listen_name(fd, name, sizeof(name));
        admin = px_admin_new(s->loop, fd, &cb);
        px_log(PX_LOG_NOTICE, NULL, "admin listening address=%s", name);
    }
    if (address == NULL || (admin == NULL && *address != '\0')) {
        snprintf(err->message, sizeof(err->message), "out of memory");
        free(address);
        return FLT_E_NOMEM;
    }
    px_admin_free(s->admin);
    free(s->admin_address);
    s->admin = admin;
    s->admin_address = address;
    return FLT_OK;
}
