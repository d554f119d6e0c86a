#include "tests/metasim/template_words.h"

#include "common/base/json.h"

#include <stdlib.h>

static void set(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, json_object_new_string(value));
}

static void set_if(struct json_object *object, const char *name, const char *value)
{
    if (value)
        set(object, name, value);
}

// Ids are numbers there, longer than a double can tell.
static struct json_object *value_of(struct json_object *template)
{
    struct json_object *value = json_object_new_object();
    json_object_object_add(
        value, "message_template_id",
        json_object_new_int64(strtoll(tg_json_string_member(template, "id"), NULL, 10)));
    set(value, "message_template_name", tg_json_string_member(template, "name"));
    set(value, "message_template_language", tg_json_string_member(template, "language"));
    return value;
}

static bool post(struct sim *sim, const char *field, struct json_object *value,
                 struct tg_error *error)
{
    TG_TEXT_AUTO body = {0};
    webhook_body_change(field, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
                        &body);
    json_object_put(value);
    if (!webhooks_aimed(sim->webhooks))
        return tg_error_set(error, "no_webhook", NULL, "there is no webhook URL");
    struct series *series = series_of_body(&body);
    if (!webhooks_admit(sim->webhooks, series))
        return tg_error_set(error, "too_many_webhooks", NULL, "too many webhooks wait");
    webhooks_begin(sim->webhooks, series);
    return true;
}

static struct json_object *say_status(struct json_object *template, struct json_object *change)
{
    const char *status = tg_json_string_member(change, "status");
    const char *reason = tg_json_string_member(change, "reason");
    const char *title = tg_json_string_member(change, "title");
    struct json_object *value = value_of(template);
    set(template, "status", status);
    set(template, "rejected_reason", reason ? reason : "NONE");
    set(value, "event", status);
    set(value, "reason", reason ? reason : "NONE");
    set_if(value, "message_template_category", tg_json_string_member(template, "category"));
    if (title) {
        struct json_object *other = json_object_new_object();
        set(other, "title", title);
        set_if(other, "description", tg_json_string_member(change, "description"));
        json_object_object_add(value, "other_info", other);
    }
    return value;
}

static struct json_object *say_quality(struct json_object *template, const char *quality)
{
    struct json_object *value = value_of(template);
    struct json_object *score = json_object_new_object();
    set(score, "score", quality);
    json_object_object_add(template, "quality_score", score);
    set(value, "new_quality_score", quality);
    return value;
}

static struct json_object *say_category(struct json_object *template, const char *category)
{
    struct json_object *value = value_of(template);
    set_if(value, "previous_category", tg_json_string_member(template, "category"));
    set(value, "new_category", category);
    set(template, "category", category);
    return value;
}

bool template_words_say(struct sim *sim, struct json_object *change, struct tg_error *error)
{
    const char *id = tg_json_string_member(change, "id");
    const char *quality = tg_json_string_member(change, "quality");
    const char *category = tg_json_string_member(change, "category");
    const char *field = "message_template_status_update";
    struct json_object *value = NULL;
    pthread_mutex_lock(&sim->estate.lock);
    struct json_object *template = id ? estate_template(&sim->estate, id) : NULL;
    if (template && tg_json_string_member(change, "status")) {
        value = say_status(template, change);
    } else if (template && quality) {
        value = say_quality(template, quality);
        field = "message_template_quality_update";
    } else if (template && category) {
        value = say_category(template, category);
        field = "template_category_update";
    }
    pthread_mutex_unlock(&sim->estate.lock);
    if (!value)
        return tg_error_set(error, "invalid_template", template ? "status" : "id",
                            template ? "status, quality or category must be there"
                                     : "there is no such template");
    if (!json_object_get_boolean(json_object_object_get(change, "silent")))
        return post(sim, field, value, error);
    json_object_put(value);
    return true;
}
