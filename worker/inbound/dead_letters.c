#include "worker/inbound/dead_letters.h"

#include "common/limits.h"
#include "common/service/log.h"
#include "worker/inbound/apply.h"
#include "worker/pg_wait.h"

// Ends those that were applied, but not those that could not even be recorded anew. What PostgreSQL
// will not delete comes again, which changes nothing. False: stop was ordered before it was done.
static bool end(const struct means *means, const struct tg_taken_letter *letters,
                const struct item_body *bodies, size_t n)
{
    const struct tg_taken_letter *done[TG_INBOUND_WEBHOOKS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!bodies[i].refused)
            done[count++] = &letters[i];
        else
            tg_log(TG_LOG_ERROR, "dead_letter_refused", TG_LOG_NUMBER("id", letters[i].id),
                   TG_LOG_TEXT("reason", bodies[i].refused));
    }
    while (count > 0) {
        enum tg_pg_status status = tg_store_end_dead_letters(means->pg, done, count);
        if (status == TG_PG_OK)
            break;
        if (status == TG_PG_REFUSED) {
            tg_log(TG_LOG_ERROR, "dead_letters_left", TG_LOG_NUMBER("letters", count));
            break;
        }
        if (!pg_wait_for_another_try(status, means->stop))
            return false;
    }
    return true;
}

static bool retry_batch(const struct means *means, struct sizing *sizing,
                        const struct tg_taken_letter *letters, size_t n)
{
    struct item_body bodies[TG_INBOUND_WEBHOOKS_MAX];
    int64_t ids[TG_INBOUND_WEBHOOKS_MAX];
    struct items items = {0};
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bodies[i] = (struct item_body){.text = &letters[i].body, .tries = letters[i].tries};
        ids[i] = letters[i].id;
        bytes += letters[i].body.length;
        items_read(&items, &bodies[i]);
    }
    sizing_note(sizing, n, bytes);
    bool done = apply_all(means, &items, ids, n) && end(means, letters, bodies, n);
    items_finish(&items);
    return done;
}

bool dead_letters_retry(const struct means *means, struct sizing *sizing)
{
    struct tg_taken_letter letters[TG_INBOUND_WEBHOOKS_MAX];
    bool more = true;
    while (more && !stop_ordered(means->stop)) {
        size_t max = sizing->max;
        size_t n = 0;
        if (tg_store_take_dead_letters(means->pg, (int64_t)max, letters, &n) != TG_PG_OK)
            return false;
        bool done = n == 0 || retry_batch(means, sizing, letters, n);
        for (size_t i = 0; i < n; i++)
            tg_text_finish(&letters[i].body);
        if (!done)
            return false;
        more = n == max;
    }
    return true;
}
