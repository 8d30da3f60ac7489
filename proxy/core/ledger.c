/* ledger.c: gathers the audit records of a turn and writes them together. */
#include "core/ledger.h"

#include "core/txn_impl.h"
#include "watch/audit_record.h"

void px_ledger_init(struct px_ledger *l, struct px_metrics *metrics)
{
    l->metrics = metrics;
    flt_buf_init(&l->text, PX_LEDGER_BYTES + PX_AUDIT_LINE_MAX);
}

void px_ledger_free(struct px_ledger *l)
{
    px_ledger_write(l);
    flt_buf_free(&l->text);
}

void px_ledger_add(struct px_ledger *l, struct px_audit *audit, const struct px_audit_record *r,
                   const struct px_log_id *id, struct px_txn *waiter)
{
    if (l->n != 0 && l->audit != audit)
        px_ledger_write(l);
    struct px_ledger_entry *e = &l->entry[l->n++];
    *e = (struct px_ledger_entry){.at = l->text.n, .waiter = waiter, .final_record = waiter == NULL, .id = *id};
    l->audit = audit;
    if (px_audit_encode(r, &l->text) == FLT_OK && l->text.n - e->at <= PX_AUDIT_LINE_MAX)
        e->n = l->text.n - e->at;
    else
        l->text.n = e->at;
    if (l->n == PX_LEDGER_LINES || l->text.n >= PX_LEDGER_BYTES)
        px_ledger_write(l);
}

void px_ledger_forget(struct px_ledger *l, const struct px_txn *waiter)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->entry[i].waiter == waiter)
            l->entry[i].waiter = NULL;
    }
}

void px_ledger_write(struct px_ledger *l)
{
    if (l->n == 0)
        return;
    for (unsigned i = 0; i < l->n; i++)
        l->line[i].text = (struct flt_str){l->text.p + l->entry[i].at, l->entry[i].n};
    px_audit_write_lines(l->audit, l->line, l->n);
    for (unsigned i = 0; i < l->n; i++) {
        const struct px_ledger_entry *e = &l->entry[i];
        bool written = l->line[i].status == FLT_OK;
        if (e->waiter != NULL)
            px_txn_intent_done(e->waiter, written);
        if (e->final_record && !written) {
            px_count(l->metrics, PX_C_audit_failures, 1);
            px_log(PX_LOG_ERROR, &e->id, "audit record lost record=final");
        }
    }
    l->n = 0;
    l->text.n = 0; /* records hold nothing that would have to be wiped */
    if (l->text.cap > PX_LEDGER_BYTES)
        flt_buf_free(&l->text);
}
