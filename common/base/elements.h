// What stands in the lists of a JSON object, told apart before anything is parsed: so each element
// can be read by itself, and what it costs to parse one is bounded by that one.
#pragma once

#include "common/base/text.h"

// Finds the elements of the lists that are members of a document which is an object: *n of them, as
// they are written, borrowed from it; nothing is said of what lies within them. `rest` gets what
// is left of the document, compact, with the number of each (0, 1, ...) in its place. So the
// document is good JSON if `rest` is, and each element is, and else it is not. False: there are
// more than `max`.
bool tg_elements_split(const struct tg_text *json, struct tg_span *elements, size_t max, size_t *n,
                       struct tg_text *rest) TG_MUST_CHECK;
