#include "worker/send/in_hand.h"

#include "common/base/clock.h"

#include <stdlib.h>
#include <string.h>

struct in_hand *in_hand_create(struct tg_claim *claim, const struct tg_job *job,
                               long long claimed_at_ms)
{
    struct in_hand *message = calloc(1, sizeof *message);
    if (!message)
        abort();
    message->outcome.message_id = claim->message_id;
    message->outcome.org_id = claim->org_id;
    message->outcome.claim_id = claim->claim_id;
    message->claimed_at_ms = claimed_at_ms;
    memcpy(message->phone_number_id, claim->phone_number_id, sizeof message->phone_number_id);
    message->kind = claim->kind;
    message->access_token = claim->access_token;
    message->payload = claim->payload;
    *claim = (struct tg_claim){0};
    memcpy(message->ingress, job->ingress, sizeof message->ingress);
    message->entry = job->entry;
    return message;
}

void in_hand_destroy(struct in_hand *message)
{
    if (!message)
        return;
    tg_text_finish(&message->access_token);
    tg_text_finish(&message->payload);
    free(message);
}

long long in_hand_age_ms(const struct in_hand *message)
{
    return tg_boottime_ms() - message->claimed_at_ms;
}

struct tg_claim_key in_hand_claim(const struct in_hand *message)
{
    return (struct tg_claim_key){.org_id = message->outcome.org_id,
                                 .message_id = message->outcome.message_id,
                                 .claim_id = message->outcome.claim_id};
}

struct tg_job in_hand_job(const struct in_hand *message)
{
    struct tg_job job = {.org_id = message->outcome.org_id,
                         .message_id = message->outcome.message_id,
                         .entry = message->entry};
    memcpy(job.ingress, message->ingress, sizeof job.ingress);
    return job;
}
