// What a customer wrote: an object of a webhook's list "messages" becomes a message to be kept.
#pragma once

#include "worker/inbound/items.h"

// Makes of an object of a list an item of its kind. `value` is what the list stands in. Returns why
// that cannot be done, the item staying dead; NULL: it is done.
typedef const char *item_read(struct item *item, struct json_object *object,
                              struct json_object *value);

item_read item_read_message;
