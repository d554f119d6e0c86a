#include "ingress/who/identity.h"

#include "common/crypto/digest.h"

#include <stdio.h>
#include <string.h>

const char *const right_names[] = {"send", "read", "manage", "money", "keys", NULL};

const char *const role_names[] = {"", "viewer", "operator", "owner"};

const char *right_name(unsigned rights)
{
    const char *const *name = right_names;
    for (; *name && !(rights & 1); name++)
        rights >>= 1;
    return *name ? *name : "";
}

void right_list(unsigned rights, struct tg_text *names)
{
    for (unsigned i = 0; right_names[i]; i++) {
        if (rights & (1U << i))
            tg_text_append_format(names, "%s%s", names->length > 0 ? "," : "", right_names[i]);
    }
}

unsigned right_read(struct tg_span name)
{
    for (unsigned i = 0; right_names[i]; i++) {
        if (tg_span_equals(name, right_names[i]))
            return 1U << i;
    }
    return 0;
}

void identity_name(struct identity *identity, const char *kind, struct tg_span name)
{
    char *actor = identity->actor;
    int used = snprintf(actor, sizeof identity->actor, "%s:", kind);
    if (name.length < sizeof identity->actor - (size_t)used) {
        memcpy(actor + used, name.data, name.length);
        actor[(size_t)used + name.length] = '\0';
        return;
    }
    unsigned char digest[TG_SHA256_SIZE];
    tg_sha256(name.data, name.length, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        used += snprintf(actor + used, sizeof identity->actor - (size_t)used, "%02x", digest[i]);
}

bool identity_org(const struct identity *identity, const char *org_id, size_t length,
                  const char *field, struct tg_uuid *org, struct tg_error *error)
{
    bool trusted = identity->proof == PROOF_NONE;
    if (!org_id) {
        if (trusted)
            return tg_error_set(error, "missing_field", field, "%s is required", field);
        *org = identity->org_id;
        return true;
    }
    if (!tg_uuid_parse(org_id, length, org))
        return tg_error_set(error, "invalid_field", field, "%s must be a UUID", field);
    if (!trusted && !tg_uuid_equal(*org, identity->org_id))
        return tg_error_set(error, "org_mismatch", field, "The caller is of another org");
    return true;
}
