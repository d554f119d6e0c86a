#include "common/crypto/signature.h"

#include "common/base/digits.h"

#include <string.h>

static const char prefix[] = "sha256=";
enum { PREFIX_LENGTH = sizeof prefix - 1 };
_Static_assert(TG_SIGNATURE_LENGTH == PREFIX_LENGTH + 2 * TG_SHA256_SIZE,
               "a prefix, and two digits for each byte");

bool tg_signature_begins(const char *text)
{
    return strncmp(text, prefix, PREFIX_LENGTH) == 0 && strlen(text) >= TG_SIGNATURE_LENGTH;
}

bool tg_signature_read(const char *text, unsigned char mac[static TG_SHA256_SIZE])
{
    if (!tg_signature_begins(text))
        return false;
    const char *rest = text + TG_SIGNATURE_LENGTH;
    return rest[strspn(rest, " \t")] == '\0' &&
           tg_hex_read(text + PREFIX_LENGTH, mac, TG_SHA256_SIZE);
}

bool tg_signature_is_right(const char *signature, const char *secrets, const void *bytes,
                           size_t length)
{
    unsigned char given[TG_SHA256_SIZE];
    if (!tg_signature_read(signature, given))
        return false;
    bool is_right = false;
    for (const char *secret = secrets;; secret++) {
        size_t secret_length = strcspn(secret, ",");
        unsigned char mac[TG_SHA256_SIZE];
        tg_hmac_sha256(secret, secret_length, bytes, length, mac);
        is_right |= tg_same_digest(mac, given);
        secret += secret_length;
        if (*secret == '\0')
            return is_right;
    }
}

bool tg_signature_is_right_now(const char *signature, struct tg_shared_text *secrets,
                               const void *bytes, size_t length)
{
    const char *held = tg_shared_text_hold(secrets);
    bool right = tg_signature_is_right(signature, held, bytes, length);
    tg_shared_text_let_go(secrets, held);
    return right;
}

void tg_signature_write(struct tg_span secret, struct tg_span bytes, struct tg_text *signature)
{
    unsigned char mac[TG_SHA256_SIZE];
    tg_hmac_sha256(secret.data, secret.length, bytes.data, bytes.length, mac);
    tg_text_append_string(signature, prefix);
    for (size_t i = 0; i < sizeof mac; i++)
        tg_text_append_format(signature, "%02x", mac[i]);
}
