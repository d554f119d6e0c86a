// What a customer wrote: an object of a webhook's list "messages" becomes a message to be kept.
#pragma once

#include "worker/inbound/items.h"

// Makes of an object of a list an item of its kind. `value` is what the list stands in. Returns why
// that cannot be done, the item staying dead; NULL: it is done.
typedef const char *item_read(struct item *item, struct json_object *object,
                              struct json_object *value);

item_read item_read_message;

// The member of `contacts` in `value` that tells of who wrote the message `object`, which stands at
// `index` in its list; NULL if none does. The one in the same place is looked at first, then those
// behind it, round the end: TG_CONTACTS_LOOKED_MAX at the most.
struct json_object *item_find_contact(struct json_object *value, struct json_object *object,
                                      size_t index);
