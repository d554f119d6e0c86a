#include "common/store/store.h"

#include "common/limits.h"
#include "common/store/store_params.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const tg_verdict_names[TG_VERDICT_CODES] = {
    [TG_ACCEPTED] = "accepted",
    [TG_INSUFFICIENT_BALANCE] = "insufficient_balance",
    [TG_NO_ORG] = "no_org",
    [TG_ORG_SUSPENDED] = "org_suspended",
    [TG_NO_CHANNEL] = "no_channel",
    [TG_CHANNEL_PAUSED] = "channel_paused",
    [TG_CONTACT_OPTED_OUT] = "contact_opted_out",
    [TG_DUPLICATE] = "duplicate",
    [TG_IDEMPOTENCY_CONFLICT] = "idempotency_conflict",
    [TG_EXPIRED] = "expired",
};

static const char *const priority_names[] = {
    [TG_PRIORITY_HIGH] = "high",
    [TG_PRIORITY_BULK] = "bulk",
};

void tg_send_finish(struct tg_send *send)
{
    tg_text_finish(&send->payload);
    tg_text_finish(&send->callback_data);
}

void tg_claim_finish(struct tg_claim *claim)
{
    tg_text_finish(&claim->access_token);
    tg_text_finish(&claim->payload);
}

// A call that only reads. That PostgreSQL has gone and come back since the last one, a connection
// tells only when it is used: a read is then asked once more.
static enum tg_pg_status call_read(struct tg_pg *pg, const char *name, const char *sql,
                                   const struct tg_pg_params *params, struct tg_pg_rows **rows)
{
    enum tg_pg_status status = tg_pg_call(pg, name, sql, params, rows);
    return status == TG_PG_UNKNOWN ? tg_pg_call(pg, name, sql, params, rows) : status;
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static void param_uuids(struct tg_pg_params *params, const struct tg_uuid *ids, size_t n)
{
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, ids[i]));
}

static void item_time_or_null(struct tg_pg_params *params, int64_t ms)
{
    if (ms)
        tg_pg_item_int8(params, ms);
    else
        tg_pg_item_null(params);
}

static void param_sends(struct tg_pg_params *params, const struct tg_send *const *sends, size_t n)
{
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, sends[i]->message_id));
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, sends[i]->org_id));
    tg_pg_param_array(params, TG_PG_UUID, n);
    for (size_t i = 0; i < n; i++) {
        if (sends[i]->has_channel)
            tg_pg_item_uuid(params, sends[i]->channel_id);
        else
            tg_pg_item_null(params);
    }
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_item_text_or_null(params, sends[i]->phone, strlen(sends[i]->phone)));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_item_text_or_null(params, sends[i]->user_id, strlen(sends[i]->user_id)));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_pg_item_text(params, sends[i]->type, strlen(sends[i]->type)));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_pg_item_text(params, sends[i]->payload.data, sends[i]->payload.length));
    TG_PARAM_EACH(
        params, TG_PG_TEXT, n,
        tg_item_text_or_null(params, sends[i]->callback_data.data, sends[i]->callback_data.length));
    tg_pg_param_array(params, TG_PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        const char *priority = priority_names[sends[i]->priority];
        tg_pg_item_text(params, priority, strlen(priority));
    }
    TG_PARAM_EACH(params, TG_PG_INT8, n, item_time_or_null(params, sends[i]->send_at_ms));
    TG_PARAM_EACH(params, TG_PG_INT8, n, item_time_or_null(params, sends[i]->not_after_ms));
    TG_PARAM_EACH(
        params, TG_PG_TEXT, n,
        tg_item_text_or_null(params, sends[i]->idempotency_key, strlen(sends[i]->idempotency_key)));
    tg_pg_param_array(params, TG_PG_BYTEA, n);
    for (size_t i = 0; i < n; i++) {
        if (sends[i]->idempotency_key[0])
            tg_pg_item_bytes(params, sends[i]->body_hash, sizeof sends[i]->body_hash);
        else
            tg_pg_item_null(params);
    }
}

static enum tg_verdict_code verdict_code(const char *name)
{
    for (enum tg_verdict_code code = 0; code < TG_VERDICT_CODES; code++) {
        if (strcmp(tg_verdict_names[code], name) == 0)
            return code;
    }
    assert(false); // a verdict of accept_sends that C does not know
    return TG_NO_ORG;
}

