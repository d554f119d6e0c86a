#include "worker/inbound/apply.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "worker/inbound/changes.h"
#include "worker/inbound/reply.h"
#include "worker/inbound/words.h"
#include "worker/pg_wait.h"
#include "worker/successors.h"

#include <stdio.h>

// Items on their way through a transaction, those of one kind together.
struct batch {
    struct tg_pg *pg;
    struct words *words;
    int64_t reply_within_s;
    const struct items *items; // it is a part of these
    size_t n;
    struct item *item[TG_BATCH_MAX];
    const void *row[TG_BATCH_MAX]; // of item[i], as the call for its kind takes it
    // What came of item[i], by its kind.
    struct tg_status_applied applied[TG_BATCH_MAX];
    struct tg_received received[TG_BATCH_MAX];
    enum tg_item_verdict kept[TG_BATCH_MAX]; // of a copy or a preference
};

static enum tg_pg_status receive(struct batch *batch, size_t first)
{
    const struct tg_inbound_message *const *rows =
        (const struct tg_inbound_message *const *)(batch->row + first);
    size_t n = batch->n - first;
    enum tg_pg_status status = tg_store_receive_messages(batch->pg, rows, n, batch->reply_within_s,
                                                         batch->received + first);
    if (status == TG_PG_OK)
        status =
            words_judge(batch->words, batch->pg, batch->item + first, batch->received + first, n);
    return status;
}

// The call for those of one kind, item[first] and so on.
static enum tg_pg_status apply_kind(struct batch *batch, enum item_kind kind, size_t first)
{
    struct tg_pg *pg = batch->pg;
    const void *const *rows = batch->row + first;
    size_t n = batch->n - first;
    switch (kind) {
    case ITEM_STATUS:
        return tg_store_apply_statuses(pg, (const struct tg_status_update *const *)rows, n,
                                       batch->applied + first);
    case ITEM_MESSAGE:
        return receive(batch, first);
    case ITEM_COPY:
        return tg_store_receive_copies(pg, (const struct tg_inbound_message *const *)rows, n,
                                       batch->kept + first);
    case ITEM_PREFERENCE:
        return tg_store_receive_preferences(pg, (const struct tg_preference *const *)rows, n,
                                            batch->kept + first);
    case ITEM_ACCOUNT_NOTICE:
        return tg_store_record_account_notices(pg, (const struct tg_account_notice *const *)rows,
                                               n);
    case ITEM_DEAD:
    case ITEM_NOT_OURS:
        break;
    }
    return TG_PG_OK;
}

static enum tg_item_verdict verdict_of(const struct batch *batch, size_t i)
{
    switch (batch->item[i]->kind) {
    case ITEM_STATUS:
        return batch->applied[i].verdict;
    case ITEM_MESSAGE:
        return batch->received[i].verdict;
    case ITEM_COPY:
    case ITEM_PREFERENCE:
        return batch->kept[i];
    case ITEM_ACCOUNT_NOTICE:
    case ITEM_DEAD:
    case ITEM_NOT_OURS:
        break;
    }
    return TG_ITEM_SAVED;
}

// A status may be faster than its message, but not by so many tries.
static bool is_not_ours(const struct item *item, enum tg_item_verdict verdict)
{
    return verdict == TG_ITEM_UNKNOWN_MESSAGE &&
           item->origin.body->tries + 1 >= TG_STATUS_TRIES_MAX;
}

// Makes the calls. What they would not apply is dead then.
static enum tg_pg_status apply_kinds(struct batch *batch, struct item *items, size_t n)
{
    enum tg_pg_status status = TG_PG_OK;
    for (enum item_kind kind = 0; kind <= ITEM_DEAD && status == TG_PG_OK; kind++) {
        size_t first = batch->n;
        for (size_t i = 0; i < n; i++) {
            if (items[i].kind != kind)
                continue;
            batch->row[batch->n] = &items[i].status; // or what else it is: they begin in one place
            batch->item[batch->n++] = &items[i];
        }
        if (batch->n > first)
            status = apply_kind(batch, kind, first);
    }
    for (size_t i = 0; status == TG_PG_OK && i < batch->n; i++) {
        enum tg_item_verdict verdict = verdict_of(batch, i);
        if (is_not_ours(batch->item[i], verdict))
            item_disown(batch->item[i]);
        else if (verdict != TG_ITEM_APPLIED && verdict != TG_ITEM_SAVED &&
                 verdict != TG_ITEM_DUPLICATE)
            item_kill(batch->item[i], tg_item_verdict_names[verdict]);
    }
    return status;
}

// Writes what is dead, up to the one with which it is too much. Returns how many.
static size_t write_dead(const struct batch *batch, struct tg_dead_letter *letters, size_t *bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n && *bytes <= TG_DEAD_LETTERS_BYTES; i++) {
        const struct item *item = batch->item[i];
        if (item->kind != ITEM_DEAD)
            continue;
        letters[n] = (struct tg_dead_letter){.reason = item->reason,
                                             .phone_number_id = item->origin.phone_number_id,
                                             .tries = item->origin.body->tries};
        item_write_body(item, &letters[n].body);
        *bytes += letters[n++].body.length;
    }
    return n;
}

