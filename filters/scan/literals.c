#include "scan/literals.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A set below this hits nearly every sentence: following it costs more than it saves. */
#define FACTOR_LEAST 8.0

static void clear(struct flt_literals *l, bool valid)
{
    l->valid = valid;
    l->n = 0;
    l->scored = false;
    l->score = 0;
}

void flt_literals_none(struct flt_literals *l)
{
    clear(l, false);
}

void flt_literals_empty(struct flt_literals *l)
{
    clear(l, true);
    l->v[l->n++].len = 0;
}

void flt_literals_copy(struct flt_literals *to, const struct flt_literals *from)
{
    memcpy(to, from, offsetof(struct flt_literals, v) + from->n * sizeof(from->v[0]));
}

void flt_literals_bytes(struct flt_literals *l, const uint8_t *bytes, unsigned n)
{
    clear(l, n <= FLT_LITERAL_CLASS_MAX && n > 0);
    for (unsigned i = 0; l->valid && i < n; i++) {
        l->v[i].len = 1;
        l->v[i].s[0] = (char)bytes[i];
        l->n++;
    }
}

static bool same(const struct flt_literal *a, const struct flt_literal *b)
{
    return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static bool add(struct flt_literals *l, const struct flt_literal *s)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (same(&l->v[i], s))
            return true;
    }
    if (l->n == FLT_LITERALS_MAX)
        return false;
    l->v[l->n++] = *s;
    return true;
}

bool flt_literals_cross(struct flt_literals *a, const struct flt_literals *b)
{
    struct flt_literals out;
    if (!a->valid || !b->valid)
        return false;
    clear(&out, true);
    for (unsigned i = 0; i < a->n; i++) {
        for (unsigned k = 0; k < b->n; k++) {
            struct flt_literal s = a->v[i];
            if (s.len + b->v[k].len > FLT_LITERAL_MAX)
                return false;
            memcpy(s.s + s.len, b->v[k].s, b->v[k].len);
            s.len = (uint8_t)(s.len + b->v[k].len);
            if (!add(&out, &s))
                return false;
        }
    }
    flt_literals_copy(a, &out);
    return true;
}

void flt_literals_unite(struct flt_literals *a, const struct flt_literals *b)
{
    a->scored = false;
    a->valid = a->valid && b->valid;
    for (unsigned i = 0; a->valid && i < b->n; i++)
        a->valid = add(a, &b->v[i]);
}

/* Finding out is the most expensive part of reading a pattern. */
static double score_once(struct flt_literals *l)
{
    if (!l->valid)
        return 0;
    if (!l->scored)
        l->score = flt_literals_score(l);
    l->scored = true;
    return l->score;
}

void flt_literals_better(struct flt_literals *best, struct flt_literals *other)
{
    if (score_once(other) > score_once(best))
        flt_literals_copy(best, other);
}

/* -log2 of the byte's share of English prose and code; what is not a letter or a blank is rare there. */
static double surprise(uint8_t c)
{
    static const double letter[26] = {3.8, 6.2, 5.3, 4.8, 3.2, 5.7, 5.8, 4.6, 4.0, 9.2, 7.2, 4.9, 5.5,
                                      4.0, 3.9, 5.9, 9.5, 4.3, 4.1, 3.6, 5.3, 6.8, 5.8, 9.0, 5.9, 10.0};
    if (c >= 'a' && c <= 'z')
        return letter[c - 'a'];
    if (c >= 'A' && c <= 'Z')
        return letter[c - 'A'] + 2;
    if (c >= 0x80)
        return 3; /* of a character of two or three bytes */
    return c == ' ' ? 2 : c == '\n' ? 3 : c >= '0' && c <= '9' ? 5 : 6;
}

