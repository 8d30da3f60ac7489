/* wipe.c: erasing secrets. Its own file because everything that owns prompt bytes needs it. */
#include "flt/base.h"

void flt_wipe(void *p, size_t n)
{
    if (n != 0)
        explicit_bzero(p, n); /* glibc keeps it: a plain memset of dying memory may be removed */
}
