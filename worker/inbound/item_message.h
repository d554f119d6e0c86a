// Messages: an object of a list of messages becomes one to be kept.
#pragma once

#include "worker/inbound/items.h"

// Makes of an object of a list an item of its kind. `value` is what the list stands in, and
// item->origin.contact who the object is about, if it tells. Returns why that cannot be done, the
// item staying dead; NULL: it is done.
typedef const char *item_read(struct item *item, struct json_object *object,
                              struct json_object *value);

item_read item_read_message; // what a customer wrote

// What was written, when, and as an answer to what, whoever wrote it.
const char *item_read_content(struct item *item, struct json_object *object);
