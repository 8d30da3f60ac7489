/*
 * server_reload.c: from files to a generation that the workers run. Everything that can fail is done before anything is
 * changed: a configuration, socket, certificate or audit file that is wrong leaves the old generation as it was.
 */
#include "core/server_impl.h"

#include <signal.h>
#include <unistd.h>

#include "net/listener.h"

void px_print_diag(const struct flt_diag *d)
{
    for (unsigned i = 0; i < d->n; i++) {
        char line[1200];
        flt_err_format(&d->v[i], line, sizeof(line));
        fputs(line, stderr);
    }
    if (d->dropped != 0)
        fprintf(stderr, "%u more problems are not shown\n", d->dropped);
}

static void add(struct flt_diag *d, const struct px_config *c, const struct flt_err *e, unsigned line, const char *path)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(c->file));
    flt_diag_add(d, FLT_E_CONFIG, file, line, 0, path, "%s", e->message);
}

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

static bool known_address(const struct px_server *s, struct flt_str address)
{
    for (uint32_t i = 0; s->current != NULL && i < s->current->config->n_listen; i++) {
        if (flt_str_eq(s->current->config->listen[i].address, address))
            return true;
    }
    return false;
}

static void close_sockets(struct px_sockets *k)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->fds[i] >= 0)
            close(k->fds[i]);
    }
    free(k->fds);
    *k = (struct px_sockets){0};
}

/* One socket for each worker. Port 0 picks a port for the first, which the others share. */
static int open_address(struct px_server *s, struct px_sockets *k, uint32_t column, const char *address,
                        struct flt_err *err)
{
    char name[256] = "";
    /* SO_REUSEPORT would let us join another server of this user on the same port, and get half of its clients. */
    int probe = px_listen_socket(address, false, err);
    if (probe < 0)
        return FLT_E_IO;
    close(probe);
    snprintf(name, sizeof(name), "%s", address);
    for (unsigned w = 0; w < s->n_workers; w++) {
        int fd = px_listen_socket(name, true, err);
        if (fd < 0)
            return FLT_E_IO;
        k->fds[(size_t)w * k->n_listen + column] = fd;
        px_listen_name(fd, name, sizeof(name));
    }
    if (column == 0)
        memcpy(s->first_address, name, sizeof(s->first_address));
    px_log(PX_LOG_NOTICE, NULL, "listening address=%s", name);
    return FLT_OK;
}

static bool open_sockets(struct px_server *s, const struct px_config *c, struct px_sockets *k, struct flt_diag *d)
{
    size_t n = (size_t)s->n_workers * c->n_listen;
    k->n_listen = c->n_listen;
    k->fds = malloc((n + 1) * sizeof(int));
    if (k->fds == NULL) {
        flt_diag_add(d, FLT_E_NOMEM, NULL, 0, 0, "listen", "out of memory");
        return false;
    }
    while (k->n < n)
        k->fds[k->n++] = -1;
    for (uint32_t i = 0; i < c->n_listen; i++) {
        if (known_address(s, c->listen[i].address))
            continue;
        char address[256], path[48];
        struct flt_err err = {0};
        snprintf(address, sizeof(address), "%.*s", FLT_STR_ARG(c->listen[i].address));
        snprintf(path, sizeof(path), "listen[%u].address", (unsigned)i);
        if (open_address(s, k, i, address, &err) != FLT_OK)
            add(d, c, &err, c->listen[i].line, path);
    }
    return !flt_diag_failed(d);
}

/* ---- audit log -------------------------------------------------------------------------------------------------- */

