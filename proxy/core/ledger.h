/*
 * ledger.h: the audit records of one worker that are due. They are gathered while a turn of the loop lasts and written
 * together before the bytes of that turn leave, so that a burst of requests costs one write and one lock of the audit
 * file. A request whose intent waits here goes on to its upstream only once that record is in the file.
 */
#ifndef PX_LEDGER_H
#define PX_LEDGER_H

#include "watch/audit.h"
#include "watch/log.h"
#include "watch/metrics.h"

#define PX_LEDGER_LINES 128u                /* written at once when there are more, */
#define PX_LEDGER_BYTES ((size_t)256 << 10) /* or when they are longer */

struct px_txn;

struct px_ledger_entry {
    size_t at, n;          /* of its text; n 0 = it could not be encoded */
    struct px_txn *waiter; /* whose intent this is; NULL = a final record, or nobody waits any more */
    bool final_record;
    struct px_log_id id;
};

/* Zero-initialise, then px_ledger_init. */
struct px_ledger {
    struct px_metrics *metrics; /* borrowed */
    struct px_audit *audit;     /* of the records below */
    struct flt_buf text;
    unsigned n;
    struct px_ledger_entry entry[PX_LEDGER_LINES];
    struct px_audit_line line[PX_LEDGER_LINES];
};

void px_ledger_init(struct px_ledger *l, struct px_metrics *metrics);
/* Writes what is due and gives the memory back. */
void px_ledger_free(struct px_ledger *l);
/*
 * Adds a record. waiter: NULL, or the transaction that px_txn_intent_done is called for when the record was written or
 * was not, which may happen before this returns.
 */
void px_ledger_add(struct px_ledger *l, struct px_audit *audit, const struct px_audit_record *r,
                   const struct px_log_id *id, struct px_txn *waiter);
/* Nobody waits for this transaction's intent any more. */
void px_ledger_forget(struct px_ledger *l, const struct px_txn *waiter);
/* Writes all that is due: one line of log and a count for each final record that is lost. */
void px_ledger_write(struct px_ledger *l);

#endif
