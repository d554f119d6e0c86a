#include "ingress/route/document.h"

#include "common/base/digits.h"
#include "common/base/utf8.h"
#include "common/store/failure.h"
#include "ingress/http/answer.h"
#include "ingress/route/endpoint.h"

#include <string.h>

bool document_org(struct request *request, const struct identity *caller, struct tg_uuid *org_id)
{
    struct tg_error error;
    const char *given = request_parameter(request, "org_id");
    bool good = identity_org(caller, given, given ? strlen(given) : 0, "org_id", org_id, &error);
    if (!good)
        answer_error(request, &error);
    return good;
}

bool document_knows(struct request *request, const char *const *names)
{
    enum { SHOWN_MAX = 64 };
    struct tg_error error;
    const char *unknown = request_unknown_parameter(request, names);
    if (!unknown)
        return true;
    size_t length = strlen(unknown);
    if (length > SHOWN_MAX || !tg_utf8_is_valid(unknown, length))
        unknown = "query";
    tg_error_set(&error, "unknown_field", unknown, "There is no parameter %s", unknown);
    answer_error(request, &error);
    return false;
}

bool document_knows_query(struct request *request)
{
    return document_knows(request, endpoint_query(request));
}

bool document_number(struct request *request, const char *name, int64_t max, int64_t *value)
{
    const char *given = request_parameter(request, name);
    int64_t number;
    if (!given)
        return true;
    if (tg_decimal_read(given, max, &number) && number >= 1) {
        *value = number;
        return true;
    }
    struct tg_error error;
    tg_error_set(&error, "invalid_field", name, "%s must be a number from 1 to %lld", name,
                 (long long)max);
    answer_error(request, &error);
    return false;
}

void document_answer(struct request *request, const struct tg_pg *pg, enum tg_pg_status status,
                     bool found, struct tg_text *document, const char *not_found)
{
    struct tg_error error;
    if (status != TG_PG_OK && !tg_store_failure(pg, status, &error))
        answer_error(request, &error);
    else if (found)
        answer_json(request, 200, document);
    else
        answer_refusal(request, "not_found", NULL, not_found);
}