/* Words that stand in nearly every paragraph, whatever their letters say. */
static const char everywhere[] =
    "about above after again against all also always and any are back because been before being between both can could "
    "does each even every first for from function give good had has have here how import include into just know like "
    "made make many may might more most much must never new not now number one only other our out over people please "
    "public return same self second shall should some still string such take than that the their them then there these "
    "they this those through time two under use using used value very want was way well were what when where whether "
    "which while who why will with within without work would write you your ing tion ation ment able ight ance ence "
    "ions ings ally ness ough ould ever comp cont inte stra port pres form cons prov";

/* Words of most longer texts about anything, of programs, and of talk with models. */
static const char often[] =
    "access account action actions actually add added address adding age allow allowed allows already although answer "
    "answers approach area around array article ask asked assistant author available away based basic become begin "
    "believe benefits best better book break bring build business button called calling cannot care case cases cause "
    "certain challenges change changes character characters check child children choose city class clear clearly click "
    "close code column come command comment common community companies company complete computer conclusion condition "
    "consider consist contact contain contains content context continue control convert correct cost could country "
    "course create created creating culture current customer customers data database date days deal decide default "
    "define design details develop developed developer development different difficult direct discuss document done "
    "down drop easy edit education effect effective element email employee end ensure enter entire environment error "
    "essential event events example examples except exist expect experience explain express family feature features "
    "feel few field fields file files final finally find five fix fixed focus follow followed following follows food "
    "form format forward found four free friend friends full fully future game general generate generated get getting "
    "given gives global going great group groups guide guidelines hand happen hard head health help helps high history "
    "hold home hope hours house html human idea ideas identify image images impact implement important improve "
    "improved "
    "included includes including increase index individual individuals information input inside instance instead "
    "instruction instructions integer interest internal international internet issue issues item items itself job key "
    "keep kind knowledge known language languages large last late later lead learn learning least leave left length "
    "less "
    "let level life light limit limited line lines link list listed lists little live local location long look looking "
    "lost love low main maintain making manage management manner marketing market material mean means media meet "
    "member "
    "members mention message messages method methods mind mode model models modern moment money month months move "
    "music "
    "name named names natural near necessary need needed needs network news next night nothing note null object offer "
    "office often once online open operation option options order original output outside own page paper parameter "
    "parameters parent part particular parts party pass password past path patient performance period person personal "
    "personalized phone place plan play point points policy political position possible post potential power practice "
    "present prevent previous price print private problem problems process product products production professional "
    "program programming project prompt proper property protect provide provided provides purpose put quality query "
    "question questions quickly quite random range rate rather reach read reading ready really reason receive recent "
    "record reduce refer related release remain remember remove repeat replace reply report request require required "
    "requires research resource resources respond response responses responsible rest result results returned returns "
    "review right role room root row rule rules run running safe safety sales save say says school science script "
    "search section security see select self send sense sentence sentences separate server service services session "
    "set "
    "several share short show shows side sign similar simple simply since single site situation size skills small "
    "social software solution someone something song soon sort source space speak special specific speed stand "
    "standard "
    "start started state statement static step steps stop store stories story strategies strategy strings strong "
    "student students study style subject success suggest summary support sure system systems table talk target task "
    "tasks teach team technology tell term terms test tests text themselves thing things think thought three times "
    "tips "
    "title today together tool tools top topic total town training translate travel tree true trust try turn type "
    "types "
    "understand understanding unique unit university until update upon user users usually valid values variable "
    "various "
    "version via video view visit voice wait walk watch water ways web website week weeks white whole wide window "
    "words "
    "word working world worth writing written year years yes yet young youre zero "
    "void const char bool false else elif print printf println def lambda throw catch final extends implements "
    "interface "
    "namespace vector struct double float main args argv push pop append count sum max min abs node root head tail";

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters of a word do not come by chance: what follows the first ones is half known. */
#define WITHIN_WORD     0.62
#define WORD_BITS       18.0 /* no word is rarer than so in every text */
#define OFTEN_BITS      11.0
#define EVERYWHERE_BITS 8.0

