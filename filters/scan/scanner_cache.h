/*
 * scanner_cache.h: serialised Hyperscan databases on disk. A file's name is the SHA-256 over the expressions, the mode,
 * the engine's version string and the CPU's features, and its content ends with its own SHA-256, so that a stale,
 * foreign or damaged file is never used.
 */
#ifndef FLT_SCAN_SCANNER_CACHE_H
#define FLT_SCAN_SCANNER_CACHE_H

#include <hs.h>

#include "scan/scanner.h"

/* NULL when there is no usable file. */
hs_database_t *flt_scanner_cache_get(const char *dir, const struct flt_expression *v, uint32_t n, unsigned mode);
/* Best effort: written to a temporary name, then renamed. Creates the last folder of dir (mode 0700). */
void flt_scanner_cache_put(const char *dir, const struct flt_expression *v, uint32_t n, unsigned mode,
                           hs_database_t *db);

#endif
