/*
 * certs.h: test certificates made on the spot: a CA and leaves signed by it, each with one thing that may be wrong.
 * Files go to a temporary folder that certs_remove deletes.
 */
#ifndef TEST_CERTS_H
#define TEST_CERTS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct cert_want {
    const char *san; /* such as "DNS:localhost"; NULL = none, the common name alone names it */
    bool expired;
    bool self_signed;
    bool client; /* for client authentication */
};

struct certs {
    char dir[64];
    EVP_PKEY *ca_key;
    X509 *ca;
    long serial;
};

static inline void certs_path(const struct certs *c, const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", c->dir, name);
}

static inline bool certs_ext(X509 *x, int nid, const char *value)
{
    X509V3_CTX v;
    X509V3_set_ctx_nodb(&v);
    X509V3_set_ctx(&v, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &v, nid, value);
    bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static inline X509 *certs_blank(struct certs *c, EVP_PKEY *key, const char *cn, bool expired)
{
    X509 *x = X509_new();
    if (x == NULL)
        return NULL;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++c->serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), expired ? -3600 : 86400);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
    return x;
}

static inline bool certs_write(const struct certs *c, const char *name, X509 *x, EVP_PKEY *key)
{
    char path[128];
    certs_path(c, name, path, sizeof(path));
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return false;
    bool ok = x != NULL ? PEM_write_X509(f, x) == 1 : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;
    return fclose(f) == 0 && ok;
}

/* Makes the folder and ca.pem. */
static inline bool certs_init(struct certs *c)
{
    *c = (struct certs){.dir = "/tmp/px-certs-XXXXXX"};
    if (mkdtemp(c->dir) == NULL)
        return false;
    c->ca_key = EVP_EC_gen("P-256");
    c->ca = certs_blank(c, c->ca_key, "test CA", false);
    X509_set_issuer_name(c->ca, X509_get_subject_name(c->ca));
    return certs_ext(c->ca, NID_basic_constraints, "critical,CA:TRUE") &&
           certs_ext(c->ca, NID_key_usage, "critical,keyCertSign") && X509_sign(c->ca, c->ca_key, EVP_sha256()) > 0 &&
           certs_write(c, "ca.pem", c->ca, NULL);
}

/* Makes <name>.pem and <name>.key. */
static inline bool certs_leaf(struct certs *c, const char *name, const struct cert_want *want)
{
    char file[64];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = certs_blank(c, key, "localhost", want->expired);
    X509_set_issuer_name(x, X509_get_subject_name(want->self_signed ? x : c->ca));
    bool ok = certs_ext(x, NID_ext_key_usage, want->client ? "clientAuth" : "serverAuth");
    if (ok && want->san != NULL)
        ok = certs_ext(x, NID_subject_alt_name, want->san);
    ok = ok && X509_sign(x, want->self_signed ? key : c->ca_key, EVP_sha256()) > 0;
    snprintf(file, sizeof(file), "%s.pem", name);
    ok = ok && certs_write(c, file, x, NULL);
    snprintf(file, sizeof(file), "%s.key", name);
    ok = ok && certs_write(c, file, NULL, key);
    X509_free(x);
    EVP_PKEY_free(key);
    return ok;
}

/* Removes the named pairs, ca.pem and the folder. */
static inline void certs_remove(struct certs *c, const char *const *names, unsigned n)
{
    char path[128], file[64];
    for (unsigned i = 0; i < n; i++) {
        snprintf(file, sizeof(file), "%s.pem", names[i]);
        certs_path(c, file, path, sizeof(path));
        unlink(path);
        snprintf(file, sizeof(file), "%s.key", names[i]);
        certs_path(c, file, path, sizeof(path));
        unlink(path);
    }
    certs_path(c, "ca.pem", path, sizeof(path));
    unlink(path);
    rmdir(c->dir);
    X509_free(c->ca);
    EVP_PKEY_free(c->ca_key);
}

#endif
