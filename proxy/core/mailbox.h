/*
 * mailbox.h: messages into one thread's event loop from any other. The only way threads talk to each other here; what a
 * message points to belongs to the receiver from then on.
 *
 * A mutex and an eventfd, because messages are rare (reload, stop, a generation coming back) and order matters.
 */
#ifndef PX_MAILBOX_H
#define PX_MAILBOX_H

#include <event2/event.h>

#include "flt/base.h"

/* One message. The sender embeds it in what it sends and may not touch it until the receiver is done: no allocation, no
 * failure. */
struct px_mail {
    struct px_mail *next;
    int kind;
    void *p;
};

struct px_mailbox;
typedef void (*px_mail_fn)(void *arg, struct px_mail *m);

/* fn runs on base's thread, once a message, in the order they were posted. NULL = no memory or no descriptor. */
struct px_mailbox *px_mailbox_new(struct event_base *base, px_mail_fn fn, void *arg);
/* Any thread. Pins m until fn has run. */
void px_mailbox_post(struct px_mailbox *b, struct px_mail *m);
/* Delivers no more, and no longer keeps base's loop running; posting is still allowed. On base's thread. */
void px_mailbox_mute(struct px_mailbox *b);
/* On base's thread, or after it ended; messages not yet delivered are forgotten. NULL is fine. */
void px_mailbox_free(struct px_mailbox *b);

#endif
