// The `contacts` of a change: Meta tells there who wrote its messages. Found by hash, since 3 MB
// can hold thousands of messages and hundreds of thousands of contacts.
#pragma once

#include "common/base/text.h"

#include <json-c/json.h>

struct senders {
    struct json_object *contacts; // an array; NULL: there are none
    struct lh_table *by_id;       // made when it is first needed; its keys are the contacts' own
};

// Of `value`, from which all is borrowed.
struct senders senders_of(struct json_object *value);
void senders_finish(struct senders *senders);

// The contact of that phone or user id, either of which may be absent; NULL if there is none. Of
// several the one at `index`, where the message stands in its list, else the first. Of nobody the
// one at `index`.
struct json_object *senders_find(struct senders *senders, struct tg_span phone,
                                 struct tg_span user_id, size_t index);
