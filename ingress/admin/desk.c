#include "ingress/admin/desk.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/time_text.h"
#include "common/base/utf8.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 255, NAMES_MAX = 8 };
enum { TIME_MAX = 64 }; // PostgreSQL reads none of more than 128 bytes

static bool is_text(struct json_object *value, const struct desk_member *member)
{
    int64_t max = member->max > 0 ? member->max : TEXT_MAX;
    return json_object_is_type(value, json_type_string) && json_object_get_string_len(value) >= 1 &&
           json_object_get_string_len(value) <= max;
}

static bool are_texts(struct json_object *value, const struct desk_member *member)
{
    bool good = json_object_is_type(value, json_type_array);
    for (size_t i = 0; good && i < json_object_array_length(value); i++)
        good = is_text(json_object_array_get_idx(value, i), member);
    return good;
}

static bool is_number(struct json_object *value, int64_t max)
{
    return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 &&
           json_object_get_int64(value) <= max;
}

static bool is_money(struct json_object *value)
{
    static const char digits[] = "0123456789";
    if (!json_object_is_type(value, json_type_string))
        return false;
    const char *text = json_object_get_string(value);
    text += *text == '-';
    size_t whole = strspn(text, digits);
    size_t decimals = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    if (whole < 1 || whole > 10 || (text[whole] == '.' && (decimals < 1 || decimals > 4)))
        return false;
    return text[whole + (decimals > 0 ? 1 + decimals : 0)] == '\0';
}

static bool is_id(struct json_object *value)
{
    struct tg_uuid id;
    struct tg_span text = tg_json_span(value);
    return text.data && tg_uuid_parse(text.data, text.length, &id);
}

static bool is_time(struct json_object *value)
{
    int64_t time_ms;
    return json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) <= TIME_MAX &&
           tg_time_parse(json_object_get_string(value), &time_ms);
}

static bool fits(struct json_object *value, const struct desk_member *member)
{
    switch (member->kind) {
    case DESK_TEXT:
        return is_text(value, member);
    case DESK_TEXTS:
        return are_texts(value, member);
    case DESK_ID:
        return is_id(value);
    case DESK_NUMBER:
        return is_number(value, member->max);
    case DESK_MONEY:
        return is_money(value);
    case DESK_BOOL:
        return json_object_is_type(value, json_type_boolean);
    case DESK_TIME:
        return is_time(value);
    case DESK_OBJECT:
        return json_object_is_type(value, json_type_object) || is_text(value, member);
    }
    return false;
}

static bool refuse_kind(const struct desk_member *member, struct tg_error *error)
{
    char shape[80];
    long long max = member->max > 0 ? member->max : TEXT_MAX;
    static const char *const shapes[] = {[DESK_ID] = "a UUID",
                                         [DESK_MONEY] = "an amount as a string, such as \"12.50\"",
                                         [DESK_BOOL] = "true or false",
                                         [DESK_TIME] = "a time such as 2026-11-28T09:30:00Z",
                                         [DESK_OBJECT] = "an object or a text"};
    if (member->kind == DESK_TEXT)
        snprintf(shape, sizeof shape, "a text of 1 to %lld bytes", max);
    else if (member->kind == DESK_TEXTS)
        snprintf(shape, sizeof shape, "a list of texts of 1 to %lld bytes", max);
    else if (member->kind == DESK_NUMBER)
        snprintf(shape, sizeof shape, "a whole number from 0 to %lld", (long long)member->max);
    else
        snprintf(shape, sizeof shape, "%s", shapes[member->kind]);
    return tg_error_set(error, "invalid_field", member->name, "%s must be %s", member->name, shape);
}

static const struct desk_member *find_member(const struct desk_member *members, const char *name)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    return members->name ? members : NULL;
}

static bool check_known(struct json_object *body, const struct desk_member *members,
                        struct tg_error *error)
{
    json_object_object_foreach(body, name, value)
    {
        (void)value;
        if (find_member(members, name))
            continue;
        if (!*name)
            return tg_error_set(error, "unknown_field", "body",
                                "There is no member without a name");
        return tg_error_set(error, "unknown_field", name, "There is no %s", name);
    }
    return true;
}

// What counts as absent goes.
static bool check_members(struct json_object *body, const struct desk_member *members,
                          struct tg_error *error)
{
    for (const struct desk_member *member = members; member->name; member++) {
        struct json_object *value = NULL;
        bool given = json_object_object_get_ex(body, member->name, &value);
        if (given && !value && !member->clears)
            json_object_object_del(body, member->name);
        if (!value && member->required)
            return tg_error_set(error, "missing_field", member->name, "%s is required",
                                member->name);
        if (value && !fits(value, member))
            return refuse_kind(member, error);
    }
    return true;
}

// The body, which is the caller's to put; NULL: *error says what is wrong with it.
static struct json_object *read_object(const struct tg_text *bytes,
                                       const struct desk_member *members, struct tg_error *error)
{
    struct json_object *body = tg_json_parse(tg_text_string(bytes), bytes->length, error);
    bool good = body && (json_object_is_type(body, json_type_object) ||
                         tg_error_set(error, "invalid_json", "body", "The body must be an object"));
    good = good && tg_json_check_names(bytes, error) && check_known(body, members, error) &&
           check_members(body, members, error) && tg_json_check_nul(body, error);
    if (good)
        return body;
    json_object_put(body);
    return NULL;
}

