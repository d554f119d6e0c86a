#include "tests/metasim/numbers.h"

#include "common/base/json.h"
#include "tests/metasim/sim_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_AT_FIRST = 1, CODE_DIGITS_MAX = 3 };

void numbers_init(struct numbers *numbers)
{
    pthread_mutex_init(&numbers->lock, NULL);
    counters_init(&numbers->codes);
}

void numbers_finish(struct numbers *numbers)
{
    counters_finish(&numbers->codes);
    pthread_mutex_destroy(&numbers->lock);
}

void numbers_reset(struct numbers *numbers)
{
    pthread_mutex_lock(&numbers->lock);
    counters_clear(&numbers->codes);
    pthread_mutex_unlock(&numbers->lock);
}

int numbers_code(struct numbers *numbers, const char *phone_number_id)
{
    pthread_mutex_lock(&numbers->lock);
    int64_t code = *counters_at(&numbers->codes, phone_number_id);
    pthread_mutex_unlock(&numbers->lock);
    if (code == 0)
        return CODE_AT_FIRST;
    return code > 0 ? (int)code : 0;
}

static bool is_digits(const char *text, size_t max)
{
    size_t length = strlen(text);
    return length >= 1 && length <= max && strspn(text, "0123456789") == length;
}

static bool check(struct json_object *change, const char *number, struct tg_error *error)
{
    struct json_object *code = json_object_object_get(change, "country_code");
    struct json_object *adds = json_object_object_get(change, "adds_country_code");
    if (!number || !is_digits(number, SIM_PHONE_NUMBER_ID_SIZE - 1))
        return tg_error_set(error, "invalid_number", "phone_number_id",
                            "phone_number_id must be a string of digits");
    if (code && (!json_object_is_type(code, json_type_string) ||
                 !is_digits(json_object_get_string(code), CODE_DIGITS_MAX) ||
                 *json_object_get_string(code) == '0'))
        return tg_error_set(error, "invalid_number", "country_code",
                            "country_code must be a string of 1 to %d digits", CODE_DIGITS_MAX);
    return !adds || json_object_is_type(adds, json_type_boolean) ||
           tg_error_set(error, "invalid_number", "adds_country_code",
                        "adds_country_code must be a boolean");
}

bool numbers_apply(struct numbers *numbers, struct json_object *change, struct tg_text *out,
                   struct tg_error *error)
{
    const char *number = tg_json_string_member(change, "phone_number_id");
    if (!check(change, number, error))
        return false;
    const char *given = tg_json_string_member(change, "country_code");
    struct json_object *adds = tg_json_member(change, "adds_country_code", json_type_boolean);
    pthread_mutex_lock(&numbers->lock);
    int64_t *kept = counters_at(&numbers->codes, number);
    int64_t code = given ? strtol(given, NULL, 10) : *kept ? llabs(*kept) : CODE_AT_FIRST;
    *kept = (adds ? json_object_get_boolean(adds) : *kept >= 0) ? code : -code;
    bool added = *kept > 0;
    pthread_mutex_unlock(&numbers->lock);
    tg_text_append_format(out,
                          "{\"phone_number_id\":\"%s\",\"country_code\":\"%" PRId64
                          "\",\"adds_country_code\":%s}",
                          number, code, added ? "true" : "false");
    return true;
}
