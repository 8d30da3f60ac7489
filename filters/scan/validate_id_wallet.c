/*
 * validate_id_wallet.c: addresses of cryptocurrency wallets, with their real checksums. The two hash functions they
 * need are written out here, so that a validator allocates nothing and cannot fail.
 */
#include "scan/validate_impl.h"

/* ---- SHA-256 (FIPS 180-4) ------------------------------------------------------------------------------------------
 */

static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t ror(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* One block is enough: messages here have at most 55 bytes. */
static void sha256_short(const uint8_t *message, size_t n, uint8_t out[32])
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t block[64] = {0};
    uint32_t w[64], s[8];
    memcpy(block, message, n);
    block[n] = 0x80;
    block[62] = (uint8_t)(n >> 5);
    block[63] = (uint8_t)(n << 3);
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (size_t i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, h, sizeof(s));
    for (size_t i = 0; i < 64; i++) {
        uint32_t t =
            s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha_k[i] + w[i];
        uint32_t u = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += t;
        s[0] = t + u;
    }
    for (size_t i = 0; i < 8; i++) {
        h[i] += s[i];
        for (size_t k = 0; k < 4; k++)
            out[4 * i + k] = (uint8_t)(h[i] >> (24 - 8 * k));
    }
}

/* ---- base58check (Bitcoin, Litecoin, Dogecoin, Tron) ---------------------------------------------------------------
 */

