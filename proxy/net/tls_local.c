/*
 * tls_local.c: the certificate a first start makes for itself: self-signed, P-256, for localhost, 127.0.0.1 and ::1
 * only. Each file is written beside its target and renamed, so that a reader never sees half of one.
 */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define VALID_DAYS 825 /* the longest that common clients accept */

static int fail(struct flt_err *err, const char *file, const char *what, int code)
{
    *err = (struct flt_err){.status = FLT_E_IO};
    snprintf(err->file, sizeof(err->file), "%s", file);
    if (code != 0)
        snprintf(err->message, sizeof(err->message), "%s: %s", what, strerrordesc_np(code));
    else
        snprintf(err->message, sizeof(err->message), "%s", what);
    return FLT_E_IO;
}

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX c;
    X509V3_set_ctx_nodb(&c);
    X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
    bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool fill(X509 *x, EVP_PKEY *key)
{
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof(serial)) != 1)
        return false;
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive, and never short */
    BIGNUM *bn = BN_bin2bn(serial, sizeof(serial), NULL);
    bool ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL;
    BN_free(bn);
    X509_NAME *name = X509_get_subject_name(x);
    static const unsigned char cn[] = "localhost";
    return ok && X509_set_version(x, X509_VERSION_3) == 1 && X509_gmtime_adj(X509_getm_notBefore(x), -86400) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x), VALID_DAYS * 86400L) != NULL && X509_set_pubkey(x, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, cn, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, name) == 1 && add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x, NID_key_usage, "critical,digitalSignature") &&
           add_extension(x, NID_ext_key_usage, "serverAuth") && add_extension(x, NID_subject_key_identifier, "hash") &&
           add_extension(x, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
           X509_sign(x, key, EVP_sha256()) > 0;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t r = write(fd, p, n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        p += r;
        n -= (size_t)r;
    }
    return fsync(fd);
}

/* Moves the memory BIO's content into file. mkostemp makes the new file with mode 0600. */
static int write_file(const char *file, BIO *pem, struct flt_err *err)
{
    char tmp[4096];
    char *p = NULL;
    long n = BIO_get_mem_data(pem, &p);
    int len = snprintf(tmp, sizeof(tmp), "%s.XXXXXX", file);
    if (len < 0 || (size_t)len >= sizeof(tmp))
        return fail(err, file, "path is too long", 0);
    int fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return fail(err, file, "cannot be created", errno);
    int rc = write_all(fd, p, (size_t)n);
    int code = errno;
    if (close(fd) != 0 && rc == 0) {
        rc = -1;
        code = errno;
    }
    if (rc == 0 && rename(tmp, file) != 0) {
        rc = -1;
        code = errno;
    }
    if (rc == 0)
        return FLT_OK;
    (void)unlink(tmp);
    return fail(err, file, "cannot be written", code);
}

int px_tls_make_local(const char *certificate, const char *key, struct flt_err *err)
{
    int rc;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    BIO *key_pem = BIO_new(BIO_s_secmem()), *cert_pem = BIO_new(BIO_s_mem());
    if (pkey == NULL || x == NULL || key_pem == NULL || cert_pem == NULL || !fill(x, pkey) ||
        PEM_write_bio_PrivateKey(key_pem, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(cert_pem, x) != 1) {
        rc = fail(err, certificate, "certificate cannot be made", 0);
    } else {
        rc = write_file(key, key_pem, err);
        if (rc == FLT_OK)
            rc = write_file(certificate, cert_pem, err);
    }
    BIO_free(key_pem);
    BIO_free(cert_pem);
    X509_free(x);
    EVP_PKEY_free(pkey);
    return rc;
}
