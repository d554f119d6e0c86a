// Going through items batch by batch where one item can have its whole batch refused: the batch is
// halved until that one is alone, so that it does not fail its neighbours; after that the batches
// grow again.
//
//     struct tg_batch batch = tg_batch_of(n, TG_BATCH_MAX);
//     while (tg_batch_next(&batch)) {
//         if (do_them(items + batch.first, batch.size) == REFUSED && !tg_batch_halve(&batch))
//             tell_of(items[batch.first]);
//     }
#pragma once

#include "common/base/error.h"

#include <stddef.h>

struct tg_batch {
    size_t first; // the items of this batch are first to first + size - 1
    size_t size;
    size_t count;  // of all items
    size_t max;    // of one batch
    size_t wanted; // of the next batch, if so many are left
};

// Nothing is done yet: tg_batch_next comes first. `max` is at least 1.
struct tg_batch tg_batch_of(size_t count, size_t max);

// Goes on to the items behind this batch, or to those that one of the two below has chosen. False:
// none are left.
bool tg_batch_next(struct tg_batch *batch) TG_MUST_CHECK;

// The next batch is the first half of this one. False: it is one item, which cannot be halved; the
// next batch is what is behind it.
bool tg_batch_halve(struct tg_batch *batch) TG_MUST_CHECK;

// The next batch is this one once more.
void tg_batch_repeat(struct tg_batch *batch);
