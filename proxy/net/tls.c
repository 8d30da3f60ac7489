/*
 * tls.c: TLS contexts. The certificate for a server name is chosen in the ClientHello callback, before anything of the
 * handshake is decided, so that a session made under one name is not resumed under another (each context has its own
 * session id context, and tickets carry it).
 */
#include "net/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/io_priv.h"

static const char ciphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!aPSK";
static const char ciphers13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const unsigned char alpn[] = "\x08http/1.1";

static void set_err(struct flt_err *err, const char *file, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    *err = (struct flt_err){.status = FLT_E_CONFIG};
    snprintf(err->file, sizeof(err->file), "%s", file != NULL ? file : "");
    if (reason != NULL)
        snprintf(err->message, sizeof(err->message), "%s: %s", what, reason);
    else
        snprintf(err->message, sizeof(err->message), "%s", what);
    ERR_clear_error();
}

/* An encrypted key must fail instead of asking on the terminal. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return 0;
}

static SSL_CTX *common(const SSL_METHOD *method, struct flt_err *err)
{
    char groups[] = "X25519:P-256:P-384"; /* the macro below drops const */
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (ctx == NULL) {
        set_err(err, NULL, "TLS context");
        return NULL;
    }
    /* CLEANSE_PLAINTEXT: what passes through here is secret; the library wipes its copy after each read. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
    /* Empty buffers are given back by io_tls.c, not by SSL_MODE_RELEASE_BUFFERS, which would wipe all of them. */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1); /* one system call a record instead of two */
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_security_level(ctx, 2);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, ciphers12) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, ciphers13) != 1 || SSL_CTX_set1_groups_list(ctx, groups) != 1) {
        set_err(err, NULL, "TLS parameters");
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool use_pair(SSL_CTX *ctx, const char *certificate, const char *key, struct flt_err *err)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
        set_err(err, certificate, "certificate cannot be used");
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        set_err(err, key, "private key cannot be used");
        return false;
    }
    if (SSL_CTX_check_private_key(ctx) != 1) {
        set_err(err, key, "private key does not belong to the certificate");
        return false;
    }
    return true;
}

/* ---- server: certificates by name ---- */

struct named_ctx {
    char *name; /* lower-case; "*.suffix" stands for one label */
    SSL_CTX *ctx;
};

struct names {
    struct named_ctx *v;
    unsigned n;
};

static int names_index;
static CRYPTO_ONCE names_once = CRYPTO_ONCE_STATIC_INIT;

static void free_names(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent;
    (void)ad;
    (void)idx;
    (void)argl;
    (void)argp;
    struct names *names = ptr;
    if (names == NULL)
        return;
    for (unsigned i = 0; i < names->n; i++) {
        free(names->v[i].name);
        SSL_CTX_free(names->v[i].ctx);
    }
    free(names->v);
    free(names);
}

static void make_names_index(void)
{
    names_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_names);
}

static SSL_CTX *find_exact(const struct names *names, const char *host)
{
    for (unsigned i = 0; i < names->n; i++)
        if (strcmp(names->v[i].name, host) == 0)
            return names->v[i].ctx;
    return NULL;
}

static SSL_CTX *find_wildcard(const struct names *names, const char *host)
{
    const char *dot = strchr(host, '.');
    if (dot == NULL || dot == host)
        return NULL;
    for (unsigned i = 0; i < names->n; i++)
        if (names->v[i].name[0] == '*' && strcmp(names->v[i].name + 1, dot) == 0)
            return names->v[i].ctx;
    return NULL;
}

/* The one host_name of a server_name extension, lower-cased, without a final dot. False when there is none. */
static bool hello_name(SSL *ssl, char *out, size_t cap)
{
    const unsigned char *p;
    size_t n;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) != 1 || n < 5)
        return false;
    size_t list = (size_t)p[0] << 8 | p[1], len = (size_t)p[3] << 8 | p[4];
    if (list != n - 2 || p[2] != TLSEXT_NAMETYPE_host_name || len != n - 5)
        return false; /* malformed: the library refuses the handshake itself */
    p += 5;
    if (len > 0 && p[len - 1] == '.')
        len--;
    if (len == 0 || len >= cap || memchr(p, 0, len) != NULL)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
    out[len] = '\0';
    return true;
}

static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    const struct names *names = arg;
    char host[256];
    if (!hello_name(ssl, host, sizeof(host)))
        return SSL_CLIENT_HELLO_SUCCESS;
    SSL_CTX *ctx = find_exact(names, host);
    if (ctx == NULL)
        ctx = find_wildcard(names, host);
    if (ctx != NULL && SSL_set_SSL_CTX(ssl, ctx) != ctx)
        return SSL_CLIENT_HELLO_ERROR;
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Accepting the name keeps it with the connection, for px_io_sni. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)ssl;
    (void)alert;
    (void)arg;
    return SSL_TLSEXT_ERR_OK;
}

/* A client that speaks something else only (h2, another protocol altogether) is turned away in the handshake. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, alpn, sizeof(alpn) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Sessions of one listener and one certificate are good for these only. */
static bool set_session_context(SSL_CTX *ctx, const char *listener, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char text[320];
    int len = snprintf(text, sizeof(text), "%s|%s", listener != NULL ? listener : "", name);
    if (len < 0 || (size_t)len >= sizeof(text))
        return false;
    return EVP_Digest(text, (size_t)len, digest, &n, EVP_sha256(), NULL) == 1 &&
           SSL_CTX_set_session_id_context(ctx, digest, SSL_MAX_SID_CTX_LENGTH) == 1;
}