enum tg_pg_status tg_store_accept_sends(struct tg_pg *pg, const struct tg_send *const *sends,
                                        size_t n, struct tg_verdict *verdicts)
{
    struct tg_pg_params params = {0};
    param_sends(&params, sends, n);
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "accept_sends",
                   "SELECT verdict, message_id, status, balance, fee FROM "
                   "accept_sends($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                   &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (size_t i = 0; i < n; i++) {
        int row = (int)i;
        verdicts[i].code = verdict_code(tg_pg_text(rows, row, 0));
        verdicts[i].message_id = tg_pg_uuid(rows, row, 1);
        copy(verdicts[i].status, sizeof verdicts[i].status, tg_pg_text(rows, row, 2));
        copy(verdicts[i].balance, sizeof verdicts[i].balance, tg_pg_text(rows, row, 3));
        copy(verdicts[i].fee, sizeof verdicts[i].fee, tg_pg_text(rows, row, 4));
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_claim_sends(struct tg_pg *pg, struct tg_uuid claim_id,
                                       const struct tg_uuid *org_ids,
                                       const struct tg_uuid *message_ids, size_t n,
                                       struct tg_claim *claims, size_t *claimed)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, claim_id);
    param_uuids(&params, org_ids, n);
    param_uuids(&params, message_ids, n);
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "claim_sends",
                   "SELECT message_id, org_id, phone_number_id, type, access_token, payload "
                   "FROM claim_sends($1, $2, $3)",
                   &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    *claimed = (size_t)tg_pg_count(rows);
    assert(*claimed <= n);
    for (int row = 0; row < tg_pg_count(rows); row++) {
        struct tg_claim *claim = &claims[row];
        *claim = (struct tg_claim){.claim_id = claim_id,
                                   .message_id = tg_pg_uuid(rows, row, 0),
                                   .org_id = tg_pg_uuid(rows, row, 1)};
        copy(claim->phone_number_id, sizeof claim->phone_number_id, tg_pg_text(rows, row, 2));
        claim->receipt = strcmp(tg_pg_text(rows, row, 3), "receipt") == 0;
        tg_text_append_string(&claim->access_token, tg_pg_text(rows, row, 4));
        tg_text_append_string(&claim->payload, tg_pg_text(rows, row, 5));
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_release_sends(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                         const struct tg_uuid *message_ids,
                                         const struct tg_uuid *claim_ids, size_t n)
{
    struct tg_pg_params params = {0};
    param_uuids(&params, org_ids, n);
    param_uuids(&params, message_ids, n);
    param_uuids(&params, claim_ids, n);
    return tg_call_only(pg, "release_sends", "SELECT release_sends($1, $2, $3)", &params);
}

static void param_outcomes(struct tg_pg_params *params, const struct tg_outcome *const *outcomes,
                           size_t n)
{
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, outcomes[i]->org_id));
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, outcomes[i]->message_id));
    TG_PARAM_EACH(params, TG_PG_UUID, n, tg_pg_item_uuid(params, outcomes[i]->claim_id));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_pg_item_text(params, outcomes[i]->key, strlen(outcomes[i]->key)));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_item_text_or_null(params, outcomes[i]->wamid, strlen(outcomes[i]->wamid)));
    TG_PARAM_EACH(params, TG_PG_TEXT, n,
                  tg_item_text_or_null(params, outcomes[i]->error_message,
                                       strlen(outcomes[i]->error_message)));
    TG_PARAM_EACH(params, TG_PG_BOOL, n, tg_pg_item_bool(params, outcomes[i]->transient));
    TG_PARAM_EACH(params, TG_PG_INT8, n, tg_pg_item_int8(params, outcomes[i]->retry_after_s));
}

