/* mailbox.c: a locked list and an eventfd that is written only when the list was empty. */
#include "core/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct px_mailbox {
    pthread_mutex_t lock;
    struct px_mail *head, **tail; /* under lock */
    int fd;
    struct event *ev;
    px_mail_fn fn;
    void *arg;
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct px_mailbox *b = arg;
    uint64_t count;
    (void)what;
    while (read((int)fd, &count, sizeof(count)) < 0 && errno == EINTR)
        continue;
    pthread_mutex_lock(&b->lock);
    struct px_mail *m = b->head;
    b->head = NULL;
    b->tail = &b->head;
    pthread_mutex_unlock(&b->lock);
    while (m != NULL) {
        struct px_mail *next = m->next; /* fn may free or post m again */
        m->next = NULL;
        b->fn(b->arg, m);
        m = next;
    }
}

struct px_mailbox *px_mailbox_new(struct event_base *base, px_mail_fn fn, void *arg)
{
    struct px_mailbox *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->fn = fn;
    b->arg = arg;
    b->tail = &b->head;
    pthread_mutex_init(&b->lock, NULL);
    b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (b->fd >= 0)
        b->ev = event_new(base, b->fd, EV_READ | EV_PERSIST, on_wake, b);
    if (b->ev == NULL || event_add(b->ev, NULL) != 0) {
        px_mailbox_free(b);
        return NULL;
    }
    return b;
}

void px_mailbox_post(struct px_mailbox *b, struct px_mail *m)
{
    m->next = NULL;
    pthread_mutex_lock(&b->lock);
    bool wake = b->head == NULL;
    *b->tail = m;
    b->tail = &m->next;
    /* Inside the lock: once a message is delivered the receiver may free the mailbox. */
    if (wake) {
        const uint64_t one = 1;
        while (write(b->fd, &one, sizeof(one)) < 0 && errno == EINTR)
            continue;
    }
    pthread_mutex_unlock(&b->lock);
}

void px_mailbox_mute(struct px_mailbox *b)
{
    event_del(b->ev);
}

void px_mailbox_free(struct px_mailbox *b)
{
    if (b == NULL)
        return;
    if (b->ev != NULL)
        event_free(b->ev);
    if (b->fd >= 0)
        close(b->fd);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