static enum tg_pg_status record_letters(const struct batch *batch,
                                        const struct tg_dead_letter *letters, size_t n)
{
    int64_t taken[TG_INBOUND_WEBHOOKS_MAX];
    size_t taken_count = 0;
    for (size_t i = 0; i < batch->items->body_count; i++) {
        if (batch->items->body[i].letter)
            taken[taken_count++] = batch->items->body[i].letter;
    }
    return tg_store_record_dead_letters(batch->pg, taken, taken_count, letters, n);
}

// More than one transaction may hold is refused here already, so that the batch is halved.
static enum tg_pg_status record_dead(const struct batch *batch)
{
    struct tg_dead_letter letters[TG_BATCH_MAX];
    size_t bytes = 0;
    size_t n = write_dead(batch, letters, &bytes);
    enum tg_pg_status status = TG_PG_OK;
    if (bytes > TG_DEAD_LETTERS_BYTES && batch->n > 1)
        status = TG_PG_REFUSED;
    else if (n > 0)
        status = record_letters(batch, letters, n);
    for (size_t i = 0; i < n; i++)
        tg_text_finish(&letters[i].body);
    return status;
}

// How a batch has ended beside that.
struct end {
    bool stopped;        // stop was ordered before what follows from it was done
    bool telling_failed; // it could be applied, but not told of
};

static enum tg_pg_status apply_in_transaction(struct batch *batch, size_t first, size_t n,
                                              struct end *end)
{
    enum tg_pg_status status = tg_pg_begin(batch->pg);
    if (status != TG_PG_OK)
        return status;
    status = apply_kinds(batch, batch->items->item + first, n);
    if (status == TG_PG_OK)
        status = record_dead(batch);
    if (status == TG_PG_OK) {
        status = changes_tell(batch->pg, batch->items, first, n);
        end->telling_failed = status != TG_PG_OK;
    }
    if (status == TG_PG_OK)
        return tg_pg_commit(batch->pg);
    tg_pg_rollback(batch->pg);
    return status;
}

// How long after it happened at Meta, by the seconds in which Meta tells it.
static int64_t age_ms(int64_t time_s)
{
    return tg_unix_ms() - time_s * 1000;
}

static const char *number_of(const struct item *item, char number[static 33])
{
    struct tg_span id = item->origin.phone_number_id;
    snprintf(number, 33, "%.*s", (int)id.length, id.data ? id.data : "");
    return number;
}

static void log_status(const struct item *item, const struct tg_status_applied *applied)
{
    char number[33];
    const struct tg_status_update *update = &item->status;
    bool moves_money = update->status == TG_STATUS_FAILED || applied->reversed;
    tg_log(moves_money ? TG_LOG_INFO : tg_log_step_level(),
           moves_money ? "send_failed_later" : "status_applied", TG_LOG_MESSAGE(applied),
           TG_LOG_TEXT("phone_number_id", number_of(item, number)),
           TG_LOG_TEXT("status", tg_status_names[update->status]),
           TG_LOG_TEXT("outcome", update->error_code), TG_LOG_NUMBER("refunded", applied->refunded),
           TG_LOG_NUMBER("reversed", applied->reversed),
           TG_LOG_NUMBER("duration_ms", age_ms(update->time_s)));
}

static void record_status(const struct item *item, const struct tg_status_applied *applied)
{
    tg_count(TG_INBOUND_ITEMS, "status_applied", 1);
    tg_count(TG_REFUNDS, NULL, applied->refunded);
    tg_count(TG_REFUND_REVERSALS, NULL, applied->reversed);
    if (applied->paused) {
        tg_count(TG_CHANNELS_PAUSED, item->status.error_code, 1);
        tg_log(TG_LOG_WARN, "channel_paused", TG_LOG_MESSAGE(applied),
               TG_LOG_TEXT("outcome", item->status.error_code));
    }
    if (applied->unknown_code) {
        tg_count(TG_UNKNOWN_ERROR_CODES, item->status.error_code, 1);
        tg_log_rarely(TG_LOG_WARN, "unknown_error_code",
                      TG_LOG_TEXT("code", item->status.error_code), TG_LOG_MESSAGE(applied));
    }
    log_status(item, applied);
}

static void record_message(const struct item *item, const struct tg_received *received)
{
    char number[33];
    bool is_new = received->verdict != TG_ITEM_DUPLICATE;
    tg_count(TG_INBOUND_ITEMS, is_new ? "message_saved" : "message_duplicate", 1);
    tg_log_step(is_new ? "message_received" : "message_repeated", TG_LOG_MESSAGE(received),
                TG_LOG_ID("channel_id", received->channel_id),
                TG_LOG_TEXT("phone_number_id", number_of(item, number)),
                TG_LOG_NUMBER("duration_ms", age_ms(item->message.time_s)));
}

