#include "common/store/reads.h"

#include "common/store/calls.h"

// What the reads are asked with, each with some of it.
struct question {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    const char *wamid;
    int64_t before;
    int64_t limit;
};

static const struct tg_field message_fields[] = {
    UUID("p_org_id", question, org_id), UUID("p_message_id", question, message_id), {0}};
static const struct tg_field document_field[] = {VALUE("document", JSON, struct tg_text), {0}};

static const struct tg_call get_default_country = {
    .name = "get_default_country",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id)),
    .out = TG_FIELDS(TEXT("country", tg_region, code)),
    .only_reads = true,
};

enum tg_pg_status tg_store_get_default_country(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                               struct tg_region *region)
{
    struct question question = {.org_id = org_id};
    return tg_pg_call(pg, &get_default_country, TG_ONE(&question), TG_ROW_IF(region, found));
}

static const struct tg_call get_result = {
    .name = "get_result",
    .one = message_fields,
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
    return tg_pg_call(pg, &get_result, TG_ONE(&question), TG_ROW_IF(result, found));
}

static const struct tg_call find_message = {
    .name = "find_message",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id), TEXT("p_wamid", question, wamid)),
    .out = TG_FIELDS(VALUE("message_id", UUID, struct tg_uuid)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_message(struct tg_pg *pg, struct tg_uuid org_id, const char *wamid,
                                        bool *found, struct tg_uuid *message_id)
{
    struct question question = {.org_id = org_id, .wamid = wamid};
    return tg_pg_call(pg, &find_message, TG_ONE(&question), TG_ROW_IF(message_id, found));
}

static const struct tg_call get_cloud_result = {
    .name = "get_cloud_result",
    .one = message_fields,
    .out = TG_FIELDS(UUID("message_id", tg_result, message_id),
                     WORD("status", tg_result, status, tg_status_names),
                     BOOL("refunded", tg_result, refunded), TEXT("wamid", tg_result, wamid),
                     TEXT("error_code", tg_result, error_code),
                     TEXT("error_message", tg_result, error_message),
                     INT8("error_subcode", tg_result, error_subcode),
                     INT8("http_status", tg_result, http_status), TEXT("phone", tg_result, phone),
                     TEXT("user_id", tg_result, user_id)),
    .only_reads = true,
};

enum tg_pg_status tg_store_get_cloud_result(struct tg_pg *pg, struct tg_uuid org_id,
                                            struct tg_uuid message_id, bool *found,
                                            struct tg_result *result)
{
    struct question question = {.org_id = org_id, .message_id = message_id};
    return tg_pg_call(pg, &get_cloud_result, TG_ONE(&question), TG_ROW_IF(result, found));
}

static const struct tg_call get_message = {
    .name = "get_message", .one = message_fields, .out = document_field, .only_reads = true};

enum tg_pg_status tg_store_get_message(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, bool *found, struct tg_text *json)
{
    struct question question = {.org_id = org_id, .message_id = message_id};
    return tg_pg_call(pg, &get_message, TG_ONE(&question), TG_ROW_IF(json, found));
}

static const struct tg_call get_wallet = {
    .name = "get_wallet",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id)),
    .out = document_field,
    .only_reads = true,
};

enum tg_pg_status tg_store_get_wallet(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                      struct tg_text *json)
{
    struct question question = {.org_id = org_id};
    return tg_pg_call(pg, &get_wallet, TG_ONE(&question), TG_ROW_IF(json, found));
}

static const struct tg_field page_fields[] = {UUID("p_org_id", question, org_id),
                                              INT8("p_before", question, before),
                                              INT8("p_limit", question, limit),
                                              {0}};

static enum tg_pg_status list_page(struct tg_pg *pg, const struct tg_call *call,
                                   struct tg_uuid org_id, int64_t before, int64_t limit,
                                   bool *found, struct tg_text *json)
{
    struct question question = {
        .org_id = org_id, .before = before > 0 ? before : INT64_MAX, .limit = limit};
    return tg_pg_call(pg, call, TG_ONE(&question), TG_ROW_IF(json, found));
}

static const struct tg_call list_wallet_transactions = {.name = "list_wallet_transactions",
                                                        .one = page_fields,
                                                        .out = document_field,
                                                        .only_reads = true};

enum tg_pg_status tg_store_list_wallet_transactions(struct tg_pg *pg, struct tg_uuid org_id,
                                                    int64_t before, int64_t limit, bool *found,
                                                    struct tg_text *json)
{
    return list_page(pg, &list_wallet_transactions, org_id, before, limit, found, json);
}

static const struct tg_call list_account_notices = {
    .name = "list_account_notices", .one = page_fields, .out = document_field, .only_reads = true};

enum tg_pg_status tg_store_list_account_notices(struct tg_pg *pg, struct tg_uuid org_id,
                                                int64_t before, int64_t limit, bool *found,
                                                struct tg_text *json)
{
    return list_page(pg, &list_account_notices, org_id, before, limit, found, json);
}

const struct tg_call *const tg_read_calls[] = {&get_default_country,
                                               &get_result,
                                               &get_cloud_result,
                                               &find_message,
                                               &get_message,
                                               &get_wallet,
                                               &list_wallet_transactions,
                                               &list_account_notices,
                                               NULL};