static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Into exactly 25 bytes: version, 20 bytes of hash, 4 of checksum. */
static bool base58_decode(struct flt_str v, uint8_t out[25])
{
    memset(out, 0, 25);
    for (size_t i = 0; i < v.n; i++) {
        const char *at = v.p[i] == '\0' ? NULL : strchr(base58, v.p[i]);
        if (at == NULL)
            return false;
        unsigned carry = (unsigned)(at - base58);
        for (size_t k = 25; k-- > 0;) {
            carry += 58u * out[k];
            out[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0)
            return false;
    }
    return true;
}

/* Each leading 1 stands for a leading byte of nought, no more and no fewer. */
static bool ones_match(struct flt_str v, const uint8_t bytes[25])
{
    size_t ones = 0, noughts = 0;
    while (ones < v.n && v.p[ones] == '1')
        ones++;
    while (noughts < 25 && bytes[noughts] == 0)
        noughts++;
    return ones == noughts;
}

bool flt_val_base58check(struct flt_str v)
{
    /* Bitcoin, Dogecoin, Litecoin (two), Dash (two), Tron, Zcash is longer and not here */
    static const uint8_t versions[] = {0x00, 0x05, 0x1e, 0x16, 0x30, 0x32, 0x4c, 0x10, 0x41};
    uint8_t bytes[25], hash[32];
    if (v.n < 25 || v.n > 35 || !base58_decode(v, bytes) || !ones_match(v, bytes))
        return false;
    bool known = false;
    for (size_t i = 0; i < sizeof(versions); i++)
        known = known || bytes[0] == versions[i];
    sha256_short(bytes, 21, hash);
    sha256_short(hash, 32, hash);
    return known && memcmp(hash, bytes + 21, 4) == 0;
}

/* ---- bech32 and bech32m (BIP 173, BIP 350) -------------------------------------------------------------------------
 */

static uint32_t bech32_step(uint32_t state, uint32_t value)
{
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = state >> 25;
    state = (state & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        state ^= (top >> i & 1) != 0 ? generator[i] : 0;
    return state;
}

/* Witness version 0 ends in 1, later versions in the constant of bech32m. */
bool flt_val_bech32(struct flt_str v)
{
    static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const char *one = v.n > 0 ? memchr(v.p, '1', v.n) : NULL; /* the data part never holds a 1 */
    if (one == NULL || one == v.p || v.n > 90 || v.n - (size_t)(one - v.p) < 15)
        return false;
    size_t prefix = (size_t)(one - v.p);
    uint32_t state = 1, version = 0;
    bool lower = false, upper = false;
    for (size_t i = 0; i < v.n; i++) {
        upper = upper || (v.p[i] >= 'A' && v.p[i] <= 'Z');
        lower = lower || (v.p[i] >= 'a' && v.p[i] <= 'z');
    }
    for (size_t i = 0; i < prefix; i++)
        state = bech32_step(state, ((uint32_t)(uint8_t)v.p[i] | 0x20u) >> 5);
    state = bech32_step(state, 0);
    for (size_t i = 0; i < prefix; i++)
        state = bech32_step(state, (uint32_t)(uint8_t)v.p[i] & 31);
    for (size_t i = prefix + 1; i < v.n; i++) {
        char c = v.p[i] >= 'A' && v.p[i] <= 'Z' ? (char)(v.p[i] | 0x20) : v.p[i];
        const char *at = c == '\0' ? NULL : strchr(charset, c);
        if (at == NULL)
            return false;
        if (i == prefix + 1)
            version = (uint32_t)(at - charset);
        state = bech32_step(state, (uint32_t)(at - charset));
    }
    return !(lower && upper) && version <= 16 && state == (version == 0 ? 1 : 0x2bc830a3);
}

/* ---- Keccak-256 and EIP-55 ------------------------------------------------------------------------------------------
 */

static uint64_t rol64(uint64_t x, unsigned n)
{
    return n == 0 ? x : x << n | x >> (64 - n);
}

/* The round constants come from the LFSR x^8 + x^6 + x^5 + x^4 + 1 of the Keccak reference. */
static uint64_t keccak_constant(uint8_t *lfsr)
{
    uint64_t constant = 0;
    for (unsigned j = 0; j < 7; j++) {
        if ((*lfsr & 1) != 0)
            constant |= (uint64_t)1 << ((1u << j) - 1);
        *lfsr = (uint8_t)(*lfsr << 1 ^ ((*lfsr & 0x80) != 0 ? 0x71 : 0));
    }
    return constant;
}

static void keccak_f(uint64_t a[25])
{
    uint8_t lfsr = 1;
    for (unsigned round = 0; round < 24; round++) {
        uint64_t c[5], b[25];
        for (unsigned x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (unsigned i = 0; i < 25; i++)
            a[i] ^= c[(i + 4) % 5] ^ rol64(c[(i + 1) % 5], 1);
        unsigned x = 1, y = 0;
        b[0] = a[0];
        for (unsigned t = 0; t < 24; t++) {
            unsigned next = (2 * x + 3 * y) % 5;
            b[y + 5 * next] = rol64(a[x + 5 * y], (t + 1) * (t + 2) / 2 % 64);
            x = y;
            y = next;
        }
        for (unsigned i = 0; i < 25; i++)
            a[i] = b[i] ^ (~b[i / 5 * 5 + (i + 1) % 5] & b[i / 5 * 5 + (i + 2) % 5]);
        a[0] ^= keccak_constant(&lfsr);
    }
}

/* The first 20 bytes of the Keccak-256 hash of 40 bytes. */
static void keccak256_of_40(const uint8_t in[40], uint8_t out[20])
{
    uint64_t a[25] = {0};
    for (size_t i = 0; i < 40; i++)
        a[i / 8] |= (uint64_t)in[i] << (8 * (i % 8));
    a[5] ^= 0x01; /* padding after byte 40, and at the end of the 136-byte rate */
    a[16] ^= (uint64_t)0x80 << 56;
    keccak_f(a);
    for (size_t i = 0; i < 20; i++)
        out[i] = (uint8_t)(a[i / 8] >> (8 * (i % 8)));
}

/* All one case carries no checksum; mixed case does, and it must hold. */
bool flt_val_eth_address(struct flt_str v)
{
    uint8_t lower[40], hash[20];
    bool small = false, big = false;
    unsigned distinct = 0;
    if (v.n != 42 || v.p[0] != '0' || (v.p[1] != 'x' && v.p[1] != 'X'))
        return false;
    for (size_t i = 0; i < 40; i++) {
        char c = v.p[i + 2], u = flt_val_upper(c);
        if (!flt_val_is_digit(c) && (u < 'A' || u > 'F'))
            return false;
        small = small || (c >= 'a' && c <= 'f');
        big = big || (c >= 'A' && c <= 'F');
        lower[i] = (uint8_t)(flt_val_is_digit(c) ? c : c | 0x20);
        distinct += i == 0 || memchr(lower, lower[i], i) == NULL ? 1 : 0;
    }
    if (distinct < 6) /* the null address, dead, test patterns */
        return false;
    if (!small || !big)
        return true;
    keccak256_of_40(lower, hash);
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = (i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2]) & 15u;
        if (!flt_val_is_digit(v.p[i + 2]) && (nibble >= 8) != (v.p[i + 2] <= 'F'))
            return false;
    }
    return true;
}

/* Monero's and Solana's checksums need more than this: the alphabet and the length, and not one word. */
bool flt_val_base58_shape(struct flt_str v)
{
    unsigned digits = 0, small = 0, big = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '\0' || strchr(base58, v.p[i]) == NULL)
            return false;
        digits += flt_val_is_digit(v.p[i]) ? 1 : 0;
        small += v.p[i] >= 'a' ? 1 : 0;
        big += v.p[i] >= 'A' && v.p[i] <= 'Z' ? 1 : 0;
    }
    return v.n >= 32 && digits >= 2 && small >= 5 && big >= 5;
}
