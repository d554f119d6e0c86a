#include "worker/inbound/apply.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/store/dead_letters.h"

#include <assert.h>
#include <string.h>

// One batch on its way through the transaction.
struct batch {
    struct tg_pg *pg;
    struct item *items;
    size_t n;
    struct tg_received *received;
    struct tg_status_applied applied[TG_BATCH_MAX]; // by item
};

// The items of one kind, in order. Returns how many.
static size_t find_kind(const struct batch *batch, enum item_kind kind, size_t *at)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->items[i].kind == kind)
            at[count++] = i;
    }
    return count;
}

static void judge(struct item *item, enum tg_item_verdict verdict)
{
    if (verdict != TG_ITEM_APPLIED && verdict != TG_ITEM_SAVED && verdict != TG_ITEM_DUPLICATE)
        item_kill(item, tg_item_verdict_names[verdict]);
}

static enum tg_pg_status apply_statuses(struct batch *batch)
{
    size_t at[TG_BATCH_MAX];
    const struct tg_status_update *updates[TG_BATCH_MAX];
    struct tg_status_applied applied[TG_BATCH_MAX];
    size_t n = find_kind(batch, ITEM_STATUS, at);
    for (size_t i = 0; i < n; i++)
        updates[i] = &batch->items[at[i]].status;
    if (n == 0)
        return TG_PG_OK;
    enum tg_pg_status status = tg_store_apply_statuses(batch->pg, updates, n, applied);
    for (size_t i = 0; status == TG_PG_OK && i < n; i++) {
        batch->applied[at[i]] = applied[i];
        judge(&batch->items[at[i]], applied[i].verdict);
    }
    return status;
}

static enum tg_pg_status receive_messages(struct batch *batch)
{
    size_t at[TG_BATCH_MAX];
    const struct tg_inbound_message *messages[TG_BATCH_MAX];
    struct tg_received received[TG_BATCH_MAX];
    size_t n = find_kind(batch, ITEM_MESSAGE, at);
    for (size_t i = 0; i < n; i++)
        messages[i] = &batch->items[at[i]].message;
    if (n == 0)
        return TG_PG_OK;
    enum tg_pg_status status = tg_store_receive_messages(batch->pg, messages, n, received);
    for (size_t i = 0; status == TG_PG_OK && i < n; i++) {
        batch->received[at[i]] = received[i];
        judge(&batch->items[at[i]], received[i].verdict);
    }
    return status;
}

static enum tg_pg_status receive_preferences(struct batch *batch)
{
    size_t at[TG_BATCH_MAX];
    const struct tg_preference *preferences[TG_BATCH_MAX];
    enum tg_item_verdict verdicts[TG_BATCH_MAX];
    size_t n = find_kind(batch, ITEM_PREFERENCE, at);
    for (size_t i = 0; i < n; i++)
        preferences[i] = &batch->items[at[i]].preference;
    if (n == 0)
        return TG_PG_OK;
    enum tg_pg_status status = tg_store_receive_preferences(batch->pg, preferences, n, verdicts);
    for (size_t i = 0; status == TG_PG_OK && i < n; i++)
        judge(&batch->items[at[i]], verdicts[i]);
    return status;
}

static enum tg_pg_status record_account_notices(struct batch *batch)
{
    size_t at[TG_BATCH_MAX];
    const struct tg_account_notice *notices[TG_BATCH_MAX];
    size_t n = find_kind(batch, ITEM_ACCOUNT_NOTICE, at);
    for (size_t i = 0; i < n; i++)
        notices[i] = &batch->items[at[i]].account_notice;
    return n > 0 ? tg_store_record_account_notices(batch->pg, notices, n) : TG_PG_OK;
}

// Last, since what the calls before would not apply is dead too.
static enum tg_pg_status record_dead(struct batch *batch, const int64_t *taken, size_t taken_count)
{
    size_t at[TG_BATCH_MAX];
    struct tg_dead_letter letters[TG_BATCH_MAX];
    size_t n = find_kind(batch, ITEM_DEAD, at);
    if (n == 0)
        return TG_PG_OK;
    for (size_t i = 0; i < n; i++) {
        const struct item *item = &batch->items[at[i]];
        letters[i] = (struct tg_dead_letter){
            .reason = item->reason, .phone_number_id = item->phone_number_id, .tries = item->tries};
        item_write_body(item, &letters[i].body);
    }
    enum tg_pg_status status =
        tg_store_record_dead_letters(batch->pg, taken, taken_count, letters, n);
    for (size_t i = 0; i < n; i++)
        tg_text_finish(&letters[i].body);
    return status;
}

