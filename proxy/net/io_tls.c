/*
 * io_tls.c: TLS under a connection: SSL_read and SSL_write over a small BIO of our own.
 *
 * The BIO is there for three reasons: output goes through send() with MSG_NOSIGNAL; the socket's errno is kept for the
 * log; and FIN without close_notify is hidden from the library, which would otherwise refuse to write from then on. We
 * see it (raw_eof) and report truncation, while a peer that only closed its sending side still gets its answer.
 * SSL_OP_IGNORE_UNEXPECTED_EOF is never set: it would turn a truncation into a clean end.
 */
#include "net/io_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

static int bio_write(BIO *b, const char *p, int n)
{
    struct px_io *io = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    ssize_t r = send(io->fd, p, (size_t)n, MSG_NOSIGNAL);
    if (r >= 0)
        return (int)r;
    io->last_errno = errno;
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
        BIO_set_retry_write(b);
    return -1;
}

static int bio_read(BIO *b, char *p, int n)
{
    struct px_io *io = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (io->key_flood)
        return -1;
    ssize_t r = recv(io->fd, p, (size_t)n, 0);
    if (r > 0)
        return (int)r;
    if (r == 0)
        io->raw_eof = true;
    else
        io->last_errno = errno;
    if (r == 0 || errno == EAGAIN || errno == EINTR)
        BIO_set_retry_read(b);
    return -1;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    (void)b;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *px_io_bio_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    if (m == NULL)
        return NULL;
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
}

/*
 * KeyUpdate and NewSessionTicket cost us work and the sender next to nothing, and the library does not limit them. More
 * than a few a second end the connection.
 */
static void on_message(int write_p, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
    (void)version;
    (void)ssl;
    struct px_io *io = arg;
    if (write_p != 0 || type != SSL3_RT_HANDSHAKE || len == 0)
        return;
    unsigned char kind = *(const unsigned char *)buf;
    if (kind != SSL3_MT_KEY_UPDATE && kind != SSL3_MT_NEWSESSION_TICKET)
        return;
    uint64_t now = px_io_loop_now(io->loop);
    if (now - io->key_window >= 1000) {
        io->key_window = now;
        io->key_updates = 0;
    }
    if (++io->key_updates > PX_IO_KEY_UPDATES)
        io->key_flood = true;
}

int px_io_tls_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct px_io *io = SSL_get_app_data(ssl);
    if (io == NULL || io->on_session == NULL || io->freed)
        return 0;
    io->on_session(io->session_arg, session);
    return 1; /* the reference is theirs now */
}

