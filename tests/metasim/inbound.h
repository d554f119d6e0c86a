// A customer writes, or a status comes of itself: POST /_sim/inbound.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "tests/metasim/sim.h"

#include <json-c/json.h>

// Posts the webhook of the message or status that `wish` describes (`tollgate-metasim --help` tells
// its members; it may be changed) and appends its wamid to `wamid`. False: code "invalid_inbound"
// with `field`, "no_webhook" without a webhook URL, "too_many_webhooks" when too many of them wait.
// Thread-safe.
bool inbound_post(struct sim *sim, struct json_object *wish, struct tg_text *wamid,
                  struct tg_error *error) TG_MUST_CHECK;