enum tg_pg_status tg_store_settle_sends(struct tg_pg *pg, const struct tg_outcome *const *outcomes,
                                        size_t n, struct tg_settled *settled)
{
    struct tg_pg_params params = {0};
    param_outcomes(&params, outcomes, n);
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(
        pg, "settle_sends",
        "SELECT settled, status, refunded, unknown_code, error_class, paused, released_id "
        "FROM settle_sends($1, $2, $3, $4, $5, $6, $7, $8)",
        &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (size_t i = 0; i < n; i++) {
        int row = (int)i;
        settled[i].settled = tg_pg_bool(rows, row, 0);
        copy(settled[i].status, sizeof settled[i].status, tg_pg_text(rows, row, 1));
        settled[i].refunded = tg_pg_bool(rows, row, 2);
        settled[i].unknown_code = tg_pg_bool(rows, row, 3);
        copy(settled[i].error_class, sizeof settled[i].error_class, tg_pg_text(rows, row, 4));
        settled[i].paused = tg_pg_bool(rows, row, 5);
        settled[i].released = tg_row_released(rows, row, 6);
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_find_api_key(struct tg_pg *pg, const unsigned char key_hash[static 32],
                                        bool *found, struct tg_uuid *org_id)
{
    struct tg_pg_params params = {0};
    tg_pg_param_bytes(&params, key_hash, 32);
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        call_read(pg, "find_api_key", "SELECT org_id FROM find_api_key($1)", &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    *found = tg_pg_count(rows) == 1;
    if (*found)
        *org_id = tg_pg_uuid(rows, 0, 0);
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

// Runs a read that answers with one JSON document or no row, and finishes `params`.
static enum tg_pg_status call_document(struct tg_pg *pg, const char *name, const char *sql,
                                       struct tg_pg_params *params, bool *found,
                                       struct tg_text *json)
{
    struct tg_pg_rows *rows;
    enum tg_pg_status status = call_read(pg, name, sql, params, &rows);
    tg_pg_params_finish(params);
    if (status != TG_PG_OK)
        return status;
    *found = tg_pg_count(rows) == 1;
    if (*found)
        tg_text_append_string(json, tg_pg_text(rows, 0, 0));
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_get_message(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, bool *found, struct tg_text *json)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, org_id);
    tg_pg_param_uuid(&params, message_id);
    return call_document(pg, "get_message", "SELECT document FROM get_message($1, $2)", &params,
                         found, json);
}

enum tg_pg_status tg_store_get_wallet(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                      struct tg_text *json)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, org_id);
    return call_document(pg, "get_wallet", "SELECT document FROM get_wallet($1)", &params, found,
                         json);
}

enum tg_pg_status tg_store_list_wallet_transactions(struct tg_pg *pg, struct tg_uuid org_id,
                                                    int64_t before, int64_t limit, bool *found,
                                                    struct tg_text *json)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, org_id);
    tg_pg_param_int8(&params, before > 0 ? before : INT64_MAX);
    tg_pg_param_int8(&params, limit);
    return call_document(pg, "list_wallet_transactions",
                         "SELECT document FROM list_wallet_transactions($1, $2, $3)", &params,
                         found, json);
}

static void param_slice(struct tg_pg_params *params, struct tg_slice slice)
{
    tg_pg_param_int8(params, slice.limit);
    tg_pg_param_int8(params, slice.skip);
}

// Runs a call that answers with (org_id, message_id) rows, and finishes `params`.
static enum tg_pg_status call_due(struct tg_pg *pg, const char *name, const char *sql,
                                  struct tg_pg_params *params, struct tg_due *due, size_t *n)
{
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(pg, name, sql, params, &rows);
    tg_pg_params_finish(params);
    if (status != TG_PG_OK)
        return status;
    *n = (size_t)tg_pg_count(rows);
    for (int row = 0; row < tg_pg_count(rows); row++) {
        due[row].org_id = tg_pg_uuid(rows, row, 0);
        due[row].message_id = tg_pg_uuid(rows, row, 1);
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_release_due_sends(struct tg_pg *pg, struct tg_slice slice,
                                             struct tg_due *due, size_t *n)
{
    struct tg_pg_params params = {0};
    param_slice(&params, slice);
    return call_due(pg, "release_due_sends",
                    "SELECT org_id, message_id FROM release_due_sends($1, $2)", &params, due, n);
}

enum tg_pg_status tg_store_find_lost_sends(struct tg_pg *pg, const int64_t *ages_ms,
                                           size_t partitions, int64_t limit, struct tg_due *lost,
                                           size_t *n)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_INT8, partitions, tg_pg_item_int8(&params, ages_ms[i]));
    tg_pg_param_int8(&params, limit);
    return call_due(pg, "find_lost_sends", "SELECT org_id, message_id FROM find_lost_sends($1, $2)",
                    &params, lost, n);
}