static enum tg_pg_status apply_in_transaction(struct batch *batch, const int64_t *taken,
                                              size_t taken_count)
{
    enum tg_pg_status status = tg_pg_begin(batch->pg);
    if (status != TG_PG_OK)
        return status;
    status = apply_statuses(batch);
    if (status == TG_PG_OK)
        status = receive_messages(batch);
    if (status == TG_PG_OK)
        status = receive_preferences(batch);
    if (status == TG_PG_OK)
        status = record_account_notices(batch);
    if (status == TG_PG_OK)
        status = record_dead(batch, taken, taken_count);
    if (status == TG_PG_OK)
        return tg_pg_commit(batch->pg);
    tg_pg_rollback(batch->pg);
    return status;
}

static void record_status(const struct item *item, const struct tg_status_applied *applied)
{
    tg_count(TG_INBOUND_ITEMS, "status_applied", 1);
    if (applied->refunded)
        tg_count(TG_REFUNDS, NULL, 1);
    if (applied->reversed)
        tg_count(TG_REFUND_REVERSALS, NULL, 1);
    if (applied->unknown_code) {
        tg_count(TG_UNKNOWN_ERROR_CODES, item->status.error_code, 1);
        tg_log(TG_LOG_WARN, "unknown_error_code", TG_LOG_TEXT("code", item->status.error_code),
               TG_LOG_ID("message_id", applied->message_id), TG_LOG_ID("org_id", applied->org_id));
    }
    if (item->status.status == TG_STATUS_FAILED || applied->reversed)
        tg_log(TG_LOG_INFO, "send_failed_later", TG_LOG_ID("message_id", applied->message_id),
               TG_LOG_ID("org_id", applied->org_id),
               TG_LOG_TEXT("status", tg_status_names[item->status.status]),
               TG_LOG_TEXT("outcome", item->status.error_code),
               TG_LOG_NUMBER("refunded", applied->refunded),
               TG_LOG_NUMBER("reversed", applied->reversed));
}

static void record_dead_item(const struct item *item)
{
    char number[33];
    size_t length = item->phone_number_id.length < 32 ? item->phone_number_id.length : 32;
    memcpy(number, length ? item->phone_number_id.data : "", length);
    number[length] = '\0';
    tg_count(TG_INBOUND_ITEMS, "dead", 1);
    tg_count(TG_DEAD_LETTERS, item->reason, 1);
    tg_log(TG_LOG_WARN, "event_not_applied", TG_LOG_TEXT("reason", item->reason),
           TG_LOG_TEXT("phone_number_id", number), TG_LOG_NUMBER("tries", item->tries + 1));
}

// Counts and logs what was committed.
static void record(const struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        const struct item *item = &batch->items[i];
        switch (item->kind) {
        case ITEM_MESSAGE:
            tg_count(TG_INBOUND_ITEMS,
                     batch->received[i].verdict == TG_ITEM_DUPLICATE ? "message_duplicate"
                                                                     : "message_saved",
                     1);
            break;
        case ITEM_STATUS:
            record_status(item, &batch->applied[i]);
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
        }
    }
}

enum tg_pg_status apply_items(struct tg_pg *pg, struct item *items, size_t n, const int64_t *taken,
                              size_t taken_count, struct tg_received *received,
                              struct successors *successors)
{
    assert(n <= TG_BATCH_MAX);
    struct batch batch = {.pg = pg, .items = items, .n = n, .received = received};
    successors->n = 0;
    memset(received, 0, n * sizeof *received);
    long long began_ms = tg_now_ms();
    enum tg_pg_status status = apply_in_transaction(&batch, taken, taken_count);
    for (size_t i = 0; i < n; i++) {
        if (status == TG_PG_OK && items[i].kind == ITEM_MESSAGE)
            continue;
        tg_received_finish(&received[i]);
        received[i] = (struct tg_received){0};
    }
    if (status != TG_PG_OK)
        return status;
    tg_observe(TG_INBOUND_BATCH, (double)n);
    tg_observe(TG_INBOUND_SECONDS, (double)(tg_now_ms() - began_ms) / 1e3);
    record(&batch);
    for (size_t i = 0; i < n; i++)
        successors_add(successors, batch.applied[i].org_id, &batch.applied[i].released);
    return TG_PG_OK;
}
