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
    struct tg_batch all = tg_batch_of(count, TG_INBOUND_WEBHOOKS_MAX);
    while (tg_batch_next(&all)) {
        enum tg_pg_status status = tg_store_end_dead_letters(means->pg, done + all.first, all.size);
        if (status == TG_PG_REFUSED)
            tg_log(TG_LOG_ERROR, "dead_letters_left", TG_LOG_NUMBER("letters", all.size));
        if (!pg_wait_goes_on(status, &all, means->stop))
            return false;
    }
    return true;
}

// The first of these, as many as may be parsed at the same time. Returns how many; 0: stop was
// ordered before it was done.
static size_t retry_some(struct means *means, const struct tg_taken_letter *letters, size_t n)
{
    struct items items = {0};
    size_t count = 0;
    for (; count < n && items.memory < TG_INBOUND_MEMORY; count++)
        items_read(&items, (struct item_body){.text = &letters[count].body,
                                              .letter = letters[count].id,
                                              .was_told = letters[count].was_told,
                                              .tries = letters[count].tries});
    bool done = apply_all(means, &items) && end(means, letters, items.body, count);
    items_finish(&items);
    return done ? count : 0;
}

static bool retry_batch(struct means *means, const struct tg_taken_letter *letters, size_t n)
{
    size_t done = 0;
    size_t count = n;
    while (count > 0 && done < n)
        done += count = retry_some(means, letters + done, n - done);
    return done == n;
}

bool dead_letters_retry(struct means *means)
{
    struct tg_taken_letter letters[TG_INBOUND_WEBHOOKS_MAX];
    bool more = true;
    while (more && !stop_ordered(means->stop)) {
        size_t max = means->sizing.max;
        size_t n = 0;
        if (tg_store_take_dead_letters(means->pg, (int64_t)max, letters, &n) != TG_PG_OK)
            return false;
        bool done = n == 0 || retry_batch(means, letters, n);
        for (size_t i = 0; i < n; i++)
            tg_text_finish(&letters[i].body);
        if (!done)
            return false;
        more = n == max;
    }
    return true;
}
