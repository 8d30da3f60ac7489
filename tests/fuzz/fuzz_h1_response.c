/*
 * HTTP/1 responses: the first byte chooses how the rest is cut. The verdict and every event must not depend on it, and
 * what was accepted must read back the same after we have written it anew.
 */
#include "h1_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return transcript_check(PX_H1_RESPONSE, data, n);
}
