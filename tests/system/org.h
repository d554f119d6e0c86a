// Orgs, their sends, and what is expected of both.
#pragma once

#include "tests/system/gateway.h"

struct org {
    struct gateway *gateway;
    const char *id;
    const char *channel_id;
    const char *phone_number_id;
    const char *key;
};

struct org_options {
    const char *balance; // NULL: 100.00
    const char *fee;     // NULL: 0.20
    const char *token;   // NULL: one that Meta takes
    const char *status;  // NULL: active
    const char *name;    // NULL: one of its own
    const char *number;  // phone_number_id; NULL: one of its own
    const char *waba_id; // NULL: 1001
};

// An org with a number, a wallet and an API key, as its owner sets it up by SQL.
#define given_org(gateway, ...) org_create(gateway, &(const struct org_options){__VA_ARGS__})
struct org org_create(struct gateway *gateway, const struct org_options *options);

// POST /api/send-message with the org's key on the gateway's connection; `body` as the client
// writes it. With `Prefer: wait` it comes back with Meta's answer.
struct answer send_body(const struct org *org, const char *body);
struct answer send_body_and_wait(const struct org *org, const char *body);

// A text for a phone.
struct answer send_text(const struct org *org, const char *phone);
struct answer send_text_and_wait(const struct org *org, const char *phone);
const char *text_body(const char *phone);

// GET with the org's key.
struct answer get(const struct org *org, const char *path);

// The answer must be a 202 for a message with this status (NULL: queued, or held behind another one
// to the same contact); returns the message's id.
#define expect_accepted(answer) expect_accepted_as(HERE, answer, NULL)
const char *expect_accepted_as(const char *here, const struct answer *answer, const char *status);

// The answer must be this refusal; `field` NULL: detail.field must not be there.
#define expect_refused(answer, status, code, field)                                                \
    expect_refused_at(HERE, answer, status, code, field)
void expect_refused_at(const char *here, const struct answer *answer, int status, const char *code,
                       const char *field);

#define expect_equal(actual, expected) expect_equal_at(HERE, #actual, actual, expected)
void expect_equal_at(const char *here, const char *what, const char *actual, const char *expected);

// How a message stands: "queued", "sent", "failed 131026", "failed 190 refunded",
// "unconfirmed network:after_write"; "" if there is none.
const char *message_state(struct gateway *gateway, const char *message_id);

// Waits until the message stands so. Once it is neither waiting nor on its way, another state fails
// the test at once.
#define expect_ends(gateway, message_id, state) expect_ends_at(HERE, gateway, message_id, state)
void expect_ends_at(const char *here, struct gateway *gateway, const char *message_id,
                    const char *state);

// Lets a scheduled message be due now.
void make_due(struct gateway *gateway, const char *message_id);

// PostgreSQL refuses such a change ("INSERT ON messages") to rows of which the condition is true,
// until the trigger `refuse` is dropped. Once in a test.
void given_refusals(struct gateway *gateway, const char *change, const char *condition);

// From now on whatever is accepted is at its last attempt: a failure that would be tried again is
// final at once.
void given_last_attempts(struct gateway *gateway);

const char *org_balance(const struct org *org);
// The ledger, oldest first: "adjustment 100.00, service_fee -0.20".
const char *org_ledger(const struct org *org);
// How many of the org's messages stand so; state as the database names it.
long org_messages(const struct org *org, const char *state);
