// What Meta decides of a template, and says of it by webhooks: POST /_sim/template.
#pragma once

#include "common/base/error.h"
#include "tests/metasim/sim.h"

#include <json-c/json.h>

// The template of `change`'s "id" has another "status" (with "reason", "title" and "description"),
// "quality" or "category" from now on, and a webhook says so, unless "silent" is true. False: code
// "invalid_template" with `field`; or as inbound_post. Thread-safe.
bool template_words_say(struct sim *sim, struct json_object *change,
                        struct tg_error *error) TG_MUST_CHECK;
