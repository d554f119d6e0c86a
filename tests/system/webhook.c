#include "tests/system/webhook.h"

#include "common/base/text.h"
#include "tests/corpus.h"
#include "tests/system/streams.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

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
    size_t length = 0;
    const char *body = corpus_read("webhooks", name, &length);
    return post_webhook(gateway, body, length);
}

struct answer post_webhook_file_of_now(struct gateway *gateway, const char *name)
{
    static const char key[] = "\"timestamp\": \"";
    char *body = corpus_read("webhooks", name, NULL);
    const char *now = text_of("%ld", (long)time(NULL));
    for (char *at = body; (at = strstr(at, key)); at += sizeof key)
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result): it stands within the body
        memcpy(at + sizeof key - 1, now, strlen(now));
    return post_webhook(gateway, body, 0);
}

static const char *body_with(const char *phone_number_id, const char *members)
{
    return text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", "
                   "\"changes\": [{\"field\": \"messages\", \"value\": {\"metadata\": "
                   "{\"phone_number_id\": \"%s\"}, %s}}]}]}",
                   phone_number_id, members);
}

const char *text_message_body(const char *phone_number_id, const char *from, const char *wamid,
                              const char *text)
{
    return body_with(
        phone_number_id,
        text_of("\"contacts\": [{\"wa_id\": \"%s\", \"profile\": {\"name\": \"Asha\"}}], "
                "\"messages\": [{\"from\": \"%s\", \"id\": \"%s\", \"timestamp\": "
                "\"%ld\", \"type\": \"text\", \"text\": {\"body\": \"%s\"}}]",
                from, from, wamid, (long)time(NULL), text));
}

const char *message_body(const char *phone_number_id, const char *from, const char *wamid,
                         long age_s, const char *members)
{
    return body_with(phone_number_id, text_of("\"messages\": [{\"from\": \"%s\", \"id\": \"%s\", "
                                              "\"timestamp\": \"%ld\", %s}]",
                                              from, wamid, (long)time(NULL) - age_s, members));
}

const char *status_body(const char *phone_number_id, const char *wamid, const char *status,
                        const char *more)
{
    return body_with(phone_number_id, text_of("\"statuses\": [{\"id\": \"%s\", \"status\": \"%s\", "
                                              "\"timestamp\": \"1763800000\"%s%s}]",
                                              wamid, status, *more ? ", " : "", more));
}

const char *names_message(const char *message_id)
{
    return text_of("\"biz_opaque_callback_data\": \"%s\"", message_id);
}

long webhooks_left(struct gateway *gateway)
{
    return streams_left(gateway->redis, "webhooks");
}
