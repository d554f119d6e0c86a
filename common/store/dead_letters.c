#include "common/store/dead_letters.h"

#include "common/store/calls.h"

struct being_applied {
    const int64_t *ids;
    size_t count;
};

static const struct tg_call record_dead_letters = {
    .name = "record_dead_letters",
    .one = TG_FIELDS(INT8S("p_taken", being_applied, ids, count)),
    .each = TG_FIELDS(BYTES("p_bodies", tg_dead_letter, body),
                      TEXT("p_reasons", tg_dead_letter, reason),
                      TEXT("p_phone_number_ids", tg_dead_letter, phone_number_id),
                      INT8("p_tries", tg_dead_letter, tries)),
};

enum tg_pg_status tg_store_record_dead_letters(struct tg_pg *pg, const int64_t *taken,
                                               size_t taken_count,
                                               const struct tg_dead_letter *letters, size_t n)
{
    struct being_applied being_applied = {taken, taken_count};
    return tg_pg_call(pg, &record_dead_letters, TG_ONE(&being_applied), TG_EACH(letters, n));
}

struct taking {
    int64_t limit;
};

static const struct tg_call take_dead_letters = {
    .name = "take_dead_letters",
    .one = TG_FIELDS(INT8("p_limit", taking, limit)),
    .out = TG_FIELDS(INT8("id", tg_taken_letter, id), INT8("tries", tg_taken_letter, tries),
                     INT8("until_us", tg_taken_letter, until_us),
                     BYTES("body", tg_taken_letter, body)),
};

enum tg_pg_status tg_store_take_dead_letters(struct tg_pg *pg, int64_t limit,
                                             struct tg_taken_letter *letters, size_t *n)
{
    struct taking taking = {limit};
    return tg_pg_call(pg, &take_dead_letters, TG_ONE(&taking),
                      TG_ROWS_TO(letters, (size_t)limit, n));
}

static const struct tg_call end_dead_letters = {
    .name = "end_dead_letters",
    .each = TG_FIELDS(INT8("p_ids", tg_taken_letter, id),
                      INT8("p_until_us", tg_taken_letter, until_us)),
};

enum tg_pg_status tg_store_end_dead_letters(struct tg_pg *pg,
                                            const struct tg_taken_letter *const *letters, size_t n)
{
    return tg_pg_call(pg, &end_dead_letters, TG_EACH_AT(letters, n));
}

const struct tg_call *const tg_dead_letter_calls[] = {&record_dead_letters, &take_dead_letters,
                                                      &end_dead_letters, NULL};
