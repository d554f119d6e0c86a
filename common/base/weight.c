#include "common/base/weight.h"

enum {
    // Up to this length, what its bytes could be at the worst is little enough: a usual webhook is
    // not counted.
    SHORT = 1024,
    // An empty object has a table for 16 members, which is nearly all of what it takes; a member of
    // a large one takes less than the other of these with its name and its share of the table.
    OBJECT_BYTES = 800,
    VALUE_BYTES = 100,
};

struct tg_weight tg_weight_of(const struct tg_text *body)
{
    struct tg_weight weight = {0};
    bool in_string = false;
    if (body->length <= SHORT)
        weight.objects = body->length / 2 + 1; // "[[]]"
    for (size_t i = 0; body->length > SHORT && i < body->length; i++) {
        char c = body->data[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\';
        else if (c == '{' || c == '[')
            weight.objects++;
        else
            weight.values += c == ',' || c == ':';
    }
    weight.values += weight.objects;
    weight.bytes = weight.objects * OBJECT_BYTES + weight.values * VALUE_BYTES + body->length;
    return weight;
}
