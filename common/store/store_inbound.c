#include "common/store/store_inbound.h"

#include "common/limits.h"
#include "common/store/store_params.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tg_item_verdict_names[TG_ITEM_VERDICTS] = {
    [TG_ITEM_APPLIED] = "applied",
    [TG_ITEM_DUPLICATE] = "duplicate",
    [TG_ITEM_UNKNOWN_NUMBER] = "unknown_number",
    [TG_ITEM_UNKNOWN_MESSAGE] = "unknown_message",
    [TG_ITEM_FOREIGN_MESSAGE] = "foreign_message",
};

static enum tg_item_verdict item_verdict(const char *name)
{
    for (enum tg_item_verdict verdict = 0; verdict < TG_ITEM_VERDICTS; verdict++) {
        if (strcmp(tg_item_verdict_names[verdict], name) == 0)
            return verdict;
    }
    assert(strcmp(name, "saved") == 0); // else a verdict that C does not know
    return TG_ITEM_APPLIED;
}

static void item_span(struct tg_pg_params *params, struct tg_span span)
{
    tg_item_text_or_null(params, span.data, span.length);
}

static void item_string(struct tg_pg_params *params, const char *string)
{
    tg_item_text_or_null(params, string, string ? strlen(string) : 0);
}

static void item_text(struct tg_pg_params *params, const struct tg_text *text)
{
    tg_item_text_or_null(params, text->data, text->length);
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

// NULL is the zero id.
static struct tg_uuid uuid_or_zero(const struct tg_pg_rows *rows, int row, int column)
{
    return *tg_pg_text(rows, row, column) ? tg_pg_uuid(rows, row, column) : (struct tg_uuid){{0}};
}

enum tg_pg_status tg_store_apply_statuses(struct tg_pg *pg,
                                          const struct tg_status_update *const *updates, size_t n,
                                          struct tg_status_applied *applied)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, updates[i]->phone_number_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, updates[i]->wamid));
    tg_pg_param_array(&params, TG_PG_UUID, n);
    for (size_t i = 0; i < n; i++) {
        if (updates[i]->names_message)
            tg_pg_item_uuid(&params, updates[i]->message_id);
        else
            tg_pg_item_null(&params);
    }
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, updates[i]->status));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, updates[i]->time_s));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_text(&params, &updates[i]->pricing));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, updates[i]->error_code));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, updates[i]->error_message));
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(
        pg, "apply_statuses",
        "SELECT verdict, org_id, message_id, refunded, reversed, unknown_code, released_id "
        "FROM apply_statuses($1, $2, $3, $4, $5, $6, $7, $8)",
        &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (int row = 0; row < tg_pg_count(rows); row++)
        applied[row] = (struct tg_status_applied){
            .verdict = item_verdict(tg_pg_text(rows, row, 0)),
            .org_id = uuid_or_zero(rows, row, 1),
            .message_id = uuid_or_zero(rows, row, 2),
            .refunded = tg_pg_bool(rows, row, 3),
            .reversed = tg_pg_bool(rows, row, 4),
            .unknown_code = tg_pg_bool(rows, row, 5),
            .released = tg_row_released(rows, row, 6),
        };
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

void tg_received_finish(struct tg_received *received)
{
    tg_text_finish(&received->name);
}

static void read_received(const struct tg_pg_rows *rows, int row, struct tg_received *received)
{
    *received = (struct tg_received){.verdict = item_verdict(tg_pg_text(rows, row, 0)),
                                     .org_id = uuid_or_zero(rows, row, 1),
                                     .channel_id = uuid_or_zero(rows, row, 2),
                                     .message_id = uuid_or_zero(rows, row, 3),
                                     .rules_version = tg_pg_int8(rows, row, 4),
                                     .is_first = tg_pg_bool(rows, row, 5),
                                     .is_word = tg_pg_bool(rows, row, 6),
                                     .opted_out = tg_pg_bool(rows, row, 7)};
    copy(received->phone, sizeof received->phone, tg_pg_text(rows, row, 8));
    copy(received->user_id, sizeof received->user_id, tg_pg_text(rows, row, 9));
    tg_text_append_string(&received->name, tg_pg_text(rows, row, 10));
}

enum tg_pg_status tg_store_receive_messages(struct tg_pg *pg,
                                            const struct tg_inbound_message *const *messages,
                                            size_t n, struct tg_received *received)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_UUID, n, tg_pg_item_uuid(&params, messages[i]->id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->phone_number_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->wamid));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, messages[i]->phone));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->user_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->name));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, messages[i]->new_phone));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->type));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->text));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->media_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->mime_type));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, messages[i]->reply_to));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_text(&params, &messages[i]->referral));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_text(&params, &messages[i]->payload));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, messages[i]->time_s));
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "receive_messages",
                   "SELECT verdict, org_id, channel_id, message_id, rules_version, is_first, "
                   "is_word, opted_out, phone, user_id, name "
                   "FROM receive_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                   "$14, $15)",
                   &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (int row = 0; row < tg_pg_count(rows); row++)
        read_received(rows, row, &received[row]);
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_receive_preferences(struct tg_pg *pg,
                                               const struct tg_preference *const *preferences,
                                               size_t n, enum tg_item_verdict *verdicts)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, preferences[i]->phone_number_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, preferences[i]->phone));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, preferences[i]->user_id));
    TG_PARAM_EACH(&params, TG_PG_BOOL, n, tg_pg_item_bool(&params, preferences[i]->opt_out));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, preferences[i]->time_s));
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "receive_preferences",
                   "SELECT verdict FROM receive_preferences($1, $2, $3, $4, $5)", &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (int row = 0; row < tg_pg_count(rows); row++)
        verdicts[row] = item_verdict(tg_pg_text(rows, row, 0));
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_record_account_events(struct tg_pg *pg,
                                                 const struct tg_account_event *const *events,
                                                 size_t n)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, events[i]->phone_number_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, events[i]->waba_id));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, events[i]->time_s));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, events[i]->field));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_text(&params, &events[i]->value));
    return tg_call_only(pg, "record_account_events",
                        "SELECT record_account_events($1, $2, $3, $4, $5)", &params);
}

