// What the sender of a message is answered. Each answers the request.
#pragma once

#include "common/store/accept.h"
#include "common/words/result.h"
#include "ingress/http/request.h"

// 202, with how the message stands at first.
void send_answer_accepted(struct request *request, const struct tg_verdict *verdict);

// Any other verdict on the send than that, or a duplicate.
void send_answer_refused(struct request *request, const struct tg_send *send,
                         const struct tg_verdict *verdict);

// PostgreSQL did not accept it in time or at all. `maybe_accepted`: the answer to a COMMIT never
// came, so that nobody knows, and the client can ask by the message id.
void send_answer_failed(struct request *request, struct tg_uuid message_id, bool maybe_accepted,
                        enum tg_pg_status status);

// What has come of an accepted message: 200 if it was sent, 500 if it failed, else 202.
void send_answer_result(struct request *request, const struct tg_verdict *verdict,
                        const struct tg_result *result);
