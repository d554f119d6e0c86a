// What the sender of a message is answered; what answers the request says so.
#pragma once

#include "common/store/accept.h"
#include "common/words/result.h"
#include "ingress/http/request.h"

// Why a message was not accepted, in the parts of an error (ingress/http/answer.h).
struct send_refusal {
    const char *code;
    const char *message;
    struct tg_text detail; // whoever asks for it finishes it
};

// By any verdict on the send but an acceptance, or a duplicate's.
struct send_refusal send_refusal_of(const struct tg_send *send, const struct tg_verdict *verdict);

// PostgreSQL did not accept it in time or at all. `maybe_accepted`: the answer to a COMMIT never
// came, so that nobody knows, and the client can ask by the message id.
struct send_refusal send_refusal_failed(struct tg_uuid message_id, bool maybe_accepted,
                                        enum tg_pg_status status);

// Answers with it.
void send_answer_refused(struct request *request, struct send_refusal *refusal);

// How an accepted message stands: the members of its answer, without the braces.
void send_write_standing(const struct tg_verdict *verdict, enum tg_status status,
                         struct tg_text *json);

// Answers 202, with how the message stands at first.
void send_answer_accepted(struct request *request, const struct tg_verdict *verdict);

// Answers with what has come of an accepted message: 200 if it was sent, 500 if it failed, else
// 202.
void send_answer_result(struct request *request, const struct tg_verdict *verdict,
                        const struct tg_result *result);
