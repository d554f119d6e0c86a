#include "ingress/accept/headers.h"

#include "common/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool headers_read_key(const char *value, int count, char key[static TG_IDEMPOTENCY_KEY_SIZE],
                      struct tg_error *error)
{
    static const char header[] = "Idempotency-Key";
    key[0] = '\0';
    if (count == 0)
        return true;
    if (count > 1)
        return tg_error_set(error, "invalid_header", header, "%s must be given once", header);
    value = value ? value + strspn(value, " \t") : "";
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]))
        length--;
    bool printable = length > 0 && length < TG_IDEMPOTENCY_KEY_SIZE;
    for (size_t i = 0; printable && i < length; i++)
        printable = value[i] >= ' ' && value[i] <= '~';
    if (!printable)
        return tg_error_set(error, "invalid_header", header,
                            "%s must have 1 to %d printable ASCII characters", header,
                            TG_IDEMPOTENCY_KEY_SIZE - 1);
    memcpy(key, value, length);
    key[length] = '\0';
    return true;
}

int headers_wait_seconds(const char *prefer)
{
    for (const char *at = prefer; at && *at;) {
        at += strspn(at, " ,;\t");
        if (strncasecmp(at, "wait=", 5) == 0 && isdigit((unsigned char)at[5])) {
            long seconds = strtol(at + 5, NULL, 10);
            return seconds > TG_WAIT_MAX_S ? TG_WAIT_MAX_S : (int)seconds;
        }
        at += strcspn(at, " ,;\t");
    }
    return 0;
}
