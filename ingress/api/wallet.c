#include "ingress/api/endpoints.h"

#include "common/limits.h"
#include "common/store/reads.h"
#include "ingress/route/document.h"

static void get_wallet(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_text document = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    enum tg_pg_status status = tg_store_get_wallet(pg, org_id, &found, &document);
    document_answer(request, pg, status, found, &document, "There is no such org");
}

static void list_transactions(struct tg_pg *pg, struct request *request,
                              const struct identity *caller)
{
    struct tg_uuid org_id;
    int64_t before = 0;
    int64_t limit = TG_LIST_LIMIT_DEFAULT;
    struct tg_text document = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id) ||
        !document_number(request, "limit", TG_LIST_LIMIT_MAX, &limit) ||
        !document_number(request, "before", INT64_MAX, &before))
        return;
    enum tg_pg_status status =
        tg_store_list_wallet_transactions(pg, org_id, before, limit, &found, &document);
    document_answer(request, pg, status, found, &document, "There is no such org");
}

const struct endpoint wallet_endpoints[] = {
    {.method = "GET",
     .path = "/api/wallet",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("org_id"),
     .on_database = get_wallet,
     .says = "The org's balance.",
     .answer = "Wallet"},
    {.method = "GET",
     .path = "/api/wallet/transactions",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("limit", "before", "org_id"),
     .on_database = list_transactions,
     .says = "The org's ledger, newest first, in pages.",
     .answer = "Transactions"},
    {0},
};
