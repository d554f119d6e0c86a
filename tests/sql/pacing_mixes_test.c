// Whatever the mix, a number leaves nothing of its rate unused and never sends more. Each mix is
// paced by take_slots, at made-up times, and by a reference that knows nothing of slots: two
// buckets of tokens, filled tick by tick, from which those who wait take.

#include "tests/sql/givens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_MAX = 4, MESSAGES_MAX = 20000 };

// What comes from `from` on, in seconds' worths of the number's rate: at once, or each second until
// `until`.
struct stream {
    double from, until; // seconds; until 0: at once
    double high, bulk;
};

struct mix {
    const char *name;
    struct stream streams[STREAMS_MAX];
    double last_high, last_bulk; // when the last ones leave, seconds; 0: only the reference says
};

static const struct mix mixes[] = {
    {"high at once", {{.high = 5}}, 4, 0},
    {"bulk at once", {{.bulk = 3}}, 0, 3},
    {"high at once, then steadily", {{.high = 2.5}, {.from = 1, .until = 12, .high = 0.75}}, 0, 0},
    {"high above the rate, then rest", {{.until = 4, .high = 1.5}, {.from = 9, .high = 1}}, 0, 0},
    {"a campaign and a few highs", {{.bulk = 9}, {.from = 1, .until = 9, .high = 0.2}}, 0, 0},
    {"a campaign and a burst of high", {{.bulk = 6}, {.from = 2, .high = 3}}, 0, 0},
    {"high behind a campaign outlasts it", {{.bulk = 1.5}, {.from = 0.5, .high = 4}}, 0, 0},
    {"bulk behind high", {{.high = 3}, {.from = 0.5, .bulk = 3}}, 0, 0},
    {"both all the time", {{.until = 8, .high = 0.3, .bulk = 0.6}}, 0, 0},
    {"both above the rate", {{.until = 5, .high = 0.8, .bulk = 0.8}}, 0, 0},
    {"bursts of either",
     {{.high = 1}, {.from = 1.5, .bulk = 2}, {.from = 2, .high = 2}, {.from = 7, .bulk = 1}},
     0,
     0},
};

static const int rates[] = {1, 7, 80, 250, 1000};

struct message {
    double came, left, slot;
    bool is_bulk;
};

static struct message messages[MESSAGES_MAX];
static int count;

static void come(double at, int n, bool is_bulk)
{
    for (int i = 0; i < n; i++) {
        cr_assert(count < MESSAGES_MAX);
        messages[count++] = (struct message){.came = at, .is_bulk = is_bulk};
    }
}

// How many of a stream have come by then.
static int come_by(const struct stream *stream, double worths, int rate, double time)
{
    if (time < stream->from)
        return 0;
    double seconds = stream->until > 0 ? fmin(time, stream->until) - stream->from : 1;
    return (int)floor(worths * rate * seconds + 1e-9);
}

// All messages in the order in which they come, at each eighth of a second high before bulk.
static void given_mix(const struct mix *mix, int rate)
{
    const double step = 0.125;
    count = 0;
    for (int i = 0; i < 120; i++) {
        double time = i * step;
        for (int is_bulk = 0; is_bulk < 2; is_bulk++) {
            for (const struct stream *s = mix->streams; s < mix->streams + STREAMS_MAX; s++) {
                double worths = is_bulk ? s->bulk : s->high;
                come(time, come_by(s, worths, rate, time) - come_by(s, worths, rate, time - step),
                     is_bulk);
            }
        }
    }
}

struct buckets {
    double quarter_max, quarter; // tokens for high alone
    double rest_max, rest;       // tokens for both
    int high, any;               // up to where nobody waits, of high and of all
};

// Goes on from *i to the first one that has not left, or first high one, and says whether it is
// there at that time.
static bool waits(int *i, double time, bool only_high)
{
    while (*i < count && (messages[*i].left >= 0 || (only_high && messages[*i].is_bulk)))
        ++*i;
    return *i < count && messages[*i].came <= time;
}

// Lets one leave if there is a token for it: whoever has come first by the rest, and high by the
// quarter as well; by that of the two which is fuller, so that neither overflows while the other is
// empty.
static bool leave_one(struct buckets *b, double time)
{
    bool any_waits = waits(&b->any, time, false), high_waits = waits(&b->high, time, true);
    bool rest_is_fuller = b->rest * b->quarter_max >= b->quarter * b->rest_max;
    if (any_waits && b->rest >= 1 &&
        (messages[b->any].is_bulk || rest_is_fuller || b->quarter < 1)) {
        messages[b->any].left = time;
        b->rest--;
        return true;
    }
    if (high_waits && b->quarter >= 1) {
        messages[b->high].left = time;
        b->quarter--;
        return true;
    }
    return false;
}

