#include "worker/notify/escape.h"

#include "common/base/utf8.h"

// The number of a character of `n` bytes, two at the least.
static unsigned number_of(const char *bytes, size_t n)
{
    unsigned number = (unsigned char)bytes[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++)
        number = number << 6 | ((unsigned char)bytes[i] & 0x3fU);
    return number;
}

static void append_number(struct tg_text *escaped, unsigned number)
{
    if (number > 0xffff) {
        tg_text_append_format(escaped, "\\u%04x", 0xd800 + ((number - 0x10000) >> 10));
        number = 0xdc00 + ((number - 0x10000) & 0x3ff);
    }
    tg_text_append_format(escaped, "\\u%04x", number);
}

void escape_as_meta(struct tg_span json, struct tg_text *escaped)
{
    bool behind_backslash = false;
    for (size_t i = 0; i < json.length;) {
        size_t n = tg_utf8_character(json.data + i, json.length - i);
        char c = json.data[i];
        if (n > 1)
            append_number(escaped, number_of(json.data + i, n));
        else if (c == '/' && !behind_backslash)
            tg_text_append_string(escaped, "\\/");
        else
            tg_text_append(escaped, &c, 1);
        behind_backslash = c == '\\' && !behind_backslash;
        i += n > 0 ? n : 1;
    }
}
