#include "worker/send/in_hand.h"

#include "common/base/clock.h"

#include <stdlib.h>

struct dispatch_item *dispatch_item_create(struct tg_claim *claim, const struct tg_job *job,
                                           long long claimed_at_ms)
{
    struct dispatch_item *item = calloc(1, sizeof *item);
    if (!item)
        abort();
    item->claim = *claim;
    *claim = (struct tg_claim){0};
    item->job = *job;
    item->claimed_at_ms = claimed_at_ms;
    item->outcome.message_id = item->claim.message_id;
    item->outcome.org_id = item->claim.org_id;
    item->outcome.claim_id = item->claim.claim_id;
    return item;
}

void dispatch_item_destroy(struct dispatch_item *item)
{
    if (!item)
        return;
    tg_claim_finish(&item->claim);
    free(item);
}

long long dispatch_item_age_ms(const struct dispatch_item *item)
{
    return tg_boottime_ms() - item->claimed_at_ms;
}
