#include "common/base/uuid7.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// The 12 bits after the time are a counter within the millisecond (RFC 9562, section 6.2, method
// 1). It starts in the lower half, so that at least half of it is left for the rest of the
// millisecond.
enum { COUNTER_START_MASK = 0x07ff, COUNTER_MAX = 0x0fff };

struct tg_uuid tg_uuid7(void)
{
    static _Thread_local uint64_t last_ms;
    static _Thread_local unsigned counter;

    struct tg_uuid id;
    // Up to 256 bytes are never given in part; without random bits ids would collide.
    if (getrandom(id.bytes, sizeof id.bytes, 0) != (ssize_t)sizeof id.bytes)
        abort();

    uint64_t now_ms = (uint64_t)tg_unix_ms();
    if (now_ms > last_ms || counter == COUNTER_MAX) {
        last_ms = now_ms > last_ms ? now_ms : last_ms + 1;
        counter = ((unsigned)id.bytes[6] << 8 | id.bytes[7]) & COUNTER_START_MASK;
    } else {
        counter++;
    }
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(last_ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | counter >> 8);
    id.bytes[7] = (uint8_t)counter;
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

// Does a dash follow after this byte in the canonical form?
static bool dash_follows(int byte)
{
    return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

void tg_uuid_format(struct tg_uuid id, char text[static TG_UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        *text++ = digits[id.bytes[i] >> 4];
        *text++ = digits[id.bytes[i] & 0x0f];
        if (dash_follows(i))
            *text++ = '-';
    }
    *text = '\0';
}

bool tg_uuid_parse(const char *text, size_t length, struct tg_uuid *id)
{
    if (length != TG_UUID_TEXT_SIZE - 1)
        return false;
    struct tg_uuid parsed;
    for (int i = 0; i < 16; i++) {
        if (!tg_hex_read(text, &parsed.bytes[i], 1))
            return false;
        text += 2;
        if (dash_follows(i) && *text++ != '-')
            return false;
    }
    *id = parsed;
    return true;
}

bool tg_uuid_equal(struct tg_uuid a, struct tg_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

uint32_t tg_uuid_hash(struct tg_uuid id)
{
    return tg_hash(id.bytes, sizeof id.bytes);
}
