#include "common/base/batch.h"

#include <criterion/criterion.h>
#include <stdint.h>

enum { ITEMS_MAX = 64 };

// Items that are refused, and what was tried: each digit is the size of an attempt.
struct run {
    bool bad[ITEMS_MAX];
    int done[ITEMS_MAX];
    int refused[ITEMS_MAX];
    char sizes[ITEMS_MAX * 4];
    size_t attempts;
};

static bool attempt(struct run *run, size_t first, size_t size)
{
    run->sizes[run->attempts++] = (char)('0' + size);
    for (size_t i = first; i < first + size; i++) {
        if (run->bad[i])
            return false;
    }
    for (size_t i = first; i < first + size; i++)
        run->done[i]++;
    return true;
}

static void go_through(struct run *run, size_t n, size_t max)
{
    struct tg_batch batch = tg_batch_of(n, max);
    while (tg_batch_next(&batch)) {
        cr_assert(batch.size >= 1 && batch.size <= max && batch.first + batch.size <= n);
        if (!attempt(run, batch.first, batch.size) && !tg_batch_halve(&batch))
            run->refused[batch.first]++;
    }
}

Test(batch, of_what_nobody_refuses_is_as_large_as_may_be)
{
    static const struct {
        size_t n, max;
        const char *sizes;
    } cases[] = {{0, 8, ""},     {1, 8, "1"},   {8, 8, "8"},  {9, 8, "81"},
                 {20, 8, "884"}, {3, 1, "111"}, {7, 3, "331"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run = {0};
        go_through(&run, cases[i].n, cases[i].max);
        cr_assert_str_eq(run.sizes, cases[i].sizes);
    }
}

Test(batch, that_is_refused_is_halved_and_grows_again)
{
    struct run run = {.bad = {[2] = true}};
    go_through(&run, 8, 8);
    // 0-7, 0-3, 0-1; 2-5, 2-3, 2; 3-4; 5-7
    cr_assert_str_eq(run.sizes, "84242123", "%s", run.sizes);
}

// Each set of bad ones among few items, in batches of each size.
Test(batch, does_each_good_item_once_and_finds_each_bad_one_alone)
{
    enum { ITEMS = 9 };
    for (unsigned set = 0; set < 1U << ITEMS; set++) {
        for (size_t max = 1; max <= ITEMS + 1; max++) {
            struct run run = {0};
            for (size_t i = 0; i < ITEMS; i++)
                run.bad[i] = set >> i & 1;
            go_through(&run, ITEMS, max);
            for (size_t i = 0; i < ITEMS; i++) {
                cr_assert_eq(run.done[i], !run.bad[i], "%u %zu %zu", set, max, i);
                cr_assert_eq(run.refused[i], run.bad[i], "%u %zu %zu", set, max, i);
            }
        }
    }
}

Test(batch, that_is_repeated_is_the_same_and_grows_behind_it)
{
    struct tg_batch batch = tg_batch_of(20, 8);
    cr_assert(tg_batch_next(&batch));
    cr_assert(tg_batch_halve(&batch));
    for (int i = 0; i < 3; i++) {
        cr_assert(tg_batch_next(&batch));
        cr_assert(batch.first == 0 && batch.size == 4);
        tg_batch_repeat(&batch);
    }
    cr_assert(tg_batch_next(&batch));
    cr_assert(batch.first == 0 && batch.size == 4);
    cr_assert(tg_batch_next(&batch));
    cr_assert(batch.first == 4 && batch.size == 8);
}

Test(batch, of_items_without_end_goes_on)
{
    struct tg_batch batch = tg_batch_of(SIZE_MAX, 8);
    for (size_t i = 0; i < 100; i++) {
        cr_assert(tg_batch_next(&batch));
        cr_assert(batch.first == 8 * i && batch.size == 8);
    }
}