static bool ask_client(SSL_CTX *ctx, const char *ca, struct flt_err *err)
{
    ERR_clear_error();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);
    if (names == NULL || SSL_CTX_load_verify_file(ctx, ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        set_err(err, ca, "client CA cannot be used");
        return false;
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

static SSL_CTX *server_ctx(const struct px_tls_server_conf *conf, const char *name, const char *certificate,
                           const char *key, struct flt_err *err)
{
    SSL_CTX *ctx = common(TLS_server_method(), err);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    if (!set_session_context(ctx, conf->session_context, name)) {
        set_err(err, certificate, "name is too long");
        SSL_CTX_free(ctx);
        return NULL;
    }
    if (!use_pair(ctx, certificate, key, err) || (conf->client_ca != NULL && !ask_client(ctx, conf->client_ca, err))) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool add_name(struct names *names, const struct px_tls_server_conf *conf, const struct px_tls_sni *sni,
                     struct flt_err *err)
{
    struct named_ctx *slot = &names->v[names->n];
    slot->name = strdup(sni->name);
    if (slot->name == NULL) {
        set_err(err, sni->certificate, "out of memory");
        return false;
    }
    for (char *c = slot->name; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    names->n++;
    slot->ctx = server_ctx(conf, slot->name, sni->certificate, sni->key, err);
    return slot->ctx != NULL;
}

SSL_CTX *px_tls_server(const struct px_tls_server_conf *conf, struct flt_err *err)
{
    SSL_CTX *ctx = server_ctx(conf, "", conf->certificate, conf->key, err);
    if (ctx == NULL || conf->n_sni == 0)
        return ctx;
    struct names *names = calloc(1, sizeof(*names));
    if (names != NULL)
        names->v = calloc(conf->n_sni, sizeof(*names->v));
    if (names == NULL || names->v == NULL || CRYPTO_THREAD_run_once(&names_once, make_names_index) != 1 ||
        SSL_CTX_set_ex_data(ctx, names_index, names) != 1) {
        set_err(err, conf->certificate, "out of memory");
        if (names != NULL)
            free(names->v);
        free(names);
        SSL_CTX_free(ctx);
        return NULL;
    }
    for (unsigned i = 0; i < conf->n_sni; i++) {
        if (!add_name(names, conf, &conf->sni[i], err)) {
            SSL_CTX_free(ctx);
            return NULL;
        }
    }
    SSL_CTX_set_client_hello_cb(ctx, on_client_hello, names);
    return ctx;
}

/* ---- client ---- */

static int pin_index;
static CRYPTO_ONCE pin_once = CRYPTO_ONCE_STATIC_INIT;

static void free_pin(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent;
    (void)ad;
    (void)idx;
    (void)argl;
    (void)argp;
    free(ptr);
}

static void make_pin_index(void)
{
    pin_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_pin);
}

/* Chain and name first, then the pin of the leaf's public key. */
static int verify_with_pin(X509_STORE_CTX *store, void *arg)
{
    const unsigned char *pin = arg;
    unsigned char *der = NULL, digest[32];
    unsigned n = 0;
    int ok = X509_verify_cert(store);
    if (ok <= 0)
        return ok;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(X509_STORE_CTX_get0_cert(store)), &der);
    bool same = len > 0 && EVP_Digest(der, (size_t)len, digest, &n, EVP_sha256(), NULL) == 1 &&
                CRYPTO_memcmp(digest, pin, sizeof(digest)) == 0;
    OPENSSL_free(der);
    if (!same)
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return same ? 1 : 0;
}

static bool use_pin(SSL_CTX *ctx, const char *hex, struct flt_err *err)
{
    size_t n = 0;
    unsigned char *pin = malloc(32);
    if (pin == NULL || strlen(hex) != 64 || OPENSSL_hexstr2buf_ex(pin, 32, &n, hex, '\0') != 1 || n != 32) {
        free(pin);
        set_err(err, NULL, "pin_sha256 must be 64 hexadecimal digits");
        return false;
    }
    if (CRYPTO_THREAD_run_once(&pin_once, make_pin_index) != 1 || SSL_CTX_set_ex_data(ctx, pin_index, pin) != 1) {
        free(pin);
        set_err(err, NULL, "out of memory");
        return false;
    }
    SSL_CTX_set_cert_verify_callback(ctx, verify_with_pin, pin);
    return true;
}

SSL_CTX *px_tls_client(const struct px_tls_client_conf *conf, struct flt_err *err)
{
    SSL_CTX *ctx = common(TLS_client_method(), err);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, px_io_tls_new_session);
    bool ok = true;
    if (conf->ca != NULL && SSL_CTX_load_verify_file(ctx, conf->ca) != 1) {
        set_err(err, conf->ca, "CA certificates cannot be used");
        ok = false;
    } else if (conf->ca == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        set_err(err, NULL, "system CA certificates cannot be used");
        ok = false;
    }
    if (ok && SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn) - 1) != 0) { /* this one returns 0 for success */
        set_err(err, NULL, "out of memory");
        ok = false;
    }
    if (ok && conf->certificate != NULL)
        ok = use_pair(ctx, conf->certificate, conf->key != NULL ? conf->key : conf->certificate, err);
    if (ok && conf->pin_sha256 != NULL)
        ok = use_pin(ctx, conf->pin_sha256, err);
    if (!ok) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}