/* The certificate must carry this name; server name indication only for DNS names (RFC 6066). */
static bool expect_name(SSL *ssl, const char *name)
{
    char host[256];
    unsigned char raw[sizeof(struct in6_addr)];
    size_t n = name != NULL ? strlen(name) : 0;
    if (n > 2 && name[0] == '[' && name[n - 1] == ']') {
        name++;
        n -= 2;
    }
    if (n > 1 && name[n - 1] == '.')
        n--;
    if (n == 0 || n >= sizeof(host))
        return false;
    memcpy(host, name, n);
    host[n] = '\0';
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    return X509_VERIFY_PARAM_set1_host(param, host, n) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

bool px_io_tls_attach(struct px_io *io, SSL_CTX *ctx, const struct px_io_peer *peer)
{
    ERR_clear_error();
    io->ssl = SSL_new(ctx);
    if (io->ssl == NULL)
        return false;
    BIO *bio = BIO_new(px_io_loop_bio(io->loop));
    if (bio == NULL)
        return false;
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    SSL_set_bio(io->ssl, bio, bio);
    SSL_set_app_data(io->ssl, io);
    SSL_set_msg_callback(io->ssl, on_message);
    SSL_set_msg_callback_arg(io->ssl, io);
    if (peer == NULL) {
        SSL_set_accept_state(io->ssl);
        return true;
    }
    SSL_set_connect_state(io->ssl);
    /* Whatever the context says: no connection goes out unverified. */
    SSL_set_verify(io->ssl, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(ctx));
    if (!expect_name(io->ssl, peer->name))
        return false;
    return peer->session == NULL || SSL_set_session(io->ssl, peer->session) == 1;
}

/* Names what went wrong. Only the library's own words and the system's: nothing a peer chose. */
static enum px_xfer describe(struct px_io *io, int err)
{
    unsigned long code = ERR_peek_last_error();
    if (io->key_flood) {
        px_io_set_error(io, "too many TLS key updates", NULL);
        return PX_XFER_TLS_ERROR;
    }
    if (err == SSL_ERROR_SYSCALL && code == 0) {
        px_io_set_error(io, "TLS connection", io->last_errno != 0 ? strerrordesc_np(io->last_errno) : "closed");
        return PX_XFER_RESET;
    }
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    long verify = SSL_get_verify_result(io->ssl);
    if (reason == NULL)
        reason = "TLS error";
    if (verify != X509_V_OK && SSL_in_init(io->ssl) != 0)
        px_io_set_error(io, reason, X509_verify_cert_error_string(verify));
    else
        px_io_set_error(io, reason, NULL);
    ERR_clear_error();
    return PX_XFER_TLS_ERROR;
}

static enum px_xfer outcome(struct px_io *io, int rc)
{
    int err = SSL_get_error(io->ssl, rc);
    switch (err) {
    case SSL_ERROR_WANT_READ:
        if (!io->raw_eof)
            return PX_XFER_WANT_READ;
        px_io_set_error(io, "connection closed without close_notify", NULL);
        return PX_XFER_TRUNCATED;
    case SSL_ERROR_WANT_WRITE:
        return PX_XFER_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return PX_XFER_EOF;
    default:
        return describe(io, err);
    }
}

/* What an earlier call left would be taken for this one's. Looking first costs less than clearing every time. */
static void no_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/*
 * Gives the library's two record buffers (16 KiB each) back while nothing is in them: most connections wait most of the
 * time, and the next one to move gets the same memory, still in the processor's cache. What was read is wiped by then
 * (SSL_OP_CLEANSE_PLAINTEXT, as it was handed out) and what was written is encrypted, so the option is off for this:
 * with it the library would wipe every buffer whole, at the price of decrypting 2 KiB.
 */
static void give_buffers_back(struct px_io *io)
{
    SSL_clear_options(io->ssl, SSL_OP_CLEANSE_PLAINTEXT);
    (void)SSL_free_buffers(io->ssl); /* keeps them when a part of a record is there */
    SSL_set_options(io->ssl, SSL_OP_CLEANSE_PLAINTEXT);
}

enum px_xfer px_io_tls_handshake(struct px_io *io)
{
    no_errors();
    int rc = SSL_do_handshake(io->ssl);
    enum px_xfer x = rc == 1 ? PX_XFER_OK : outcome(io, rc);
    (void)SSL_free_buffers(io->ssl); /* wiped: nothing of it was handed out */
    return x;
}

enum px_xfer px_io_tls_read(struct px_io *io, char *p, size_t cap, size_t *n)
{
    no_errors();
    int rc = SSL_read_ex(io->ssl, p, cap, n);
    if (io->key_flood)
        return describe(io, SSL_ERROR_SSL);
    if (rc == 1) {
        if (SSL_has_pending(io->ssl) == 0)
            give_buffers_back(io);
        return PX_XFER_OK;
    }
    enum px_xfer x = outcome(io, rc);
    (void)SSL_free_buffers(io->ssl); /* there may have been a ticket in it */
    return x;
}

enum px_xfer px_io_tls_write(struct px_io *io, const char *p, size_t len, size_t *n)
{
    no_errors();
    int rc = SSL_write_ex(io->ssl, p, len, n);
    if (rc == 1) {
        give_buffers_back(io);
        return PX_XFER_OK;
    }
    enum px_xfer x = outcome(io, rc);
    /* Waiting for input that will never come. */
    return x == PX_XFER_TRUNCATED || x == PX_XFER_EOF ? PX_XFER_RESET : x;
}

enum px_xfer px_io_tls_shutdown(struct px_io *io)
{
    ERR_clear_error();
    int rc = SSL_shutdown(io->ssl);
    if (rc < 0 && SSL_get_error(io->ssl, rc) == SSL_ERROR_WANT_WRITE)
        return PX_XFER_WANT_WRITE;
    ERR_clear_error();
    return PX_XFER_OK;
}

const char *px_io_sni(const struct px_io *io)
{
    return io->ssl != NULL ? SSL_get_servername(io->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
}

const char *px_io_tls_version(const struct px_io *io)
{
    return io->ssl != NULL ? SSL_get_version(io->ssl) : "";
}

bool px_io_tls_reused(const struct px_io *io)
{
    return io->ssl != NULL && SSL_session_reused(io->ssl) == 1;
}
