#include "tests/metasim/estate.h"

#include "common/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t id_base = UINT64_C(700100000000000);

static struct json_object **maps_of(struct estate *estate, size_t n)
{
    struct json_object **const maps[] = {&estate->owners,    &estate->numbers, &estate->accounts,
                                         &estate->templates, &estate->dead,    &estate->calls};
    return n < sizeof maps / sizeof *maps ? maps[n] : NULL;
}

void estate_drop(struct estate_file *file)
{
    if (*file->id)
        close(file->file);
    *file = (struct estate_file){.issue = file->issue};
}

static void forget_all(struct estate *estate)
{
    struct json_object **map;
    for (size_t i = 0; (map = maps_of(estate, i)); i++) {
        json_object_put(*map);
        *map = json_object_new_object();
    }
    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        estate_drop(&estate->files[i]);
}

void estate_init(struct estate *estate)
{
    *estate = (struct estate){0};
    pthread_mutex_init(&estate->lock, NULL);
    forget_all(estate);
}

void estate_finish(struct estate *estate)
{
    struct json_object **map;
    forget_all(estate);
    for (size_t i = 0; (map = maps_of(estate, i)); i++)
        json_object_put(*map);
    pthread_mutex_destroy(&estate->lock);
}

void estate_reset(struct estate *estate)
{
    pthread_mutex_lock(&estate->lock);
    forget_all(estate);
    pthread_mutex_unlock(&estate->lock);
}

static void claim(struct estate *estate, const char *token, const char *id)
{
    if (id)
        json_object_object_add(estate->owners, id, json_object_new_string(token));
}

static void claim_numbers(struct estate *estate, const char *token, const char *account,
                          struct json_object *numbers)
{
    size_t n = numbers ? json_object_array_length(numbers) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(numbers, i));
        claim(estate, token, id);
        if (id && account)
            json_object_object_add(estate_number(estate, id), "_account",
                                   json_object_new_string(account));
    }
}

static void kill_addresses(struct estate *estate, const char *id)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++) {
        if (strcmp(estate->files[i].id, id) == 0)
            estate->files[i].issue++;
    }
}

static void set_fields(struct json_object *number, struct json_object *fields)
{
    json_object_object_foreach(fields, name, value)
    {
        json_object_object_add(number, name, json_object_get(value));
    }
}

bool estate_apply(struct estate *estate, struct json_object *change, struct tg_error *error)
{
    const char *token = tg_json_string_member(change, "token");
    const char *account = tg_json_string_member(change, "waba_id");
    const char *file = tg_json_string_member(change, "media_id");
    const char *number = tg_json_string_member(change, "phone_number_id");
    struct json_object *fields = tg_json_member(change, "fields", json_type_object);
    struct json_object *dead = tg_json_member(change, "dead", json_type_boolean);
    struct json_object *endless = tg_json_member(change, "endless", json_type_boolean);
    struct json_object *huge = tg_json_member(change, "huge", json_type_boolean);
    if (!token && !file && !(number && fields))
        return tg_error_set(error, "invalid_account", "token",
                            "token, media_id, or phone_number_id with fields must be there");
    pthread_mutex_lock(&estate->lock);
    if (file)
        kill_addresses(estate, file);
    if (number && fields)
        set_fields(estate_number(estate, number), fields);
    if (token && dead && !json_object_get_boolean(dead))
        json_object_object_del(estate->dead, token);
    else if (token && dead)
        json_object_object_add(estate->dead, token, json_object_new_boolean(true));
    if (token && account)
        claim(estate, token, account);
    if (account && endless)
        json_object_object_add(estate_account(estate, account), "_endless",
                               json_object_get(endless));
    if (account && huge)
        json_object_object_add(estate_account(estate, account), "_huge", json_object_get(huge));
    if (token)
        claim_numbers(estate, token, account,
                      tg_json_member(change, "phone_number_ids", json_type_array));
    pthread_mutex_unlock(&estate->lock);
    return true;
}

void estate_count(struct estate *estate, const char *method, const char *path)
{
    char call[512];
    snprintf(call, sizeof call, "%s %s", method, path);
    pthread_mutex_lock(&estate->lock);
    int64_t n = json_object_get_int64(json_object_object_get(estate->calls, call));
    json_object_object_add(estate->calls, call, json_object_new_int64(n + 1));
    pthread_mutex_unlock(&estate->lock);
}