// Runs a call that answers with one number, and finishes `params`.
static enum tg_pg_status call_number(struct tg_pg *pg, const char *name, const char *sql,
                                     struct tg_pg_params *params, int64_t *number)
{
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(pg, name, sql, params, &rows);
    tg_pg_params_finish(params);
    if (status != TG_PG_OK)
        return status;
    *number = tg_pg_int8(rows, 0, 0);
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_next_due(struct tg_pg *pg, int64_t *ms)
{
    struct tg_pg_params params = {0};
    return call_number(pg, "next_due", "SELECT next_due()", &params, ms);
}

enum tg_pg_status tg_store_delete_idempotency_keys(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                   int64_t *deleted)
{
    struct tg_pg_params params = {0};
    tg_pg_param_int8(&params, age_s);
    tg_pg_param_int8(&params, limit);
    return call_number(pg, "delete_idempotency_keys", "SELECT delete_idempotency_keys($1, $2)",
                       &params, deleted);
}

// Runs a call that answers with rows (org_id, message_id, refunded, released_id), and finishes
// `params`.
static enum tg_pg_status call_ended(struct tg_pg *pg, const char *name, const char *sql,
                                    struct tg_pg_params *params, struct tg_ended *ended, size_t *n)
{
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(pg, name, sql, params, &rows);
    tg_pg_params_finish(params);
    if (status != TG_PG_OK)
        return status;
    *n = (size_t)tg_pg_count(rows);
    for (int row = 0; row < tg_pg_count(rows); row++) {
        ended[row].org_id = tg_pg_uuid(rows, row, 0);
        ended[row].message_id = tg_pg_uuid(rows, row, 1);
        ended[row].refunded = tg_pg_bool(rows, row, 2);
        ended[row].released = tg_row_released(rows, row, 3);
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_expire_sends(struct tg_pg *pg, struct tg_slice slice,
                                        struct tg_ended *ended, size_t *n)
{
    struct tg_pg_params params = {0};
    param_slice(&params, slice);
    return call_ended(pg, "expire_sends",
                      "SELECT org_id, message_id, refunded, released_id FROM expire_sends($1, $2)",
                      &params, ended, n);
}

enum tg_pg_status tg_store_unconfirm_sends(struct tg_pg *pg, int64_t age_ms, struct tg_slice slice,
                                           struct tg_ended *ended, size_t *n)
{
    struct tg_pg_params params = {0};
    tg_pg_param_int8(&params, age_ms);
    param_slice(&params, slice);
    return call_ended(
        pg, "unconfirm_sends",
        "SELECT org_id, message_id, refunded, released_id FROM unconfirm_sends($1, $2, $3)",
        &params, ended, n);
}

enum tg_pg_status tg_store_fail_unheard_sends(struct tg_pg *pg, int64_t window_s,
                                              struct tg_slice slice, struct tg_ended *ended,
                                              size_t *n)
{
    struct tg_pg_params params = {0};
    tg_pg_param_int8(&params, window_s);
    param_slice(&params, slice);
    return call_ended(
        pg, "fail_unheard_sends",
        "SELECT org_id, message_id, refunded, released_id FROM fail_unheard_sends($1, $2, $3)",
        &params, ended, n);
}

enum tg_pg_status tg_store_fail_poison_sends(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                             const struct tg_uuid *message_ids, size_t n,
                                             struct tg_ended *ended, size_t *count)
{
    struct tg_pg_params params = {0};
    param_uuids(&params, org_ids, n);
    param_uuids(&params, message_ids, n);
    return call_ended(
        pg, "fail_poison_sends",
        "SELECT org_id, message_id, refunded, released_id FROM fail_poison_sends($1, $2)", &params,
        ended, count);
}

static const char *const cancel_verdict_names[TG_CANCEL_VERDICTS] = {
    [TG_CANCELLED] = "cancelled",
    [TG_CANCEL_TOO_LATE] = "too_late",
    [TG_CANCEL_NOT_FOUND] = "not_found",
};

enum tg_pg_status tg_store_cancel_send(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, enum tg_cancel_verdict *verdict,
                                       bool *refunded)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, org_id);
    tg_pg_param_uuid(&params, message_id);
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(
        pg, "cancel_send", "SELECT verdict, refunded FROM cancel_send($1, $2)", &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    *verdict = TG_CANCELLED;
    while (*verdict < TG_CANCEL_VERDICTS &&
           strcmp(cancel_verdict_names[*verdict], tg_pg_text(rows, 0, 0)) != 0)
        (*verdict)++;
    assert(*verdict < TG_CANCEL_VERDICTS); // a verdict of cancel_send that C does not know
    *refunded = tg_pg_bool(rows, 0, 1);
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

// The one boolean that a call has answered with; frees the rows.
static enum tg_pg_status take_bool(enum tg_pg_status status, struct tg_pg_rows *rows, bool *answer)
{
    if (status == TG_PG_OK)
        *answer = tg_pg_bool(rows, 0, 0);
    tg_pg_rows_free(rows);
    return status;
}

enum tg_pg_status tg_store_take_scheduler_lock(struct tg_pg *pg, bool *taken)
{
    struct tg_pg_params params = {0};
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "take_scheduler_lock", "SELECT take_scheduler_lock()", &params, &rows);
    return take_bool(status, rows, taken);
}

enum tg_pg_status tg_store_schema_ready(struct tg_pg *pg, bool *ready)
{
    struct tg_pg_params params = {0};
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        call_read(pg, "schema_version", "SELECT schema_version() >= " TOLLGATE_SCHEMA_VERSION,
                  &params, &rows);
    return take_bool(status, rows, ready);
}
