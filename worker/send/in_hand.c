#include "worker/send/in_hand.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

struct in_hand *in_hand_create(const struct tg_claim *claim, const struct tg_job *job,
                               long long claimed_at_ms)
{
    struct in_hand *message = tg_alloc(sizeof *message);
    *message = (struct in_hand){.claim = *claim,
                                .job = *job,
                                .claimed_at_ms = claimed_at_ms,
                                .outcome = {.message_id = claim->message_id,
                                            .org_id = claim->org_id,
                                            .claim_id = claim->claim_id}};
    return message;
}

void in_hand_destroy(struct in_hand *message)
{
    if (!message)
        return;
    tg_text_wipe(&message->claim.access_token);
    tg_text_finish(&message->claim.payload);
    free(message);
}

long long in_hand_age_ms(const struct in_hand *message)
{
    return tg_boottime_ms() - message->claimed_at_ms;
}