static bool open_audit(struct px_server *s, const struct px_config *c, struct px_audit_slot **out, struct flt_diag *d)
{
    struct flt_err err = {0};
    *out = NULL;
    if (c->audit_file.n == 0)
        return true;
    for (struct px_audit_slot *a = s->slots; a != NULL; a = a->next) {
        if (!flt_str_is(c->audit_file, a->file))
            continue;
        *out = a;
        if (px_audit_reopen(a->audit, &err) != FLT_OK)
            add(d, c, &err, 0, "audit.file");
        return !flt_diag_failed(d);
    }
    struct px_audit_slot *a = calloc(1, sizeof(*a));
    char *file = strndup(c->audit_file.p, c->audit_file.n);
    if (a != NULL && file != NULL)
        a->audit = px_audit_open(file, c->audit_fsync, &err);
    if (a == NULL || a->audit == NULL) {
        add(d, c, &err, 0, "audit.file");
        free(file);
        free(a);
        return false;
    }
    a->file = file;
    a->next = s->slots;
    s->slots = a;
    *out = a;
    return true;
}

/* Closes audit files no generation uses. */
static void sweep_audit(struct px_server *s)
{
    for (struct px_audit_slot **at = &s->slots; *at != NULL;) {
        struct px_audit_slot *a = *at;
        if (a->users != 0) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        px_audit_close(a->audit);
        free(a->file);
        free(a);
    }
}

/* ---- generations ------------------------------------------------------------------------------------------------ */

void px_server_release(struct px_server *s, struct px_generation *g)
{
    if (--g->out != 0)
        return;
    for (struct px_live **at = &s->live; *at != NULL; at = &(*at)->next) {
        struct px_live *l = *at;
        if (l->g != g)
            continue;
        *at = l->next;
        if (l->slot != NULL)
            l->slot->users--;
        free(l);
        break;
    }
    if (s->current == g)
        s->current = NULL; /* only while stopping */
    px_log(PX_LOG_DEBUG, NULL, "generation freed number=%u", g->number);
    px_generation_free(g);
    sweep_audit(s);
}

static struct px_worker_update *new_update(struct px_generation *g, const int *fds)
{
    struct px_worker_update *u = calloc(1, sizeof(*u));
    if (u == NULL)
        return NULL;
    u->g = g;
    u->fds = malloc((g->config->n_listen + (size_t)1) * sizeof(int));
    if (u->fds == NULL) {
        free(u);
        return NULL;
    }
    memcpy(u->fds, fds, g->config->n_listen * sizeof(int));
    return u;
}

static void free_updates(struct px_worker_update **v, unsigned n)
{
    for (unsigned w = 0; w < n && v[w] != NULL; w++) {
        free(v[w]->fds);
        free(v[w]);
    }
}

/* Nothing can fail once the first worker was told. */
static bool publish(struct px_server *s, struct px_generation *g, struct px_sockets *k, struct px_audit_slot *slot)
{
    struct px_worker_update *updates[PX_MAX_WORKERS] = {NULL};
    struct px_live *l = calloc(1, sizeof(*l));
    bool ok = l != NULL;
    for (unsigned w = 0; w < s->n_workers && ok; w++) {
        updates[w] = new_update(g, k->fds + (size_t)w * k->n_listen);
        ok = updates[w] != NULL;
    }
    if (!ok) {
        free_updates(updates, s->n_workers);
        free(l);
        return false;
    }
    free(k->fds);
    *k = (struct px_sockets){0};
    g->number = ++s->generations;
    g->out = s->n_workers;
    g->audit = slot != NULL ? slot->audit : NULL;
    *l = (struct px_live){.next = s->live, .g = g, .slot = slot};
    if (slot != NULL)
        slot->users++;
    s->live = l;
    s->current = g;
    s->updates_pending += s->n_workers;
    for (unsigned w = 0; w < s->n_workers; w++)
        px_worker_update(s->workers[w], updates[w]);
    return true;
}

