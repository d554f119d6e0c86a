// How much there is of something, for whoever watches. See accept.h for what holds for all.
#pragma once

#include "common/pg/pg.h"

#include <stddef.h>
#include <stdint.h>

struct tg_counted {
    char label[48]; // what they have in common; "": they are all there are
    int64_t number;
    int64_t age_s; // of the oldest; 0 where that is not asked
};

// Counts by `figure`, a word of list_figures(): up to `max` groups. It reads so many rows at the
// most, and no table from end to end; give it a connection whose statements are bounded.
enum tg_pg_status tg_store_list_figures(struct tg_pg *pg, const char *figure,
                                        struct tg_counted *counted, size_t max,
                                        size_t *n) TG_MUST_CHECK;
