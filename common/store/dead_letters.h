// What could not be applied. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"

#include <stddef.h>
#include <stdint.h>

// What could not be applied, as a webhook body of its own.
struct tg_dead_letter {
    struct tg_text body; // any bytes
    const char *reason;
    struct tg_span phone_number_id;
    int64_t tries; // so often it was tried before
};

// `taken`: rows of tg_store_take_dead_letters that are being applied. Those that fail again are
// brought up to date; of others, what stands there already stays as it is. A part of the
// transaction that applies (inbound.h), its last.
enum tg_pg_status tg_store_record_dead_letters(struct tg_pg *pg, const int64_t *taken,
                                               size_t taken_count,
                                               const struct tg_dead_letter *letters,
                                               size_t n) TG_MUST_CHECK;

struct tg_taken_letter {
    int64_t id;
    int64_t tries;
    int64_t until_us;    // nobody else takes it until then, by PostgreSQL's clock
    struct tg_text body; // the caller's to finish
};

// Up to `limit` dead letters that are to be tried again. A transaction of its own.
enum tg_pg_status tg_store_take_dead_letters(struct tg_pg *pg, int64_t limit,
                                             struct tg_taken_letter *letters,
                                             size_t *n) TG_MUST_CHECK;

// Ends dead letters that were taken, once everything that follows from them is committed. Those
// that were recorded anew meanwhile stay, and so do those that others have by now.
enum tg_pg_status tg_store_end_dead_letters(struct tg_pg *pg,
                                            const struct tg_taken_letter *const *letters,
                                            size_t n) TG_MUST_CHECK;