void estate_write_calls(struct estate *estate, struct tg_text *out)
{
    pthread_mutex_lock(&estate->lock);
    tg_text_append_string(out,
                          json_object_to_json_string_ext(estate->calls, JSON_C_TO_STRING_PLAIN));
    pthread_mutex_unlock(&estate->lock);
}

bool estate_is_dead(struct estate *estate, const char *token)
{
    pthread_mutex_lock(&estate->lock);
    bool dead = json_object_object_get_ex(estate->dead, token, NULL);
    pthread_mutex_unlock(&estate->lock);
    return dead;
}

bool estate_owns(struct estate *estate, const char *token, const char *id)
{
    struct json_object *owner;
    if (json_object_object_get_ex(estate->owners, id, &owner))
        return strcmp(json_object_get_string(owner), token) == 0;
    claim(estate, token, id);
    return true;
}

static struct json_object *object_at(struct json_object *map, const char *id)
{
    struct json_object *object;
    if (json_object_object_get_ex(map, id, &object))
        return object;
    object = json_object_new_object();
    json_object_object_add(map, id, object);
    return object;
}

static void set(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, json_object_new_string(value));
}

struct json_object *estate_number(struct estate *estate, const char *id)
{
    struct json_object *number = object_at(estate->numbers, id);
    if (json_object_object_length(number) > 0)
        return number;
    set(number, "id", id);
    set(number, "verified_name", "Sim & Sons");
    set(number, "display_phone_number", "+1 555 010 0199");
    set(number, "quality_rating", "GREEN");
    set(number, "code_verification_status", "VERIFIED");
    set(number, "name_status", "APPROVED");
    set(number, "status", "CONNECTED");
    set(number, "platform_type", "CLOUD_API");
    json_object_object_add(number, "throughput", json_tokener_parse("{\"level\":\"STANDARD\"}"));
    set(number, "account_mode", "LIVE");
    set(number, "whatsapp_business_manager_messaging_limit", "TIER_250");
    json_object_object_add(
        number, "health_status",
        json_tokener_parse("{\"can_send_message\":\"AVAILABLE\",\"entities\":[{\"entity_type\":"
                           "\"PHONE_NUMBER\",\"can_send_message\":\"AVAILABLE\"}]}"));
    return number;
}

struct json_object *estate_account(struct estate *estate, const char *id)
{
    struct json_object *account = object_at(estate->accounts, id);
    if (json_object_object_length(account) > 0)
        return account;
    set(account, "id", id);
    set(account, "name", "Sim & Sons");
    set(account, "currency", "USD");
    json_object_object_add(account, "_templates", json_object_new_array());
    json_object_object_add(account, "_subscribed", json_object_new_boolean(true));
    return account;
}

struct json_object *estate_template(struct estate *estate, const char *id)
{
    struct json_object *account;
    if (!json_object_object_get_ex(estate->templates, id, &account))
        return NULL;
    struct json_object *list = json_object_object_get(
        estate_account(estate, json_object_get_string(account)), "_templates");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *template = json_object_array_get_idx(list, i);
        if (strcmp(tg_json_string_member(template, "id"), id) == 0)
            return template;
    }
    return NULL;
}

uint64_t estate_new_id(struct estate *estate)
{
    return id_base + ++estate->last_id;
}

bool estate_was_new(const struct estate *estate, const char *id)
{
    uint64_t number = strtoull(id, NULL, 10);
    return number > id_base && number <= id_base + estate->last_id;
}

struct estate_file *estate_file(struct estate *estate, const char *token, const char *id)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++) {
        struct estate_file *file = &estate->files[i];
        if (*file->id && strcmp(file->id, id) == 0 && (!token || strcmp(file->token, token) == 0))
            return file;
    }
    return NULL;
}

struct estate_file *estate_keep(struct estate *estate, const struct estate_file *given)
{
    uint64_t id = estate_new_id(estate);
    struct estate_file *file = &estate->files[id % SIM_FILES_MAX];
    estate_drop(file);
    *file = *given;
    snprintf(file->id, sizeof file->id, "%" PRIu64, id);
    return file;
}
