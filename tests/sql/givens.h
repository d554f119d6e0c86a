// What tests start from and act with: orgs, channels, sends and outcomes by their names instead of
// copied SQL. Main thread, except where it says otherwise; ids and SQL live as long as the test.
// Fields that are left out have the default that is given with them.
#pragma once

#include "tests/sql/database.h"

struct org_spec {
    const char *name;    // "Acme"
    const char *balance; // none; else credited as a recharge
    const char *status;  // "active"
};
// An org; returns its id.
#define given_org(...) given_org_of((struct org_spec){__VA_ARGS__})
const char *given_org_of(struct org_spec spec);

struct channel_spec {
    const char *org;
    const char *fee;             // "0.20"
    const char *status;          // "active"
    const char *access_token;    // "token"
    const char *phone_number_id; // a new one
    const char *max_mps;         // "10000": nothing waits for its slot
};
// A channel; returns its id. Channels are created one after the other, in the order of the calls.
#define given_channel(...) given_channel_of((struct channel_spec){__VA_ARGS__})
const char *given_channel_of(struct channel_spec spec);

// An org with a channel of the default fee; returns the org's id.
const char *given_org_with_channel(const char *balance);

struct send_spec {
    const char *org;
    const char *id;      // a new one
    const char *channel; // null: the default one
    const char *number;  // its phone_number_id; null
    const char *phone;   // a new one, unless there is a user_id or it is a receipt
    const char *user_id;
    const char *type;    // "text"
    const char *payload; // {}; of a receipt: of what given_received has made
    const char *callback_data;
    const char *priority; // "high"
    long send_in_ms;      // from now; 0: null
    long not_after_in_ms; // from now; 0: null
    const char *key;      // idempotency key; null
    const char *body;     // what the key came with; "{}"
};
// Accepts a batch: accept_sends({.org = acme}, {.org = beta}). Returns rows of verdict, status,
// balance and fee.
#define accept_sends(...)                                                                          \
    rows("%s",                                                                                     \
         accept_sends_sql((struct send_spec[]){__VA_ARGS__},                                       \
                          sizeof(struct send_spec[]){__VA_ARGS__} / sizeof(struct send_spec)))
// The statement that accepts it. Any thread.
const char *accept_sends_sql(const struct send_spec *sends, size_t n);

// The same for these columns, of `verdict`.
const char *accept_sends_told_sql(const char *columns, const struct send_spec *sends, size_t n);

// The items of a batch as judge_sends gives them: an expression for the other phases.
#define judged_sends(...)                                                                          \
    judged_sends_sql((struct send_spec[]){__VA_ARGS__},                                            \
                     sizeof(struct send_spec[]){__VA_ARGS__} / sizeof(struct send_spec))
const char *judged_sends_sql(const struct send_spec *sends, size_t n);

// A message that the org has received over its first channel, for its receipts.
void given_received(const char *org);

// A message that was accepted; returns its id.
#define given_message(...) given_message_of((struct send_spec){__VA_ARGS__})
const char *given_message_of(struct send_spec spec);
// A message that was accepted and claimed; returns its id.
#define given_claimed_message(...) given_claimed_message_of((struct send_spec){__VA_ARGS__})
const char *given_claimed_message_of(struct send_spec spec);
// A message that was accepted, claimed and settled with that outcome; returns its id.
const char *given_settled_message(const char *org, const char *outcome);

// Claims a message under a new claim id; returns rows of phone_number_id, access_token, type and
// payload.
const char *claim(const char *org, const char *message);
// The same under a given one.
const char *claim_under(const char *claim_id, const char *org, const char *message);

struct outcome_spec {
    const char *org;
    const char *message;
    const char *claim_id;      // the one under which it is claimed now
    const char *outcome;       // "sent"
    const char *wamid;         // wamid.MESSAGE for sent, else null
    const char *error;         // null
    const char *transient;     // "false"
    const char *retry_after_s; // "0"
    const char *subcode;       // "0": none
};
// Settles a batch; returns rows of settled, status, refunded, unknown_code and error_class.
#define settle_sends(...)                                                                          \
    rows("%s", settle_sends_sql((struct outcome_spec[]){__VA_ARGS__},                              \
                                sizeof(struct outcome_spec[]){__VA_ARGS__} /                       \
                                    sizeof(struct outcome_spec)))
// The items of a batch as judge_outcomes gives them: an expression for the other phases.
#define judged(...)                                                                                \
    judged_sql((struct outcome_spec[]){__VA_ARGS__},                                               \
               sizeof(struct outcome_spec[]){__VA_ARGS__} / sizeof(struct outcome_spec))
const char *judged_sql(const struct outcome_spec *outcomes, size_t n);
// Settles one message; returns the id of the one that this calls up, or "null".
const char *released_by(const char *org, const char *message, const char *outcome);
// The statement that settles a batch. Any thread.
const char *settle_sends_sql(const struct outcome_spec *outcomes, size_t n);

// A uuid that nothing has, and a phone.
const char *new_id(void);
const char *new_phone(void); // any thread

// Makes every message that is scheduled due now.
void make_due(void);
// Releases what is due; returns the ids in order.
const char *release_due(int limit);

// What a test asks most.
const char *balance_of(const char *org);    // "99.80"
const char *status_of(const char *message); // of the record
const char *state_of(const char *message);  // of the outbox; "gone" without a row there
const char *ledger_of(const char *org);     // rows of kind, amount, balance_after; oldest first
const char *claim_of(const char *message);  // the id under which it is claimed
const char *number_of(const char *table);   // its rows
