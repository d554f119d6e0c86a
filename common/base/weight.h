// What a body of JSON costs once it is parsed, told before it is: json-c makes of each value an
// object of its own.
#pragma once

#include "common/base/text.h"

struct tg_weight {
    size_t objects; // and lists
    size_t values;  // all of them, names of members included
    size_t bytes;   // of memory that they take at the most, with the body
};

// Reads no more of a short body than its length, which bounds it well enough.
struct tg_weight tg_weight_of(const struct tg_text *body);
