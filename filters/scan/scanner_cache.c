#include "scan/scanner_cache.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST   32
#define MAX_FILE (512l * 1024 * 1024)

static bool file_name(const char *dir, const struct flt_expression *v, uint32_t n, unsigned mode, char *out, size_t cap)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    hs_platform_info_t cpu;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (c == NULL)
        return false;
    memset(&cpu, 0, sizeof(cpu));
    bool ok = hs_populate_platform(&cpu) == HS_SUCCESS && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1;
    ok = ok && EVP_DigestUpdate(c, hs_version(), strlen(hs_version()) + 1) == 1;
    ok = ok && EVP_DigestUpdate(c, &cpu, sizeof(cpu)) == 1 && EVP_DigestUpdate(c, &mode, sizeof(mode)) == 1;
    for (uint32_t i = 0; ok && i < n; i++) {
        ok = EVP_DigestUpdate(c, v[i].pattern, strlen(v[i].pattern) + 1) == 1;
        ok = ok && EVP_DigestUpdate(c, v[i].caseless ? "i" : "s", 1) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(c, md, &md_len) == 1 && md_len == DIGEST;
    EVP_MD_CTX_free(c);
    if (!ok)
        return false;
    char hex[2 * DIGEST + 1];
    for (unsigned i = 0; i < DIGEST; i++)
        snprintf(hex + 2 * i, 3, "%02x", md[i]);
    return (size_t)snprintf(out, cap, "%s/%s.hsdb", dir, hex) < cap;
}

static char *read_file(const char *path, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat st;
    char *p = NULL;
    size_t got = 0;
    /* Only our own files: a database somebody else can write is code somebody else can choose. */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size > DIGEST && st.st_size < MAX_FILE)
        p = malloc((size_t)st.st_size);
    while (p != NULL && got < (size_t)st.st_size) {
        ssize_t r = read(fd, p + got, (size_t)st.st_size - got);
        if (r <= 0) {
            free(p);
            p = NULL;
            break;
        }
        got += (size_t)r;
    }
    close(fd);
    *n = got;
    return p;
}

hs_database_t *flt_scanner_cache_get(const char *dir, const struct flt_expression *v, uint32_t n, unsigned mode)
{
    char path[4096];
    size_t len = 0;
    if (!file_name(dir, v, n, mode, path, sizeof(path)))
        return NULL;
    char *data = read_file(path, &len);
    if (data == NULL)
        return NULL;
    hs_database_t *db = NULL;
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    bool ok = EVP_Digest(data, len - DIGEST, md, &md_len, EVP_sha256(), NULL) == 1 && md_len == DIGEST;
    if (ok && memcmp(md, data + len - DIGEST, DIGEST) == 0 &&
        hs_deserialize_database(data, len - DIGEST, &db) != HS_SUCCESS)
        db = NULL;
    free(data);
    return db;
}

static bool write_all(int fd, const void *p, size_t n)
{
    const char *c = p;
    while (n > 0) {
        ssize_t w = write(fd, c, n);
        if (w <= 0)
            return false;
        c += w;
        n -= (size_t)w;
    }
    return true;
}

void flt_scanner_cache_put(const char *dir, const struct flt_expression *v, uint32_t n, unsigned mode,
                           hs_database_t *db)
{
    char path[4096], temp[4200];
    char *data = NULL;
    size_t len = 0;
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    if (!file_name(dir, v, n, mode, path, sizeof(path)) || hs_serialize_database(db, &data, &len) != HS_SUCCESS)
        return;
    mkdir(dir, 0700);
    snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
    int fd = mkstemp(temp);
    if (fd >= 0) {
        bool ok = EVP_Digest(data, len, md, &md_len, EVP_sha256(), NULL) == 1 && write_all(fd, data, len) &&
                  write_all(fd, md, md_len);
        close(fd);
        if (!ok || rename(temp, path) != 0)
            unlink(temp);
    }
    free(data);
}