enum tg_pg_status tg_store_record_dead_events(struct tg_pg *pg, const int64_t *taken,
                                              size_t taken_count,
                                              const struct tg_dead_event *events, size_t n)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_INT8, taken_count, tg_pg_item_int8(&params, taken[i]));
    TG_PARAM_EACH(
        &params, TG_PG_BYTEA, n,
        tg_pg_item_bytes(&params, tg_text_string(&events[i].body), events[i].body.length));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, events[i].reason));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_span(&params, events[i].phone_number_id));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, events[i].tries));
    return tg_call_only(pg, "record_dead_events", "SELECT record_dead_events($1, $2, $3, $4, $5)",
                        &params);
}

enum tg_pg_status tg_store_take_dead_events(struct tg_pg *pg, int64_t limit,
                                            struct tg_taken_event *events, size_t *n)
{
    struct tg_pg_params params = {0};
    tg_pg_param_int8(&params, limit);
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "take_dead_events",
                   "SELECT id, tries, until_us, body FROM take_dead_events($1)", &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    *n = (size_t)tg_pg_count(rows);
    assert(*n <= (size_t)limit);
    for (int row = 0; row < tg_pg_count(rows); row++) {
        events[row] = (struct tg_taken_event){.id = tg_pg_int8(rows, row, 0),
                                              .tries = tg_pg_int8(rows, row, 1),
                                              .until_us = tg_pg_int8(rows, row, 2)};
        tg_pg_bytes(rows, row, 3, &events[row].body);
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_end_dead_events(struct tg_pg *pg,
                                           const struct tg_taken_event *const *events, size_t n)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, events[i]->id));
    TG_PARAM_EACH(&params, TG_PG_INT8, n, tg_pg_item_int8(&params, events[i]->until_us));
    return tg_call_only(pg, "end_dead_events", "SELECT end_dead_events($1, $2)", &params);
}

void tg_rule_finish(struct tg_rule *rule)
{
    tg_text_finish(&rule->pattern);
    tg_text_finish(&rule->reply);
}

enum tg_pg_status tg_store_list_rules(struct tg_pg *pg, struct tg_uuid org_id, size_t max,
                                      struct tg_rule *rules, size_t *n, int64_t *version)
{
    struct tg_pg_params params = {0};
    tg_pg_param_uuid(&params, org_id);
    struct tg_pg_rows *rows;
    enum tg_pg_status status =
        tg_pg_call(pg, "list_rules",
                   "SELECT rules_version, id, channel_id, match_kind, pattern, reply "
                   "FROM list_rules($1)",
                   &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    *n = (size_t)tg_pg_count(rows) < max ? (size_t)tg_pg_count(rows) : max;
    *version = *n > 0 ? tg_pg_int8(rows, 0, 0) : 0;
    for (int row = 0; (size_t)row < *n; row++) {
        struct tg_rule *rule = &rules[row];
        *rule = (struct tg_rule){.id = tg_pg_uuid(rows, row, 1),
                                 .channel_id = uuid_or_zero(rows, row, 2),
                                 .of_channel = *tg_pg_text(rows, row, 2) != '\0'};
        copy(rule->match_kind, sizeof rule->match_kind, tg_pg_text(rows, row, 3));
        tg_text_append_string(&rule->pattern, tg_pg_text(rows, row, 4));
        tg_text_append_string(&rule->reply, tg_pg_text(rows, row, 5));
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}

enum tg_pg_status tg_store_accept_replies(struct tg_pg *pg, const struct tg_reply *replies,
                                          size_t n, struct tg_reply_verdict *verdicts)
{
    struct tg_pg_params params = {0};
    TG_PARAM_EACH(&params, TG_PG_UUID, n, tg_pg_item_uuid(&params, replies[i].org_id));
    TG_PARAM_EACH(&params, TG_PG_UUID, n, tg_pg_item_uuid(&params, replies[i].message_id));
    TG_PARAM_EACH(&params, TG_PG_UUID, n, tg_pg_item_uuid(&params, replies[i].rule_id));
    TG_PARAM_EACH(&params, TG_PG_UUID, n, tg_pg_item_uuid(&params, replies[i].reply_id));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, replies[i].type));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_text(&params, &replies[i].payload));
    TG_PARAM_EACH(&params, TG_PG_TEXT, n, item_string(&params, replies[i].skip));
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(
        pg, "accept_replies",
        "SELECT verdict, status FROM accept_replies($1, $2, $3, $4, $5, $6, $7)", &params, &rows);
    tg_pg_params_finish(&params);
    if (status != TG_PG_OK)
        return status;
    assert((size_t)tg_pg_count(rows) == n);
    for (int row = 0; row < tg_pg_count(rows); row++) {
        copy(verdicts[row].verdict, sizeof verdicts[row].verdict, tg_pg_text(rows, row, 0));
        copy(verdicts[row].status, sizeof verdicts[row].status, tg_pg_text(rows, row, 1));
    }
    tg_pg_rows_free(rows);
    return TG_PG_OK;
}
