#include "common/crypto/signature.h"
#include "common/limits.h"
#include "ingress/accept/send_form.h"
#include "ingress/who/api_key.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

// A signature is right for the bytes that it was made of, under any of the secrets, and for no
// others.
static void expect_signature(const char *header)
{
    unsigned char mac[TG_SHA256_SIZE];
    unsigned char read[TG_SHA256_SIZE];
    char right[TG_SIGNATURE_LENGTH + 1] = "sha256=";
    size_t length = strlen(header);
    tg_hmac_sha256("second", 6, header, length, mac);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(right + 7 + 2 * i, 3, "%02x", (unsigned)mac[i]);
    FUZZ_HOLDS(tg_signature_is_right(right, "first,second", header, length));
    FUZZ_HOLDS(!tg_signature_is_right(right, "first,third", header, length));
    FUZZ_HOLDS(!tg_signature_is_right(right, "first,second", right, strlen(right)));
    bool is_one = tg_signature_read(header, read);
    FUZZ_HOLDS(!is_one || (tg_signature_begins(header) && length >= TG_SIGNATURE_LENGTH));
    FUZZ_HOLDS(!tg_signature_is_right(header, "first", "{}", 2) || is_one);
}

static void expect_prefer(const char *header)
{
    int wait_s = send_form_wait_seconds(header, 7);
    FUZZ_HOLDS(wait_s >= 0 && wait_s <= TG_WAIT_MAX_S);
    FUZZ_HOLDS(wait_s == 7 || send_form_wait_seconds(header, 8) == wait_s);
}

static void expect_idempotency_key(const char *header)
{
    struct tg_error error = {0};
    struct tg_send send = {0};
    struct tg_send again = {0};
    const struct tg_text body = {.data = (char[]){"{}"}, .length = 2};
    FUZZ_HOLDS(!send_form_read_key(header, 2, &body, &send, &error));
    if (send_form_read_key(header, 1, &body, &send, &error)) {
        size_t length = strlen(send.idempotency_key);
        FUZZ_HOLDS(length > 0 && strcspn(send.idempotency_key, "\t\r\n") == length);
        FUZZ_HOLDS(send.idempotency_key[0] != ' ' && send.idempotency_key[length - 1] != ' ');
        FUZZ_HOLDS(send_form_read_key(send.idempotency_key, 1, &body, &again, &error));
        FUZZ_HOLDS(strcmp(send.idempotency_key, again.idempotency_key) == 0);
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.field, "Idempotency-Key") == 0);
    }
}

static enum key_answer ask(const char *authorization, const char *cookie, struct key_asker *asker)
{
    static struct keys *keys;
    struct identity identity = {0};
    struct tg_error error = {0};
    const struct shown shown = {
        .authorization = authorization, .authorizations = authorization != NULL, .cookie = cookie};
    if (!keys)
        keys = keys_create(false, NULL);
    enum key_answer answer = keys_ask(keys, &shown, asker, &identity, &error);
    FUZZ_HOLDS(answer == KEY_REFUSED || answer == KEY_UNSURE);
    if (answer == KEY_REFUSED)
        fuzz_refused(&error);
    return answer;
}

// Nobody is believed for what stands there: a key must be looked up, and blanks are not of it.
static void expect_authorization(const char *header)
{
    struct key_asker asker = {0};
    struct key_asker again = {0};
    if (ask(header, NULL, &asker) == KEY_REFUSED)
        return;
    TG_TEXT_AUTO spaced = {0};
    tg_text_append_format(&spaced, "bEARER  \t%s \t", header + strlen("Bearer "));
    FUZZ_HOLDS(ask(spaced.data, NULL, &again) == KEY_UNSURE);
    FUZZ_HOLDS(tg_same_digest(asker.key_hash, again.key_hash));
}

// A session is the cookie of its name, wherever it stands, and what a browser sends by itself is no
// key.
static void expect_cookie(const char *header)
{
    struct key_asker asker = {0};
    struct key_asker again = {0};
    struct tg_span value = session_cookie(header);
    FUZZ_HOLDS((ask(NULL, header, &asker) == KEY_UNSURE) == (value.data != NULL));
    if (!value.data)
        return;
    FUZZ_HOLDS(value.data >= header && value.data + value.length <= header + strlen(header));
    FUZZ_HOLDS(asker.kind == KEY_COOKIE && !memchr(value.data, ';', value.length));
    TG_TEXT_AUTO text = {0};
    tg_text_append_format(&text, "a=b; %s=%.*s; c=d", SESSION_COOKIE, (int)value.length,
                          value.data);
    FUZZ_HOLDS(ask(NULL, text.data, &again) == KEY_UNSURE);
    FUZZ_HOLDS(tg_same_digest(asker.key_hash, again.key_hash));
    tg_text_clear(&text);
    tg_text_append_format(&text, "Bearer %.*s", (int)value.length, value.data);
    FUZZ_HOLDS(ask(text.data, NULL, &again) == KEY_REFUSED);
}

FUZZ_TARGET(headers)
{
    const char *header = tg_text_string(input); // up to a NUL, as the library has it
    expect_signature(header);
    expect_prefer(header);
    expect_idempotency_key(header);
    expect_authorization(header);
    expect_cookie(header);
}
