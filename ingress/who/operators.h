// Operators: a token -> who it is, and which role. The holder of TOLLGATE_ADMIN_TOKEN is the
// operator "admin", an owner, who can make others; these stand in PostgreSQL, which is asked at
// each request: who is revoked is out at once.
#pragma once

#include "common/crypto/digest.h"
#include "common/pg/pg.h"
#include "ingress/who/identity.h"

struct operators {
    unsigned char first_hash[TG_SHA256_SIZE]; // of TOLLGATE_ADMIN_TOKEN
    bool is_exposed; // others on the way could read tokens: nobody is let in
};

struct operators operators_of(const char *admin_token, bool is_exposed);

enum operator_answer {
    OPERATOR_KNOWN,   // *identity is filled
    OPERATOR_REFUSED, // *error is filled
    OPERATOR_UNSURE   // *token_hash is filled: operators_look_up
};

// Judges the Authorization header (`value` NULL: none; `count`: how often it was sent). Does not
// wait.
enum operator_answer operators_ask(const struct operators *operators, const char *value, int count,
                                   unsigned char token_hash[static TG_SHA256_SIZE],
                                   struct identity *identity, struct tg_error *error) TG_MUST_CHECK;

// Asks PostgreSQL. False, with *error: an unknown token, or PostgreSQL is away.
bool operators_look_up(struct tg_pg *pg, const unsigned char token_hash[static TG_SHA256_SIZE],
                       struct identity *identity, struct tg_error *error) TG_MUST_CHECK;