/* A word is looked up in them some ten thousand times while rules are loaded: sixteen places at once. */
static bool among(const char *list, size_t size, const char *p, size_t n)
{
    size_t at = 0;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8(p[0]), last = _mm_set1_epi8(p[n - 1]);
    for (; at + n - 1 + 16 <= size; at += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(list + at));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(list + at + n - 1));
        unsigned m = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
        for (; m != 0; m &= m - 1) {
            if (memcmp(list + at + (unsigned)__builtin_ctz(m), p, n) == 0)
                return true;
        }
    }
#endif
    return at < size && memmem(list + at, size - at, p, n) != NULL;
}

static double word_bits(const char *p, size_t n)
{
    char low[FLT_LITERAL_MAX];
    double bits = 0;
    for (size_t i = 0; i < n; i++) {
        bits += surprise((uint8_t)p[i]) * (n > 2 ? WITHIN_WORD : 1);
        low[i] = (char)(p[i] | 0x20);
    }
    double most = WORD_BITS;
    if (n > 2 && bits > EVERYWHERE_BITS && among(everywhere, sizeof(everywhere) - 1, low, n))
        most = EVERYWHERE_BITS;
    else if (n > 2 && bits > OFTEN_BITS && among(often, sizeof(often) - 1, low, n))
        most = OFTEN_BITS;
    return bits < most ? bits : most;
}

double flt_literal_bits(const struct flt_literal *l)
{
    double bits = 0;
    for (size_t i = 0, n = 1; i < l->len; i += n) {
        n = 1;
        if (!is_letter(l->s[i])) {
            bits += surprise((uint8_t)l->s[i]);
            continue;
        }
        while (i + n < l->len && is_letter(l->s[i + n]))
            n++;
        bits += word_bits(l->s + i, n);
    }
    return bits;
}

double flt_literals_score(const struct flt_literals *l)
{
    double rate = 0;
    if (!l->valid || l->n == 0)
        return 0;
    if (l->scored)
        return l->score;
    for (unsigned i = 0; i < l->n; i++)
        rate += exp2(-flt_literal_bits(&l->v[i]));
    return rate < 1 ? -log2(rate) : 0;
}

void flt_literals_reduce(struct flt_literals *l)
{
    struct flt_literals out;
    clear(&out, l->valid);
    for (unsigned i = 0; i < l->n; i++) {
        bool holds = false;
        for (unsigned k = 0; k < l->n && !holds; k++)
            holds = l->v[k].len < l->v[i].len && memmem(l->v[i].s, l->v[i].len, l->v[k].s, l->v[k].len) != NULL;
        if (!holds)
            out.v[out.n++] = l->v[i];
    }
    if (out.n != l->n)
        flt_literals_copy(l, &out);
}

void flt_factors_add(struct flt_factors *f, struct flt_literals *l, uint32_t reach)
{
    if (score_once(l) < FACTOR_LEAST)
        return;
    if (f->n == FLT_FACTORS_MAX) {
        unsigned least = 0;
        for (unsigned i = 1; i < f->n; i++) {
            if (flt_literals_score(&f->v[i]) < flt_literals_score(&f->v[least]))
                least = i;
        }
        if (flt_literals_score(&f->v[least]) >= flt_literals_score(l))
            return;
        memmove(&f->v[least], &f->v[least + 1], (f->n - 1u - least) * sizeof(f->v[0]));
        memmove(&f->reach[least], &f->reach[least + 1], (f->n - 1u - least) * sizeof(f->reach[0]));
        f->n--;
    }
    flt_literals_copy(&f->v[f->n], l);
    f->reach[f->n] = reach;
    flt_literals_reduce(&f->v[f->n]);
    (void)score_once(&f->v[f->n++]);
}

double flt_factors_score(const struct flt_factors *f)
{
    double sum = 0;
    for (unsigned i = 0; i < f->n; i++)
        sum += flt_literals_score(&f->v[i]);
    return sum;
}
