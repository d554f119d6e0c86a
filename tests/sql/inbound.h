// Givens of what comes back by webhooks; see givens.h.
#pragma once

#include "tests/sql/givens.h"

// The phone_number_id of an org's only channel.
const char *number_of_org(const char *org);

// Applies one status of Meta's (code: of a failure, else null) now; returns rows of verdict,
// refunded, reversed and released_id.
const char *hear(const char *org, const char *message, const char *status, const char *code);

struct inbound_spec {
    const char *org;         // whose number was written to
    const char *number;      // a phone_number_id instead
    const char *wamid;       // a new one
    const char *phone;       // "919876543210"; "": hidden
    const char *user_id;     // null
    const char *name;        // null
    const char *new_phone;   // null
    const char *new_user_id; // null
    const char *type;        // "text"
    const char *text;        // "hello"
    const char *group;       // null: a group's id
    const char *changes;     // null: the wamid that it edits or revokes
    const char *media;       // null: Meta's id of its file
    long at;                 // 1763800000
    bool is_unsaid;          // a reaction, say
    bool words_later;        // of the first: SQL looks for no words in the whole batch
};
// Receives a batch: receive({.org = acme}, {.org = beta}). Returns rows of verdict.
#define receive(...)                                                                               \
    rows("%s",                                                                                     \
         receive_sql((struct inbound_spec[]){__VA_ARGS__},                                         \
                     sizeof(struct inbound_spec[]){__VA_ARGS__} / sizeof(struct inbound_spec)))
// The statement that receives it; nothing but verdicts is selected. Any thread.
const char *receive_sql(const struct inbound_spec *messages, size_t n);

// The items of a batch as find_inbound gives them: an expression for the other phases.
#define found_inbound(...)                                                                         \
    found_inbound_sql((struct inbound_spec[]){__VA_ARGS__},                                        \
                      sizeof(struct inbound_spec[]){__VA_ARGS__} / sizeof(struct inbound_spec))
const char *found_inbound_sql(const struct inbound_spec *messages, size_t n);

// What messages that were received are found to wish, {.org = acme, .message = id, .wish = "out"}
// ("in"; null: nothing), as rows of opted_out.
struct wish_spec {
    const char *org;
    const char *message;
    const char *wish;
};
#define set_wishes(...)                                                                            \
    rows("%s", set_wishes_sql((struct wish_spec[]){__VA_ARGS__},                                   \
                              sizeof(struct wish_spec[]){__VA_ARGS__} / sizeof(struct wish_spec)))
const char *set_wishes_sql(const struct wish_spec *wishes, size_t n);

// A message that was received; returns its id.
#define given_inbound(...) given_inbound_of((struct inbound_spec){__VA_ARGS__})
const char *given_inbound_of(struct inbound_spec spec);

struct copy_spec {
    const char *org;
    const char *number;  // a phone_number_id instead of the org's
    const char *wamid;   // a new one
    const char *phone;   // "919876543210"; "": hidden
    const char *user_id; // null
    const char *name;    // null
    const char *origin;  // "phone_app"
    bool inbound;
    const char *status;  // "sent"; inbound: "received"
    const char *type;    // "text"
    const char *text;    // "hello"
    const char *media;   // null
    const char *changes; // null
    long at;             // 1763800000
};
// Receives copies; rows of verdict.
#define receive_copies(...)                                                                        \
    rows("%s",                                                                                     \
         receive_copies_sql((struct copy_spec[]){__VA_ARGS__},                                     \
                            sizeof(struct copy_spec[]){__VA_ARGS__} / sizeof(struct copy_spec)))
const char *receive_copies_sql(const struct copy_spec *copies, size_t n);
