// Who calls, and what they may do.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/base/uuid7.h"

enum right { RIGHT_SEND = 1, RIGHT_READ = 2, RIGHT_MANAGE = 4, RIGHT_MONEY = 8, RIGHT_KEYS = 16 };

// "send", "read", "manage", "money", "keys", in the order of their bits; NULL behind the last one.
extern const char *const right_names[];

// Of several rights the name of the first.
const char *right_name(unsigned rights);

// Appends the names of all of them, with commas between.
void right_list(unsigned rights, struct tg_text *names);

// Reads such a name. 0: it is none.
unsigned right_read(struct tg_span name);

// What shows who they are.
enum proof {
    PROOF_KEY,
    PROOF_JWT,
    PROOF_SESSION,
    PROOF_OPERATOR,
    PROOF_NONE // trusted mode: whoever the request names is believed
};

// What an operator may do; each may what those before it may.
enum role {
    ROLE_NONE,
    ROLE_VIEWER,   // reads
    ROLE_OPERATOR, // changes
    ROLE_OWNER     // moves money and makes operators
};

// "viewer", "operator", "owner", by their enum; "" for none.
extern const char *const role_names[ROLE_OWNER + 1];

enum { IDENTITY_ACTOR_SIZE = 80 };

// One org, or, without a proof, whoever the request names. Zeroed: nobody, who has no right.
struct identity {
    enum proof proof;
    unsigned rights;           // of enum right
    enum role role;            // of an operator, who has no org and sees all
    struct tg_uuid org_id;     // unless there is no proof
    struct tg_uuid session_id; // by a session
    // Whose calls are counted together (rates.h), of a key, session or JWT. Not its cookie or
    // token: one session or person can have as many of these as they like.
    struct tg_uuid credential;
    // Who it is in logs and in the audit log: "key:tg_9fX2aQ_K", "jwt:SUB", "session:ID",
    // "operator:NAME", "trusted".
    char actor[IDENTITY_ACTOR_SIZE];
};

// Names the actor: `kind`, a colon and `name`; of a name that is too long its digest stands there.
void identity_name(struct identity *identity, const char *kind, struct tg_span name);

// The org that a request is about: the caller's own, which `org_id` (the text that the request
// gives under the name `field`; NULL if it gives none) must not contradict; in trusted mode the one
// given.
bool identity_org(const struct identity *identity, const char *org_id, size_t length,
                  const char *field, struct tg_uuid *org, struct tg_error *error) TG_MUST_CHECK;
