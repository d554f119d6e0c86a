#include "common/base/elements.h"

#include <string.h>

static const char blanks[] = " \t\r\n";

// Where a document is being read.
struct place {
    const char *at;
    const char *end;
    size_t depth;
    bool in_list; // of the object's
};

static bool is_blank(char c)
{
    return c != '\0' && strchr(blanks, c) != NULL;
}

// Moves behind the string that begins here.
static void skip_string(struct place *place)
{
    for (place->at++; place->at < place->end && *place->at != '"'; place->at++)
        place->at += *place->at == '\\' && place->at + 1 < place->end;
    place->at += place->at < place->end;
}

// Moves to the comma or the bracket behind the element that begins here.
static struct tg_span next_element(struct place *place)
{
    while (place->at < place->end && is_blank(*place->at))
        place->at++;
    const char *begin = place->at;
    size_t depth = 0;
    while (place->at < place->end) {
        char c = *place->at;
        if (depth == 0 && (c == ',' || c == ']' || c == '}'))
            break;
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (c == '"')
            skip_string(place);
        else
            place->at++;
    }
    size_t length = (size_t)(place->at - begin);
    while (length > 0 && is_blank(begin[length - 1]))
        length--;
    return (struct tg_span){begin, length};
}

// What is no element: a string, blanks or a character.
static void copy_next(struct place *place, struct tg_text *rest)
{
    const char *begin = place->at;
    if (is_blank(*begin)) {
        while (place->at < place->end && is_blank(*place->at))
            place->at++;
        tg_text_append_string(rest, " ");
        return;
    }
    if (*begin == '"')
        skip_string(place);
    else
        place->at++;
    tg_text_append(rest, begin, (size_t)(place->at - begin));
}

static void follow(struct place *place, char c)
{
    if (c == '[' || c == '{') {
        place->depth++;
        place->in_list = place->depth == 2 && c == '[';
    } else if ((c == ']' || c == '}') && place->depth > 0) {
        place->depth--;
        place->in_list = false;
    }
}

bool tg_elements_split(const struct tg_text *json, struct tg_span *elements, size_t max, size_t *n,
                       struct tg_text *rest)
{
    struct place place = {.at = json->data, .end = json->data + json->length};
    *n = 0;
    while (place.at < place.end) {
        char c = *place.at;
        copy_next(&place, rest);
        follow(&place, c);
        if (!place.in_list)
            continue;
        struct tg_span element = next_element(&place);
        if (element.length == 0)
            continue;
        if (*n == max)
            return false;
        elements[*n] = element;
        tg_text_append_format(rest, "%zu", (*n)++);
    }
    return true;
}
