#include "tests/metasim/wamid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

void wamids_init(struct wamids *wamids)
{
    if (getrandom(&wamids->run, sizeof wamids->run, 0) != (ssize_t)sizeof wamids->run)
        wamids->run = (uint32_t)time(NULL);
    atomic_init(&wamids->last, 0);
}

uint64_t wamids_next(struct wamids *wamids)
{
    return atomic_fetch_add(&wamids->last, 1) + 1;
}

static void write_base64(const unsigned char *bytes, size_t length, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (left > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = '=';
        out[3] = '=';
        if (left > 1)
            out[2] = alphabet[group >> 6 & 63];
        if (left > 2)
            out[3] = alphabet[group & 63];
        out += 4;
    }
    *out = '\0';
}

// The bytes are laid out as in Meta's own ids: 1C 18, length, recipient, 15 02 00 11 18 12,
// eighteen hexadecimal digits, 00. With eleven digits of recipient the text begins with
// "wamid.HBgL".
void wamids_write(const struct wamids *wamids, uint64_t serial, const char *recipient,
                  char wamid[static WAMID_SIZE])
{
    static const unsigned char middle[] = {0x15, 0x02, 0x00, 0x11, 0x18, 0x12};
    unsigned char bytes[28 + SIM_RECIPIENT_SIZE];
    size_t length = strnlen(recipient, 255);
    size_t at = 0;
    bytes[at++] = 0x1c;
    bytes[at++] = 0x18;
    bytes[at++] = (unsigned char)length;
    memcpy(bytes + at, recipient, length);
    at += length;
    memcpy(bytes + at, middle, sizeof middle);
    at += sizeof middle;
    char digits[32];
    snprintf(digits, sizeof digits, "%08" PRIX32 "%010" PRIX64, wamids->run,
             serial & UINT64_C(0xffffffffff));
    memcpy(bytes + at, digits, 19); // with its NUL, which is the last byte of the id
    at += 19;
    write_base64(bytes, at, stpcpy(wamid, "wamid."));
}
