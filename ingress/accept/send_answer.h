// What the sender of a message is answered, and in whose words; what answers the request says so.
#pragma once

#include "common/store/accept.h"
#include "common/words/result.h"
#include "ingress/http/request.h"

// Why a message was not accepted, in the parts of an error (ingress/http/answer.h).
struct send_refusal {
    const char *code;
    const char *message;   // lives as long as the verdict, and the send
    struct tg_text detail; // whoever asks for it finishes it
};

// By any verdict on the send but an acceptance, or a duplicate's.
struct send_refusal send_refusal_of(const struct tg_send *send, const struct tg_verdict *verdict);

// PostgreSQL did not accept it in time or at all. `maybe_accepted`: the answer to a COMMIT never
// came, so that nobody knows, and the client can ask by the message id.
struct send_refusal send_refusal_failed(struct tg_uuid message_id, bool maybe_accepted,
                                        enum tg_pg_status status);

// How an accepted message stands: the members of its answer, without the braces.
void send_write_standing(const struct tg_verdict *verdict, enum tg_status status,
                         struct tg_text *json);

// How a sender is told. The first three answer the request, on whatever thread.
struct send_words {
    // How the message stands at first.
    void (*accepted)(struct request *request, const struct tg_verdict *verdict);
    // Why it was not accepted, which is finished.
    void (*refused)(struct request *request, const struct tg_send *send,
                    struct send_refusal *refusal);
    // What has come of an accepted message.
    void (*result)(struct request *request, const struct tg_verdict *verdict,
                   const struct tg_result *result);
    // Asks the database for that.
    enum tg_pg_status (*read)(struct tg_pg *pg, struct tg_uuid org_id, struct tg_uuid message_id,
                              bool *found, struct tg_result *result);
    // Does nobody wait for the answer any more?
    bool (*has_left)(const struct request *request);
    // Does a repeat by its Idempotency-Key wait for Meta as the first send does, or is it told at
    // once how the message stands?
    bool repeats_wait;
};

// Who sends a message, and in what words they are told what comes of it.
struct sender {
    struct request *request;
    const struct send_words *words;
};

// Those of /api: 202 for what is accepted; 200 for what was sent, and 500 for what failed.
extern const struct send_words send_answer_words;
