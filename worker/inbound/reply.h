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
