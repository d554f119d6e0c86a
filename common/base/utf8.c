#include "common/base/utf8.h"

// Which bytes may begin a character, and which may follow them, is the table of RFC 3629, section
// 4: the range of the second byte is what rules out overlong forms and surrogates.
size_t tg_utf8_character(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    size_t size = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned char lowest = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char highest = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    if (size > length || at[1] < lowest || at[1] > highest)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return size;
}

// Its number, if it has up to three bytes: all that matter here do.
static bool read_short(const unsigned char *at, size_t size, unsigned *character)
{
    if (size == 1)
        *character = at[0];
    else if (size == 2)
        *character = (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
    else if (size == 3)
        *character = (at[0] & 0x0fU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
    return size >= 1 && size <= 3;
}

bool tg_utf8_is_control(const char *bytes, size_t length, unsigned *character)
{
    static const struct {
        unsigned first;
        unsigned last;
    } controls[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    bool found = false;
    if (!read_short((const unsigned char *)bytes, tg_utf8_character(bytes, length), character))
        return false;
    for (size_t i = 0; i < sizeof controls / sizeof *controls && !found; i++)
        found = *character >= controls[i].first && *character <= controls[i].last;
    return found;
}

size_t tg_utf8_whole(const char *bytes, size_t length)
{
    enum { FOLLOW_MAX = 3 }; // of a character's bytes
    size_t last = length;
    while (last > 0 && length - last < FOLLOW_MAX &&
           ((unsigned char)bytes[last - 1] & 0xC0) == 0x80)
        last--;
    if (last > 0 && tg_utf8_character(bytes + last - 1, length - last + 1) == 0)
        return last - 1;
    return length;
}

bool tg_utf8_is_valid(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t size = tg_utf8_character(bytes, length);
        if (size == 0)
            return false;
        bytes += size;
        length -= size;
    }
    return true;
}
