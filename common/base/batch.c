#include "common/base/batch.h"

#include <assert.h>

struct tg_batch tg_batch_of(size_t count, size_t max)
{
    assert(max >= 1);
    return (struct tg_batch){.count = count, .max = max, .wanted = max};
}

bool tg_batch_next(struct tg_batch *batch)
{
    batch->first += batch->size;
    size_t left = batch->count - batch->first;
    batch->size = batch->wanted < left ? batch->wanted : left;
    batch->wanted = batch->size <= batch->max / 2 ? 2 * batch->size : batch->max;
    return batch->size > 0;
}

// Stays where it is, with so many.
static void stay(struct tg_batch *batch, size_t wanted)
{
    batch->wanted = wanted;
    batch->size = 0;
}

bool tg_batch_halve(struct tg_batch *batch)
{
    bool can = batch->size > 1;
    if (can)
        stay(batch, batch->size / 2);
    return can;
}

void tg_batch_repeat(struct tg_batch *batch)
{
    stay(batch, batch->size);
}
