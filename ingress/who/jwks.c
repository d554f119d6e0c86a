#include "ingress/who/jwks.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/http/client.h"
#include "common/limits.h"
#include "common/service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
    cjose_jwk_t *jwk;
    const char *alg; // a literal
    char kid[128];   // "": it has none
};

struct keys_read {
    size_t count;
    struct key of[TG_JWKS_KEYS_MAX];
};

struct jwks {
    const char *file;
    const char *url;
    struct tg_http *http;
    pthread_mutex_t lock; // for what follows, and for all use of the keys (cjose counts holders)
    struct keys_read keys;
    bool reading;
    long long begun_ms; // of the last reading; 0: there was none
    long long good_ms;  // when the keys were read; 0: never
};

struct jwks *jwks_create(const char *file, const char *url, const char *ca_file)
{
    struct jwks *jwks = tg_alloc(sizeof *jwks);
    jwks->file = file;
    jwks->url = url;
    if (url)
        jwks->http =
            tg_http_create(&(const struct tg_http_options){.calls_max = 1,
                                                           .silence_ms = TG_JWKS_TIMEOUT_MS,
                                                           .https_only = true,
                                                           .ca_file = ca_file});
    pthread_mutex_init(&jwks->lock, NULL);
    return jwks;
}

static void finish_keys(struct keys_read *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        cjose_jwk_release(keys->of[i].jwk);
    keys->count = 0;
}

void jwks_free(struct jwks *jwks)
{
    if (!jwks)
        return;
    finish_keys(&jwks->keys);
    tg_http_destroy(jwks->http);
    pthread_mutex_destroy(&jwks->lock);
    free(jwks);
}

enum jwks_answer jwks_verify(struct jwks *jwks, cjose_jws_t *token, const char *kid,
                             const char *alg)
{
    pthread_mutex_lock(&jwks->lock);
    enum jwks_answer answer = jwks->good_ms > 0 ? JWKS_NO_KEY : JWKS_NEVER_READ;
    for (size_t i = 0; i < jwks->keys.count && answer != JWKS_GOOD; i++) {
        const struct key *key = &jwks->keys.of[i];
        cjose_err error;
        bool fits = strcmp(key->alg, alg) == 0;
        if (kid ? strcmp(key->kid, kid) != 0 : !fits)
            continue;
        answer = fits && cjose_jws_verify(token, key->jwk, &error) ? JWKS_GOOD : JWKS_BAD;
    }
    pthread_mutex_unlock(&jwks->lock);
    return answer;
}

// Under the lock.
static bool is_due(const struct jwks *jwks, bool wanted)
{
    long long now_ms = tg_now_ms();
    bool may = jwks->begun_ms == 0 || now_ms - jwks->begun_ms >= TG_JWKS_READ_MS;
    return may && (wanted || jwks->good_ms == 0 || now_ms - jwks->good_ms >= TG_JWKS_FRESH_MS);
}

bool jwks_is_due(struct jwks *jwks, bool wanted)
{
    pthread_mutex_lock(&jwks->lock);
    bool due = (wanted && jwks->reading) || is_due(jwks, wanted);
    pthread_mutex_unlock(&jwks->lock);
    return due;
}

static bool is_text(struct json_object *object, const char *name, const char *text)
{
    const char *value = tg_json_string_member(object, name);
    return value && strcmp(value, text) == 0;
}

// The one algorithm that a key is for; NULL: none of ours.
static const char *alg_of(struct json_object *object)
{
    const char *alg = is_text(object, "kty", "RSA")                                     ? "RS256"
                      : is_text(object, "kty", "EC") && is_text(object, "crv", "P-256") ? "ES256"
                                                                                        : NULL;
    struct json_object *stated;
    bool other = json_object_object_get_ex(object, "alg", &stated) && stated && alg &&
                 !is_text(object, "alg", alg);
    bool not_for_signatures =
        json_object_object_get_ex(object, "use", &stated) && !is_text(object, "use", "sig");
    bool is_private = json_object_object_get_ex(object, "d", &stated);
    return other || not_for_signatures || is_private ? NULL : alg;
}

// Are the members that make a key there as they must be?
static bool is_written_well(struct json_object *object, const char *const *names)
{
    bool good = true;
    for (; *names && good; names++) {
        struct tg_span number = tg_json_span(tg_json_member(object, *names, json_type_string));
        good = number.length > 0 && tg_is_base64url(number.data, number.length);
    }
    return good;
}

