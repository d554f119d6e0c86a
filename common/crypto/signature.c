#include "ingress/meta/signature.h"

#include "common/base/digits.h"

#include <string.h>

static const char prefix[] = "sha256=";
enum { PREFIX_LENGTH = sizeof prefix - 1, DIGITS = 2 * TG_SHA256_SIZE };

bool signature_begins(const char *header)
{
    return strncmp(header, prefix, PREFIX_LENGTH) == 0 && strlen(header) >= PREFIX_LENGTH + DIGITS;
}

bool signature_read(const char *header, unsigned char mac[static TG_SHA256_SIZE])
{
    if (!signature_begins(header))
        return false;
    const char *digits = header + PREFIX_LENGTH;
    const char *rest = digits + DIGITS;
    return rest[strspn(rest, " \t")] == '\0' && tg_hex_read(digits, mac, TG_SHA256_SIZE);
}
