#include "tests/system/webhook.h"

#include "common/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

const char *signature_header(const char *secret, const char *body, size_t length)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    cr_assert(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body, length,
                   mac, &size));
    struct tg_text header = {0};
    tg_text_append_string(&header, "X-Hub-Signature-256: sha256=");
    for (unsigned i = 0; i < size; i++)
        tg_text_append_format(&header, "%02x", mac[i]);
    return header.data;
}

struct answer post_webhook(struct gateway *gateway, const char *body, size_t length)
{
    length = length ? length : strlen(body);
    return ask(gateway->http, .path = "/webhook", .body = body, .body_length = length,
               .headers = {signature_header(GATEWAY_APP_SECRET, body, length)});
}

struct answer post_webhook_file(struct gateway *gateway, const char *name)
{
    const char *path = text_of("%s/meta/webhooks/%s", testbed_shared_directory(), name);
    size_t length = 0;
    const char *body = file_text(path, &length);
    cr_assert(body, "%s cannot be read", path);
    return post_webhook(gateway, body, length);
}

long events_left(struct gateway *gateway)
{
    static const char count[] = "local n = 0 for i = 0, 3 do "
                                "n = n + redis.call('XLEN', 'tollgate:{0' .. i .. '}:events') end "
                                "return n";
    return strtol(redis_command(gateway->redis, "EVAL", count, "0"), NULL, 10);
}