static void record_dead_item(const struct item *item)
{
    char number[33];
    // Is tried again by itself, so nobody need look at it.
    if (item->reason == tg_item_verdict_names[TG_ITEM_UNKNOWN_MESSAGE]) {
        tg_count(TG_INBOUND_ITEMS, "status_early", 1);
        return;
    }
    tg_count(TG_INBOUND_ITEMS, "dead", 1);
    tg_count(TG_DEAD_LETTERS, item->reason, 1);
    tg_log_rarely_of(TG_LOG_WARN, "item_not_applied", item->reason,
                     TG_LOG_TEXT("reason", item->reason),
                     TG_LOG_TEXT("phone_number_id", number_of(item, number)),
                     TG_LOG_NUMBER("tries", item->origin.body->tries + 1));
}

// Counts and logs what was committed.
static void record(const struct batch *batch, size_t i)
{
    const struct item *item = batch->item[i];
    switch (item->kind) {
    case ITEM_MESSAGE:
        record_message(item, &batch->received[i]);
        break;
    case ITEM_STATUS:
        record_status(item, &batch->applied[i]);
        break;
    case ITEM_COPY:
        tg_count(TG_INBOUND_ITEMS,
                 batch->kept[i] == TG_ITEM_DUPLICATE ? "copy_duplicate" : "copy_saved", 1);
        break;
    case ITEM_PREFERENCE:
        tg_count(TG_INBOUND_ITEMS, "preference_applied", 1);
        break;
    case ITEM_ACCOUNT_NOTICE:
        tg_count(TG_INBOUND_ITEMS, "account_notice", 1);
        break;
    case ITEM_DEAD:
        record_dead_item(item);
        break;
    case ITEM_NOT_OURS:
        tg_count(TG_INBOUND_ITEMS, "status_not_ours", 1);
        break;
    }
}

// What follows from a batch that was applied. False: stop was ordered before it was done.
static bool conclude(const struct means *means, const struct batch *batch)
{
    struct successors successors = {0};
    struct reply_cause causes[TG_BATCH_MAX];
    size_t cause_count = 0;
    tg_log_gather();
    for (size_t i = 0; i < batch->n; i++) {
        const struct item *item = batch->item[i];
        record(batch, i);
        if (item->kind == ITEM_STATUS)
            successors_add(&successors, batch->applied[i].org_id, &batch->applied[i].released);
        else if (item->kind == ITEM_MESSAGE && batch->received[i].rules_version > 0 &&
                 item->message.is_said)
            causes[cause_count++] = (struct reply_cause){&item->message, &batch->received[i]};
    }
    tg_log_let_go();
    successors_publish(&successors, means->sends);
    return reply_to_all(means, causes, cause_count);
}

static enum tg_pg_status apply_batch(const struct means *means, const struct items *items,
                                     size_t first, size_t n, struct end *end)
{
    struct batch batch = {.pg = means->pg,
                          .words = means->words,
                          .reply_within_s = *means->reply_within_s,
                          .items = items};
    long long began_ms = tg_now_ms();
    enum tg_pg_status status = apply_in_transaction(&batch, first, n, end);
    if (status == TG_PG_OK) {
        tg_observe(TG_INBOUND_BATCH, (double)n);
        long long took_ms = tg_now_ms() - began_ms;
        tg_observe(TG_INBOUND_SECONDS, (double)took_ms / 1e3);
        tg_log_step("items_applied", TG_LOG_NUMBER("items", n),
                    TG_LOG_NUMBER("duration_ms", took_ms));
        end->stopped = !conclude(means, &batch);
    }
    for (size_t i = 0; i < n; i++)
        tg_text_finish(&batch.received[i].name);
    return status;
}

// What PostgreSQL refuses of one item alone: that its change is told of, and then it is not; or the
// item, and it is dead, and if not even that can be recorded it stays with its body. False: it is
// to be tried once more like that.
static bool refuse(struct item *item, const struct end *end)
{
    char number[33];
    bool was_dead = item->kind == ITEM_DEAD;
    if (end->telling_failed) {
        tg_log(TG_LOG_ERROR, "change_not_told",
               TG_LOG_TEXT("phone_number_id", number_of(item, number)));
        item->is_untellable = true;
        return false;
    }
    if (was_dead)
        item->origin.body->refused = item->reason;
    else
        item_kill(item, "refused");
    return was_dead;
}

bool apply_all(struct means *means, struct items *items)
{
    sizing_note(&means->sizing, items->body_count, items->bytes);
    struct tg_batch batch = tg_batch_of(items->count, TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        struct end end = {0};
        enum tg_pg_status status = apply_batch(means, items, batch.first, batch.size, &end);
        if (status == TG_PG_REFUSED && !tg_batch_halve(&batch) &&
            !refuse(items->item + batch.first, &end))
            tg_batch_repeat(&batch);
        if (end.stopped || !pg_wait_goes_on(status, &batch, means->stop))
            return false;
    }
    return true;
}