bool desk_read_body(const struct tg_text *bytes, const struct desk_member *members,
                    struct tg_text *read, struct tg_error *error)
{
    struct json_object *body = read_object(bytes, members, error);
    if (body)
        tg_json_write(body, read);
    json_object_put(body);
    return body != NULL;
}

static bool write_body(struct request *request, const struct desk_task *task,
                       struct tg_desk_question *question, struct tg_error *error)
{
    struct json_object *body = task->members
                                   ? read_object(&request->body.bytes, task->members, error)
                                   : json_object_new_object();
    bool good =
        body && (!task->prepare || task->prepare(endpoint_context(request), question, body, error));
    if (good)
        tg_json_write(body, &question->body);
    json_object_put(body);
    return good;
}

static bool read_uuid(const char *name, struct tg_span text, struct tg_uuid *id,
                      struct tg_error *error)
{
    return tg_uuid_parse(text.data, text.length, id) ||
           tg_error_set(error, "invalid_field", name, "%s must be a UUID", name);
}

static bool read_n(const char *name, struct tg_span text, int64_t *n, struct tg_error *error)
{
    TG_TEXT_AUTO copy = {0};
    tg_text_append(&copy, text.data, text.length);
    return tg_decimal_read(tg_text_string(&copy), INT64_MAX, n) ||
           tg_error_set(error, "invalid_field", name, "%s must be a whole number", name);
}

// `text` lives as long as the request; `found` is which of the question's texts it is.
static bool read_part(const struct desk_name *name, struct tg_span text,
                      struct tg_desk_question *question, size_t found, struct tg_error *error)
{
    switch (name->part) {
    case DESK_ORG_ID:
        question->has_org = true;
        return read_uuid(name->name, text, &question->org_id, error);
    case DESK_THING_ID:
        question->has_id = true;
        return read_uuid(name->name, text, &question->id, error);
    case DESK_THING_N:
        return read_n(name->name, text, &question->n, error);
    case DESK_THING_NAME:
        question->name = text;
        break;
    case DESK_FIND_TEXT:
        question->texts[found] = text.data;
        break;
    }
    return (text.length <= TEXT_MAX && tg_utf8_is_valid(text.data, text.length)) ||
           tg_error_set(error, "invalid_field", name->name, "%s must be a text of up to %d bytes",
                        name->name, TEXT_MAX);
}

static bool read_path(struct request *request, const struct desk_task *task,
                      struct tg_desk_question *question, struct tg_error *error)
{
    bool good = true;
    for (const struct desk_name *name = task->path; good && name && name->name; name++)
        good = read_part(name, endpoint_segment(request, name->name), question, 0, error);
    return good;
}

static bool read_before(const char *text, const struct desk_task *task,
                        struct tg_desk_question *question, struct tg_error *error)
{
    struct tg_span span = {text, text ? strlen(text) : 0};
    if (!text)
        return true;
    if (task->list == DESK_LIST_BY_N)
        return read_n("before", span, &question->before, error);
    question->has_before_id = true;
    return read_uuid("before", span, &question->before_id, error);
}

// False: answered.
static bool knows_query(struct request *request, const struct desk_task *task,
                        struct tg_desk_question *question)
{
    const char *names[NAMES_MAX + 3] = {NULL};
    size_t n = 0;
    if (task->list != DESK_NO_LIST) {
        names[n++] = "limit";
        names[n++] = "before";
    }
    for (const struct desk_name *name = task->query; name && name->name && n < NAMES_MAX + 2;
         name++)
        names[n++] = name->name;
    question->limit = TG_ADMIN_LIMIT_DEFAULT;
    return document_knows(request, names) &&
           document_number(request, "limit", TG_ADMIN_LIMIT_MAX, &question->limit);
}

static bool read_query(struct request *request, const struct desk_task *task,
                       struct tg_desk_question *question, struct tg_error *error)
{
    size_t found = 0;
    question->before = INT64_MAX;
    for (const struct desk_name *name = task->query; name && name->name; name++) {
        const char *text = request_parameter(request, name->name);
        if (text && !read_part(name, (struct tg_span){text, strlen(text)}, question, found, error))
            return false;
        found += name->part == DESK_FIND_TEXT;
    }
    return task->list == DESK_NO_LIST ||
           read_before(request_parameter(request, "before"), task, question, error);
}

void desk_answer(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    const struct desk_task *task = endpoint_task(request);
    struct tg_desk_question question = {.actor = caller->actor};
    struct tg_text document = {0};
    struct tg_error error;
    if (!knows_query(request, task, &question))
        return;
    bool good =
        read_path(request, task, &question, &error) &&
        read_query(request, task, &question, &error) &&
        ((!task->members && !task->prepare) || write_body(request, task, &question, &error));
    if (good) {
        enum tg_pg_status status = tg_store_desk(pg, task->call, &question, &document);
        good = status == TG_PG_OK || tg_store_failure(pg, status, &error);
    }
    if (good)
        answer_json(request, task->status > 0 ? task->status : 200, &document);
    else
        answer_error(request, &error);
    tg_text_wipe(&question.body);
}

const struct endpoint *const desk_tables[] = {
    org_endpoints,         channel_endpoints,      desk_wallet_endpoints,
    key_endpoints,         desk_session_endpoints, operator_endpoints,
    audit_log_endpoints,   rule_endpoints,         error_rule_endpoints,
    dead_letter_endpoints, alert_endpoints,        found_message_endpoints,
    overview_endpoints,    token_key_endpoints,    NULL};
