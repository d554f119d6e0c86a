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

// Makes of a rule's reply (JSON: a string, or a Cloud API message object) what Meta gets: its
// placeholders are filled in with the contact's profile name, as spelling_name writes it, and it is
// a reply to `wamid`. A name with which Meta would not take it counts as none. Fills type and
// payload; false: Meta would not take it.
bool reply_write(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                 struct tg_reply *reply, struct tg_error *error) TG_MUST_CHECK;

// Would that always come to something, even for who has no name? (rule_check.h)
bool reply_check(const struct tg_rule *rule, struct tg_error *error) TG_MUST_CHECK;
