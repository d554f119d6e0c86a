// Placeholders in rules' replies: {name} is the contact's name, and {name|friend} has friend for
// who has none. Braces around anything but a word, and what may stand behind a |, are no
// placeholder. core/automation_rules.sql refuses with the same rules what is unknown.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>

// Are all placeholders in the strings of the reply known? Failure: field "reply".
bool tg_placeholders_check(struct json_object *reply, struct tg_error *error) TG_MUST_CHECK;

// Fills in every string of the reply. Where there is no name (it is empty) and nothing stands for
// it, the blanks and the comma before it go too, so that no hole is left. In a link it is encoded
// as links are. What is unknown stays as it is.
void tg_placeholders_fill(struct json_object *reply, const struct tg_text *name);