static bool add_key(struct keys_read *keys, struct json_object *object)
{
    struct key *key = &keys->of[keys->count];
    cjose_err error;
    const char *kid = tg_json_string_member(object, "kid");
    const char *json = json_object_to_json_string(object);
    key->alg = alg_of(object);
    if (!key->alg || (kid && strlen(kid) >= sizeof key->kid))
        return false;
    if (!is_written_well(object, strcmp(key->alg, "RS256") == 0
                                     ? (const char *const[]){"n", "e", NULL}
                                     : (const char *const[]){"x", "y", NULL}))
        return false;
    key->jwk = cjose_jwk_import(json, strlen(json), &error);
    if (!key->jwk)
        return false;
    if (strcmp(key->alg, "RS256") == 0 && cjose_jwk_get_keysize(key->jwk, &error) < 2048) {
        cjose_jwk_release(key->jwk);
        return false;
    }
    snprintf(key->kid, sizeof key->kid, "%s", kid ? kid : "");
    keys->count++;
    return true;
}

// NULL, or why it is none.
static const char *parse(const char *bytes, size_t length, struct keys_read *keys)
{
    struct tg_error error;
    struct json_object *document = tg_json_parse(bytes, length, &error);
    struct json_object *list = tg_json_member(document, "keys", json_type_array);
    const char *wrong = list ? NULL : "it is no JWKS";
    size_t n = list ? json_object_array_length(list) : 0;
    if (n > TG_JWKS_KEYS_MAX)
        wrong = "it has too many keys";
    for (size_t i = 0; i < n && !wrong; i++) {
        struct json_object *object = json_object_array_get_idx(list, i);
        if (!json_object_is_type(object, json_type_object) || !add_key(keys, object))
            tg_log(TG_LOG_INFO, "jwks_key_passed_over", TG_LOG_NUMBER("place", i));
    }
    json_object_put(document);
    return wrong ? wrong : keys->count == 0 ? "it has no key for RS256 or ES256" : NULL;
}

static const char *read_file(const char *path, struct keys_read *keys)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return "the file cannot be opened";
    char *bytes = tg_alloc(TG_JWKS_BYTES_MAX + 1);
    size_t length = fread(bytes, 1, TG_JWKS_BYTES_MAX + 1, file);
    const char *wrong = ferror(file)                 ? "the file cannot be read"
                        : length > TG_JWKS_BYTES_MAX ? "the file is too long"
                                                     : parse(bytes, length, keys);
    free(bytes);
    fclose(file);
    return wrong;
}

static const char *read_url(struct jwks *jwks, struct keys_read *keys)
{
    struct tg_http_answer answer;
    tg_http_begin(jwks->http,
                  &(const struct tg_http_request){.method = "GET",
                                                  .url = jwks->url,
                                                  .headers = {"Accept: application/json"},
                                                  .connect_timeout_ms = TG_JWKS_TIMEOUT_MS,
                                                  .timeout_ms = TG_JWKS_TIMEOUT_MS,
                                                  .answer_max = TG_JWKS_BYTES_MAX});
    while (!tg_http_take(jwks->http, &answer))
        tg_http_run(jwks->http, TG_JWKS_TIMEOUT_MS);
    if (answer.end != TG_HTTP_ANSWERED)
        return answer.reason;
    return answer.status == 200 ? parse(answer.body.data, answer.body.length, keys)
                                : "the answer's status is not 200";
}

static bool begin(struct jwks *jwks, bool wanted)
{
    pthread_mutex_lock(&jwks->lock);
    bool due = is_due(jwks, wanted);
    if (due) {
        jwks->reading = true;
        jwks->begun_ms = tg_now_ms();
    }
    pthread_mutex_unlock(&jwks->lock);
    return due;
}

void jwks_read(struct jwks *jwks, bool wanted)
{
    if (!begin(jwks, wanted))
        return;
    struct keys_read keys = {0};
    const char *wrong = jwks->url ? read_url(jwks, &keys) : read_file(jwks->file, &keys);
    if (wrong)
        tg_log(TG_LOG_ERROR, "jwks_not_read", TG_LOG_TEXT("reason", wrong));
    else
        tg_log(TG_LOG_INFO, "jwks_read", TG_LOG_NUMBER("keys", keys.count));
    pthread_mutex_lock(&jwks->lock);
    jwks->reading = false;
    if (!wrong) {
        struct keys_read before = jwks->keys;
        jwks->keys = keys;
        keys = before;
        jwks->good_ms = tg_now_ms();
    }
    finish_keys(&keys);
    pthread_mutex_unlock(&jwks->lock);
}
