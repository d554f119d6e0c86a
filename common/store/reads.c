#include "common/store/reads.h"

#include "common/store/calls.h"

// What the reads are asked with, each with some of it, and what they answer.
struct question {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    int64_t before;
    int64_t limit;
};
struct answer { // a row of one value is that value
    struct tg_text document;
};

static const struct tg_field document[] = {JSON("document", answer, document), {0}};

static const struct tg_call get_result = {
    .name = "get_result",
    .one =
        TG_FIELDS(UUID("p_org_id", question, org_id), UUID("p_message_id", question, message_id)),
    .out = TG_FIELDS(UUID("message_id", tg_result, message_id),
                     WORD("status", tg_result, status, tg_status_names),
                     BOOL("refunded", tg_result, refunded), TEXT("wamid", tg_result, wamid),
                     TEXT("error_code", tg_result, error_code),
                     TEXT("error_message", tg_result, error_message)),
    .only_reads = true,
};

enum tg_pg_status tg_store_get_result(struct tg_pg *pg, struct tg_uuid org_id,
                                      struct tg_uuid message_id, bool *found,
                                      struct tg_result *result)
{
    struct question question = {.org_id = org_id, .message_id = message_id};
    size_t count = 0;
    enum tg_pg_status status =
        tg_pg_call(pg, &get_result, TG_ONE(&question), TG_ROWS_TO(result, 1, &count));
    *found = count == 1;
    return status;
}

static const struct tg_call get_message = {
    .name = "get_message",
    .one =
        TG_FIELDS(UUID("p_org_id", question, org_id), UUID("p_message_id", question, message_id)),
    .out = document,
    .only_reads = true,
};

static const struct tg_call get_wallet = {
    .name = "get_wallet",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id)),
    .out = document,
    .only_reads = true,
};

static const struct tg_call list_wallet_transactions = {
    .name = "list_wallet_transactions",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id), INT8("p_before", question, before),
                     INT8("p_limit", question, limit)),
    .out = document,
    .only_reads = true,
};

static enum tg_pg_status ask(struct tg_pg *pg, const struct tg_call *call,
                             const struct question *question, bool *found, struct tg_text *json)
{
    size_t count = 0;
    enum tg_pg_status status =
        tg_pg_call(pg, call, TG_ONE(question), TG_ROWS_TO((struct answer *)json, 1, &count));
    *found = count == 1;
    return status;
}

enum tg_pg_status tg_store_get_message(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, bool *found, struct tg_text *json)
{
    struct question question = {.org_id = org_id, .message_id = message_id};
    return ask(pg, &get_message, &question, found, json);
}

enum tg_pg_status tg_store_get_wallet(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                      struct tg_text *json)
{
    struct question question = {.org_id = org_id};
    return ask(pg, &get_wallet, &question, found, json);
}

enum tg_pg_status tg_store_list_wallet_transactions(struct tg_pg *pg, struct tg_uuid org_id,
                                                    int64_t before, int64_t limit, bool *found,
                                                    struct tg_text *json)
{
    struct question question = {
        .org_id = org_id, .before = before > 0 ? before : INT64_MAX, .limit = limit};
    return ask(pg, &list_wallet_transactions, &question, found, json);
}

const struct tg_call *const tg_read_calls[] = {&get_result, &get_message, &get_wallet,
                                               &list_wallet_transactions, NULL};
