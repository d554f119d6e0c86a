#include "ingress/api/endpoints.h"

#include "common/limits.h"
#include "common/store/reads.h"
#include "ingress/route/document.h"

static void list_notices(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    int64_t before = 0;
    int64_t limit = TG_NOTICES_LIMIT_DEFAULT;
    struct tg_text document = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id) ||
        !document_number(request, "limit", TG_NOTICES_LIMIT_MAX, &limit) ||
        !document_number(request, "before", INT64_MAX, &before))
        return;
    enum tg_pg_status status =
        tg_store_list_account_notices(pg, org_id, before, limit, &found, &document);
    document_answer(request, pg, status, found, &document, "There is no such org");
}

const struct endpoint account_endpoints[] = {
    {.method = "GET",
     .path = "/api/account-notices",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("limit", "before", "org_id"),
     .on_database = list_notices,
     .says = "What Meta has told of the org's accounts, newest first, in pages.",
     .answer = "AccountNotices"},
    {0},
};
