// A customer writes: POST /_sim/inbound.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "tests/metasim/sim.h"

#include <json-c/json.h>

// Posts the webhook of the message that `wish` describes (`tollgate-metasim --help` tells its
// members; it may be changed) and appends its wamid to `wamid`. False: http 400 with `field`, 409
// without a webhook URL, 503 when too many webhooks wait. Thread-safe.
bool inbound_post(struct sim *sim, struct json_object *wish, struct tg_text *wamid,
                  struct tg_error *error) TG_MUST_CHECK;
