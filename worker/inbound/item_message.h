// What a customer wrote: an object of a webhook's list "messages" becomes a message to be kept.
#pragma once

#include "common/store/inbound.h"

#include <json-c/json.h>

// `value` is what the list stands in: it tells of the contact. Why the message cannot be kept; NULL
// if it can. Its spans are borrowed from `value`, its texts are the caller's in any case.
const char *item_message_read(struct json_object *object, struct json_object *value,
                              struct tg_inbound_message *message);
