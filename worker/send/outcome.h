// What came of a dispatch: Meta's answer, or why there is none, becomes one outcome. Pure
// functions.
//
// Only the name of the outcome is decided here; what follows from it (refund, unconfirmed, pause)
// is in the table error_rules (sql/error_rules.csv). Whether Meta can have taken the message is
// decided by one fact: did a byte of the body leave?
#pragma once

#include "common/http/client.h"
#include "common/store/dispatch.h"
#include "worker/unasked.h"

// Fills all of `outcome` but the ids, which are the caller's to fill. `receipt`: Meta answers
// {"success":true}, without a wamid. Retry-After is heeded up to TG_RETRY_AFTER_MAX_S.
//
//   Meta's error envelope, whatever the status   its code in decimal ("131026", "0"), its subcode
//   2xx with a message id; a receipt's success    sent
//   other 2xx                                     http:2xx_without_id
//   4xx without one                               http:404 or what it is
//   all else                                      http:5xx
//   no answer, body not sent                      network:dns, refused, tls, before_write
//   no answer, body sent                          network:after_write
void outcome_judge(const struct tg_http_answer *answer, bool receipt, struct tg_outcome *outcome);

// The outcome of a request that was broken off here after its body had been sent.
void outcome_broken_off(struct tg_outcome *outcome);

// The outcome of a message whose channel's access token cannot be shown to Meta (unasked_token).
void outcome_unusable_token(struct tg_outcome *outcome, const struct unasked_token *why);
