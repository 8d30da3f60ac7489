/*
 * duties.h: the `duties` part of a tenant file. This build enforces every duty it knows how to enforce itself, whatever
 * the file says; the key is read so that a file can state who owes what, and so that a promise that cannot be kept
 * (leaving a duty to the provider without a check of its evidence) is refused instead of believed.
 */
#ifndef POLICY_DUTIES_H
#define POLICY_DUTIES_H

#include "flt/yaml.h"

/* FLT_KEY_CUSTOM function of the key; fills nothing. */
void flt_duties_walk(struct flt_walk *w, flt_node *n, void *field);
/* The table of one duty, for key lists. */
extern const struct flt_key flt_duty_keys[];

#endif
