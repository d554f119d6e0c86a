#include "ingress/who/identity.h"

bool identity_org(const struct identity *identity, const char *org_id, size_t length,
                  const char *field, struct tg_uuid *org, struct tg_error *error)
{
    if (!org_id) {
        if (identity->trusted)
            return tg_error_set(error, "missing_field", field, "%s is required", field);
        *org = identity->org_id;
        return true;
    }
    if (!tg_uuid_parse(org_id, length, org))
        return tg_error_set(error, "invalid_field", field, "%s must be a UUID", field);
    if (!identity->trusted && !tg_uuid_equal(*org, identity->org_id))
        return tg_error_set(error, "org_mismatch", field, "The API key belongs to another org");
    return true;
}
