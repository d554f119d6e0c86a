// Automatic replies: inbound messages meet their org's rules, and what a rule says goes out as a
// send like any other (accept_replies).
#pragma once

#include "common/store/inbound.h"
#include "common/store/rules.h"
#include "worker/inbound/means.h"

// A message that was kept, and how.
struct reply_cause {
    const struct tg_inbound_message *message;
    const struct tg_received *received; // with a rules_version
};

// Replies to up to TG_BATCH_MAX messages, each once at the most, however often this is called, and
// publishes the jobs. With PostgreSQL away it tries again. False: stop was ordered before it was
// done.
bool reply_to_all(const struct means *means, const struct reply_cause *causes,
                  size_t n) TG_MUST_CHECK;

// May a message of this type be replied to? Reactions, system messages and what Meta itself does
// not support are nothing that a customer says.
bool reply_is_due(struct tg_span type);

// Makes of a rule's reply (JSON: a string, or a Cloud API message object) what Meta gets: "{name}"
// is replaced by the contact's profile name, and it is a reply to `wamid`. Fills type and payload;
// false: Meta would not take it.
bool reply_write(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                 struct tg_reply *reply, struct tg_error *error) TG_MUST_CHECK;