static void leave_by_reference(int rate)
{
    const double tick = 1.0 / rate / 16;
    struct buckets b = {.quarter_max = fmax(1, rate / 4.0), .rest_max = fmax(1, rate * 0.75)};
    b.quarter = b.quarter_max;
    b.rest = b.rest_max;
    for (int i = 0; i < count; i++)
        messages[i].left = -1;
    for (int i = 0; b.any < count; i++) {
        while (leave_one(&b, i * tick))
            ;
        b.quarter = fmin(b.quarter_max, b.quarter + tick * rate / 4);
        b.rest = fmin(b.rest_max, b.rest + tick * rate * 0.75);
    }
}

static void leave_by_slots(const char *org, const char *channel)
{
    const char *base = value("SELECT date_trunc('second', now()) + interval '2 s'");
    for (int i = 0, n; i < count; i += n) {
        int bulk = 0;
        for (n = 0; i + n < count && messages[i + n].came == messages[i].came; n++)
            bulk += messages[i + n].is_bulk;
        const char *dues = rows("SELECT extract(epoch FROM d - timestamptz '%s') FROM "
                                "unnest((SELECT dues FROM take_slots("
                                "array_fill(uuid '%s', ARRAY[%d]), array_fill(uuid '%s', "
                                "ARRAY[%d]), array_fill('high'::text, "
                                "ARRAY[%d]) || array_fill('bulk'::text, ARRAY[%d]), timestamptz "
                                "'%s' + interval '%f s'))) "
                                "WITH ORDINALITY AS u (d, n) ORDER BY n",
                                base, org, n, channel, n, n - bulk, bulk, base, messages[i].came);
        for (int k = 0; k < n; k++) {
            messages[i + k].slot = strtod(dues, (char **)&dues);
            cr_assert(messages[i + k].slot >= messages[i].came - 1e-6);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

// The times, in order: of those of a priority (0 high, 1 bulk) or of all (-1), by slots or by the
// reference.
static int sorted(double *times, int priority, bool by_slots)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (priority < 0 || messages[i].is_bulk == priority)
            times[n++] = by_slots ? messages[i].slot : messages[i].left;
    qsort(times, (size_t)n, sizeof *times, compare);
    return n;
}

static void assert_never_more_than_the_rate(const char *what, int rate)
{
    static double times[MESSAGES_MAX];
    int n = sorted(times, -1, true);
    double tokens = rate, last = 0;
    for (int i = 0; i < n; i++) {
        tokens = fmin(rate, tokens + (times[i] - last) * rate) - 1;
        last = times[i];
        cr_assert(tokens > -4, "%s: at %f s %f more than %d a second", what, last, -tokens, rate);
    }
}

static void assert_as_the_reference(const char *what, int priority, int rate, double last)
{
    static double slots[MESSAGES_MAX], wanted[MESSAGES_MAX];
    int n = sorted(slots, priority, true);
    (void)sorted(wanted, priority, false);
    double tolerance = 5.0 / rate;
    for (int i = 0; i < n; i++)
        cr_assert(fabs(slots[i] - wanted[i]) <= tolerance, "%s: %s %d of %d at %f s instead of %f",
                  what, priority ? "bulk" : "high", i + 1, n, slots[i], wanted[i]);
    if (last > 0)
        cr_assert(fabs(slots[n - 1] - last) <= 2.0 / rate, "%s: the last at %f", what,
                  slots[n - 1]);
}

// With TOLLGATE_SHOW_MIXES set, when the last ones have left: by slots, and by the reference.
static void show(const char *what)
{
    static double slots[MESSAGES_MAX], wanted[MESSAGES_MAX];
    if (!getenv("TOLLGATE_SHOW_MIXES")) // NOLINT(concurrency-mt-unsafe): nobody changes it
        return;
    fprintf(stderr, "%-42s", what);
    for (int priority = 0; priority < 2; priority++) {
        int n = sorted(slots, priority, true);
        (void)sorted(wanted, priority, false);
        fprintf(stderr, " %6d %s", n, priority ? "bulk" : "high");
        if (n > 0)
            fprintf(stderr, " %7.3f %7.3f", slots[n - 1], wanted[n - 1]);
    }
    fputc('\n', stderr);
}

static void pace_mix(const struct mix *mix, int rate)
{
    const char *org = given_org(.balance = "1.00");
    const char *channel = given_channel(.org = org, .max_mps = text("%d", rate));
    const char *what = text("%s at %d", mix->name, rate);
    given_mix(mix, rate);
    leave_by_reference(rate);
    leave_by_slots(org, channel);
    assert_never_more_than_the_rate(what, rate);
    assert_as_the_reference(what, 0, rate, mix->last_high);
    assert_as_the_reference(what, 1, rate, mix->last_bulk);
    show(what);
}

TestSuite(pacing_mixes, .init = database_create, .fini = database_drop);

Test(pacing_mixes, each_leaves_as_by_the_reference_at_every_rate)
{
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++)
        for (size_t j = 0; j < sizeof rates / sizeof *rates; j++)
            pace_mix(&mixes[i], rates[j]);
}
