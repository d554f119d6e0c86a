#include "worker/pg_wait.h"

#include <criterion/criterion.h>

// A batch of eight of which the first call ended so.
static struct tg_batch batch_after(enum tg_pg_status status, struct stop *stop)
{
    struct tg_batch batch = tg_batch_of(16, 8);
    cr_assert(tg_batch_next(&batch));
    cr_assert(pg_wait_goes_on(status, &batch, stop));
    cr_assert(tg_batch_next(&batch));
    return batch;
}

static const struct {
    enum tg_pg_status status;
    size_t first;
    size_t size;
} nexts[] = {
    {TG_PG_OK, 8, 8},          // done
    {TG_PG_REFUSED, 8, 8},     // whoever called has seen to it
    {TG_PG_UNAVAILABLE, 0, 8}, // it was not even tried
    {TG_PG_UNKNOWN, 0, 4},     {TG_PG_RETRY, 0, 4},
};

Test(pg_wait, repeats_by_halves_what_may_have_been_too_large)
{
    struct stop *stop = stop_create();
    for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++) {
        struct tg_batch batch = batch_after(nexts[i].status, stop);
        cr_assert_eq(batch.first, nexts[i].first, "%zu: %zu", i, batch.first);
        cr_assert_eq(batch.size, nexts[i].size, "%zu: %zu", i, batch.size);
    }
    stop_destroy(stop);
}

Test(pg_wait, repeats_one_item_until_it_is_done_and_grows_again)
{
    static const size_t sizes[] = {4, 2, 1, 1, 1};
    struct stop *stop = stop_create();
    struct tg_batch batch = tg_batch_of(16, 8);
    cr_assert(tg_batch_next(&batch));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert(pg_wait_goes_on(TG_PG_RETRY, &batch, stop));
        cr_assert(tg_batch_next(&batch));
        cr_assert(batch.first == 0 && batch.size == sizes[i]);
    }
    cr_assert(pg_wait_goes_on(TG_PG_OK, &batch, stop));
    cr_assert(tg_batch_next(&batch));
    cr_assert(batch.first == 1 && batch.size == 2);
    stop_destroy(stop);
}

Test(pg_wait, leaves_the_batch_once_stop_is_ordered)
{
    struct stop *stop = stop_create();
    struct tg_batch batch = tg_batch_of(16, 8);
    cr_assert(tg_batch_next(&batch));
    stop_order(stop);
    cr_assert_not(pg_wait_goes_on(TG_PG_RETRY, &batch, stop));
    cr_assert_not(pg_wait_goes_on(TG_PG_UNKNOWN, &batch, stop));
    stop_destroy(stop);
}
