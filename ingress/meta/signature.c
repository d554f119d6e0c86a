#include "ingress/meta/signature.h"

#include "common/base/digits.h"

#include <string.h>

bool signature_read(const char *header, unsigned char mac[static TG_SHA256_SIZE])
{
    static const char prefix[] = "sha256=";
    if (strncmp(header, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *digits = header + sizeof prefix - 1;
    return strlen(digits) == (size_t)2 * TG_SHA256_SIZE && tg_hex_read(digits, mac, TG_SHA256_SIZE);
}
