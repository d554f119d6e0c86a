#include "worker/notify/telling.h"

#include "common/base/memory.h"
#include "common/base/uuid7.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>

// As event_changes.places has it.
static size_t places_of(const struct tg_claimed_delivery *delivery)
{
    size_t places = 1 + delivery->body.length / TG_NOTIFY_PLACE_BYTES;
    if (strcmp(delivery->format, "meta") != 0)
        return 1;
    return places < TG_NOTIFY_PLACES_MOST ? places : TG_NOTIFY_PLACES_MOST;
}

struct telling *telling_of_delivery(struct tg_claimed_delivery *claimed)
{
    struct telling *telling = tg_alloc(sizeof *telling);
    telling->delivery = *claimed;
    telling->places = places_of(claimed);
    telling->result = (struct tg_delivery_result){.org_id = claimed->org_id,
                                                  .endpoint_id = claimed->endpoint_id,
                                                  .event_id = claimed->event_id};
    *claimed = (struct tg_claimed_delivery){.name = ""};
    return telling;
}

struct telling *telling_of_question(struct tg_claimed_verification *claimed,
                                    struct tg_uuid verify_id)
{
    struct telling *telling = tg_alloc(sizeof *telling);
    telling->asks = true;
    telling->places = 1;
    telling->verification = *claimed;
    telling->verify_id = verify_id;
    telling->verified =
        (struct tg_verified){.org_id = claimed->org_id, .endpoint_id = claimed->endpoint_id};
    *claimed = (struct tg_claimed_verification){.org_id = {{0}}};
    return telling;
}

void telling_free(struct telling *telling)
{
    if (!telling)
        return;
    tg_text_finish(&telling->delivery.url);
    tg_text_wipe(&telling->delivery.secret);
    tg_text_wipe(&telling->delivery.old_secret);
    tg_text_finish(&telling->delivery.body);
    tg_text_finish(&telling->verification.url);
    tg_text_wipe(&telling->verification.verify_token);
    tg_text_finish(&telling->beginning);
    tg_text_finish(&telling->result.answer);
    free(telling);
}
