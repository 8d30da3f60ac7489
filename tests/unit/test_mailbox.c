/* The mailbox: nothing lost, each sender's order kept, delivered on the receiver's thread. Meant for the thread
 * sanitizer too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "core/mailbox.h"

#define SENDERS 4
#define EACH    5000

struct letter {
    struct px_mail mail;
    int number;
};

struct receiver {
    struct event_base *base;
    pthread_t thread;
    int next[SENDERS];
    int total;
    bool wrong_order, wrong_thread;
};

struct sender {
    struct px_mailbox *box;
    int id;
};

static void on_mail(void *arg, struct px_mail *m)
{
    struct receiver *r = arg;
    struct letter *l = m->p;
    r->wrong_thread |= !pthread_equal(pthread_self(), r->thread);
    r->wrong_order |= l->number != r->next[m->kind]++;
    free(l); /* the receiver owns it now */
    if (++r->total == SENDERS * EACH)
        event_base_loopbreak(r->base);
}

static void *send_all(void *arg)
{
    const struct sender *s = arg;
    for (int i = 0; i < EACH; i++) {
        struct letter *l = calloc(1, sizeof(*l));
        if (l == NULL)
            return NULL;
        l->mail.kind = s->id;
        l->mail.p = l;
        l->number = i;
        px_mailbox_post(s->box, &l->mail);
    }
    return NULL;
}

static void delivers_everything_in_order_on_its_own_thread(void **state)
{
    (void)state;
    struct receiver r = {.base = event_base_new(), .thread = pthread_self()};
    struct px_mailbox *box = px_mailbox_new(r.base, on_mail, &r);
    assert_non_null(box);
    struct sender s[SENDERS];
    pthread_t t[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        s[i] = (struct sender){box, i};
        assert_int_equal(pthread_create(&t[i], NULL, send_all, &s[i]), 0);
    }
    event_base_loop(r.base, EVLOOP_NO_EXIT_ON_EMPTY);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(r.total, SENDERS * EACH);
    assert_false(r.wrong_order);
    assert_false(r.wrong_thread);
    px_mailbox_free(box);
    event_base_free(r.base);
}

struct echo {
    struct px_mailbox *box;
    int seen;
    struct px_mail again;
};

static void on_echo(void *arg, struct px_mail *m)
{
    struct echo *e = arg;
    if (++e->seen < 3)
        px_mailbox_post(e->box, m); /* the same message, from inside its delivery */
}

static void a_message_may_be_posted_again_from_its_delivery(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    struct echo e = {0};
    e.box = px_mailbox_new(base, on_echo, &e);
    px_mailbox_post(e.box, &e.again);
    for (int i = 0; i < 5; i++)
        event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_int_equal(e.seen, 3);
    px_mailbox_free(e.box);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_everything_in_order_on_its_own_thread),
        cmocka_unit_test(a_message_may_be_posted_again_from_its_delivery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
