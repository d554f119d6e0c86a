// What tenants write of their endpoints, and what these answer.
#include "common/base/json.h"
#include "common/base/outside.h"
#include "common/base/utf8.h"
#include "common/crypto/delivery_signature.h"
#include "common/http/outside_url.h"
#include "tests/fuzz/fuzz.h"
#include "worker/notify/escape.h"
#include "worker/notify/verdict.h"

#include <string.h>

// Leads to no inner address that is written there, and is read again as it was.
static void expect_url(const char *url)
{
    const struct tg_networks none = {0};
    struct tg_error error = {0};
    struct tg_ip ip;
    TG_TEXT_AUTO read = {0};
    TG_TEXT_AUTO again = {0};
    if (!tg_outside_url_read(url, &none, "url", &read, &error)) {
        FUZZ_HOLDS(strcmp(error.field, "url") == 0 && *error.message != '\0' && read.length == 0);
        return;
    }
    FUZZ_HOLDS(strncmp(read.data, "https://", 8) == 0 && !strpbrk(read.data, "@#\\ \r\n"));
    FUZZ_HOLDS(tg_outside_url_read(read.data, &none, "url", &again, &error));
    FUZZ_HOLDS(strcmp(read.data, again.data) == 0);
    const char *host = read.data + 8;
    if (tg_ip_read(host, strcspn(host, "/?"), &ip))
        FUZZ_HOLDS(tg_ip_is_outside(ip));
}

static void expect_secret(const struct tg_text *input)
{
    TG_TEXT_AUTO signature = {0};
    const struct tg_signed_delivery delivery = {"evt_1", 1, tg_text_span(input)};
    bool good = tg_endpoint_secret_is_good(tg_text_span(input));
    FUZZ_HOLDS(tg_sign_delivery(tg_text_span(input), &delivery, &signature) == good);
    FUZZ_HOLDS(signature.length == (good ? 3 + 44 : 0));
}

static void expect_quote(const struct tg_text *input)
{
    TG_TEXT_AUTO quoted = {0};
    verdict_quote(tg_text_span(input), &quoted);
    FUZZ_HOLDS(tg_utf8_is_valid(tg_text_string(&quoted), quoted.length));
    FUZZ_HOLDS(!memchr(tg_text_string(&quoted), '\0', quoted.length));
}

// Says the same in ASCII.
static void expect_escaped(const struct tg_text *input)
{
    struct tg_error error;
    TG_TEXT_AUTO escaped = {0};
    struct json_object *json = tg_json_parse(tg_text_string(input), input->length, &error);
    if (!json)
        return;
    escape_as_meta(tg_text_span(input), &escaped);
    for (size_t i = 0; i < escaped.length; i++)
        FUZZ_HOLDS((unsigned char)escaped.data[i] < 0x80);
    struct json_object *again = tg_json_parse(escaped.data, escaped.length, &error);
    FUZZ_HOLDS(again && json_object_equal(json, again));
    json_object_put(again);
    json_object_put(json);
}

FUZZ_TARGET(endpoint)
{
    expect_url(tg_text_string(input));
    expect_secret(input);
    expect_quote(input);
    expect_escaped(input);
}
