#include "ingress/who/operators.h"

#include "common/store/desk.h"
#include "common/store/failure.h"

#include <string.h>
#include <strings.h>

struct operators operators_of(const char *admin_token, bool is_exposed)
{
    struct operators operators = {.is_exposed = is_exposed};
    tg_sha256(admin_token, strlen(admin_token), operators.first_hash);
    return operators;
}

static struct identity identity_of(const char *name, enum role role)
{
    struct identity identity = {.proof = PROOF_OPERATOR, .role = role};
    identity_name(&identity, "operator", (struct tg_span){name, strlen(name)});
    return identity;
}

static enum operator_answer refuse(struct tg_error *error, const char *code, const char *message)
{
    tg_error_set(error, code, "Authorization", "%s", message);
    return OPERATOR_REFUSED;
}

enum operator_answer operators_ask(const struct operators *operators, const char *value, int count,
                                   unsigned char token_hash[static TG_SHA256_SIZE],
                                   struct identity *identity, struct tg_error *error)
{
    static const char scheme[] = "Bearer ";
    if (operators->is_exposed) {
        tg_error_set(error, "insecure_listener", NULL,
                     "TOLLGATE_ADMIN_LISTEN is no loopback address: operators are let in there "
                     "only by TLS, or with TOLLGATE_ADMIN_INSECURE=yes");
        return OPERATOR_REFUSED;
    }
    if (count > 1)
        return refuse(error, "duplicate_header", "Authorization must be given once");
    if (!value || strncasecmp(value, scheme, sizeof scheme - 1) != 0)
        return refuse(error, "unauthorized",
                      "An operator's token is required: Authorization: Bearer <token>");
    const char *token = value + sizeof scheme - 1;
    tg_sha256(token, strlen(token), token_hash);
    if (!tg_same_digest(token_hash, operators->first_hash))
        return OPERATOR_UNSURE;
    *identity = identity_of("admin", ROLE_OWNER);
    return OPERATOR_KNOWN;
}

static enum role role_read(const char *name)
{
    for (unsigned role = ROLE_VIEWER; role <= ROLE_OWNER; role++) {
        if (strcmp(name, role_names[role]) == 0)
            return (enum role)role;
    }
    return ROLE_NONE;
}

bool operators_look_up(struct tg_pg *pg, const unsigned char token_hash[static TG_SHA256_SIZE],
                       struct identity *identity, struct tg_error *error)
{
    struct tg_operator found;
    bool known = false;
    enum tg_pg_status status = tg_store_find_operator(pg, token_hash, &known, &found);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    if (!known)
        return tg_error_set(error, "unauthorized", "Authorization", "Unknown operator's token");
    *identity = identity_of(found.name, role_read(found.role));
    return true;
}