static bool take_over(struct px_server *s, struct px_generation *g, struct flt_diag *d)
{
    struct px_sockets k = {0};
    struct px_audit_slot *slot = NULL;
    struct flt_err err = {0};
    bool ok = open_sockets(s, g->config, &k, d) && open_audit(s, g->config, &slot, d);
    if (ok && px_server_admin(s, g->config, &err) != FLT_OK) {
        add(d, g->config, &err, 0, "admin.address");
        ok = false;
    }
    if (ok && !publish(s, g, &k, slot)) {
        flt_diag_add(d, FLT_E_NOMEM, NULL, 0, 0, NULL, "out of memory");
        ok = false;
    }
    if (!ok) {
        close_sockets(&k);
        sweep_audit(s);
    }
    return ok;
}

/* Hands a built generation (NULL = it failed) to the workers. Prints and empties *d. */
static bool finish(struct px_server *s, struct px_generation *g, struct flt_diag *d)
{
    bool ok = g != NULL && take_over(s, g, d);
    px_print_diag(d);
    if (ok)
        px_log(PX_LOG_NOTICE, NULL, "generation built number=%u id=%.12s rules=%u tenants=%u", g->number,
               flt_snapshot_id(g->snapshot), (unsigned)flt_snapshot_rules(g->snapshot), (unsigned)g->config->n_tenants);
    else
        px_generation_free(g);
    flt_diag_free(d);
    *d = (struct flt_diag){0};
    return ok;
}

bool px_server_load(struct px_server *s)
{
    struct flt_diag d = {0};
    struct px_config *c = s->first;
    s->first = NULL;
    return finish(s, px_generation_build(c, s->conf->cache_dir, s->limits, &d), &d);
}

/* ---- reload ---- */

static void *build(void *arg)
{
    struct px_server *s = arg;
    struct px_builder *b = &s->builder;
    struct px_config *c = s->conf->load(s->conf->arg, &b->d);
    b->g = c != NULL ? px_generation_build(c, s->conf->cache_dir, s->limits, &b->d) : NULL;
    b->mail.kind = PX_MAIL_BUILT;
    b->mail.p = s;
    px_mailbox_post(s->box, &b->mail);
    return NULL;
}

static void note(struct px_server *s, bool ok)
{
    s->stale = !ok;
    if (ok) {
        s->reloads++;
        return;
    }
    s->reload_failures++;
    px_log(PX_LOG_ERROR, NULL, "reload failed: the configuration before stays in use");
}

void px_server_reload(struct px_server *s)
{
    struct px_builder *b = &s->builder;
    if (b->running) {
        b->again = true; /* the files may have changed after they were read */
        return;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    b->running = pthread_create(&b->thread, NULL, build, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!b->running)
        note(s, false);
}

void px_server_built(struct px_server *s)
{
    struct px_builder *b = &s->builder;
    pthread_join(b->thread, NULL);
    b->running = false;
    struct px_generation *g = b->g;
    b->g = NULL;
    if (s->stopping)
        px_generation_free(g);
    else
        note(s, finish(s, g, &b->d));
    if (b->again && !s->stopping) {
        b->again = false;
        px_server_reload(s);
    }
}

void px_server_join_builder(struct px_server *s)
{
    struct px_builder *b = &s->builder;
    if (b->running)
        pthread_join(b->thread, NULL);
    b->running = false;
    px_generation_free(b->g);
    b->g = NULL;
    flt_diag_free(&b->d);
}

int px_server_check(const struct px_server_conf *conf)
{
    struct flt_diag d = {0};
    struct px_limits *limits = px_limits_new();
    struct px_config *c = limits != NULL ? conf->load(conf->arg, &d) : NULL;
    struct px_generation *g = c != NULL ? px_generation_build(c, conf->cache_dir, limits, &d) : NULL;
    px_print_diag(&d);
    if (g != NULL)
        printf("OK: %u rules, %u tenants, %u upstreams, %u listeners\n", (unsigned)flt_snapshot_rules(g->snapshot),
               (unsigned)g->config->n_tenants, (unsigned)g->config->n_upstreams, (unsigned)g->config->n_listen);
    int status = g != NULL ? 0 : 2;
    px_generation_free(g);
    px_limits_free(limits);
    flt_diag_free(&d);
    return status;
}
