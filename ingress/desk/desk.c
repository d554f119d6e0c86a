#include "ingress/desk/desk.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "common/store/reads.h"
#include "common/words/country.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <json-c/json.h>
#include <string.h>

enum { TEXT_MAX = 255, NAMES_MAX = 16 };

static bool read_contact(struct tg_pg *pg, struct tg_uuid org_id, const char *name,
                         const char *text, char phone[static TG_PHONE_SIZE],
                         struct tg_error *error);

// Phones, as people write them, become digits.
static bool read_contacts(struct tg_pg *pg, const struct desk_task *task, struct tg_uuid org_id,
                          struct json_object *body, struct tg_error *error)
{
    bool good = true;
    for (const struct desk_member *member = task->members; good && member && member->name;
         member++) {
        char phone[TG_PHONE_SIZE];
        const char *text =
            member->kind == DESK_CONTACT ? tg_json_string_member(body, member->name) : NULL;
        good = !text || read_contact(pg, org_id, member->name, text, phone, error);
        if (good && text && !*phone)
            good = tg_error_set(error, "invalid_phone", member->name, "%s must be a phone",
                                member->name);
        if (good && text)
            json_object_object_add(body, member->name, json_object_new_string(phone));
    }
    return good;
}

static bool write_body(struct tg_pg *pg, struct request *request, const struct desk_task *task,
                       struct tg_desk_question *question, struct tg_error *error)
{
    struct json_object *body = task->members && request->body.kind != BODY_NONE
                                   ? desk_read_object(&request->body.bytes, task->members, error)
                                   : json_object_new_object();
    bool good = body && read_contacts(pg, task, question->org_id, body, error) &&
                (!task->prepare || task->prepare(endpoint_context(request), question, body, error));
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
    switch (task->list) {
    case DESK_NO_LIST:
        break;
    case DESK_LIST_BY_N:
        return read_n("before", span, &question->before, error);
    case DESK_LIST_BY_ID:
        question->has_before_id = true;
        return read_uuid("before", span, &question->before_id, error);
    case DESK_LIST_BY_MARK:
        question->mark = text;
        return (span.length <= TEXT_MAX && tg_utf8_is_valid(text, span.length)) ||
               tg_error_set(error, "invalid_field", "before",
                            "before must be the next_before of a page");
    }
    return true;
}

// False: answered.
static bool knows_query(struct request *request, const struct desk_task *task, bool of_org,
                        struct tg_desk_question *question)
{
    const char *names[NAMES_MAX + 4] = {NULL};
    size_t n = 0;
    if (task->list != DESK_NO_LIST) {
        names[n++] = "limit";
        names[n++] = "before";
    }
    if (of_org)
        names[n++] = "org_id";
    for (const struct desk_name *name = task->query; name && name->name && n < NAMES_MAX; name++)
        names[n++] = name->name;
    for (const struct desk_member *member = task->find; member && member->name && n < NAMES_MAX;
         member++)
        names[n++] = member->name;
    question->limit = task->limit > 0 ? task->limit : TG_LIST_LIMIT_DEFAULT;
    return document_knows(request, names) &&
           document_number(request, "limit", TG_LIST_LIMIT_MAX, &question->limit);
}

// A phone as people of the org write it becomes its digits; what is none may be a user id.
static bool read_contact(struct tg_pg *pg, struct tg_uuid org_id, const char *name,
                         const char *text, char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    struct tg_region region = {0};
    bool found = false;
    phone[0] = '\0';
    if (text[strspn(text, "+0123456789 -.()[]/")] != '\0')
        return true;
    enum tg_pg_status status =
        strchr(text, '+') ? TG_PG_OK : tg_store_get_default_country(pg, org_id, &found, &region);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    return tg_phone_read(text, strlen(text), found ? tg_country_find(region.code) : NULL, name,
                         phone, error);
}

static bool read_find(struct tg_pg *pg, const struct desk_member *member, const char *text,
                      struct tg_uuid org_id, struct json_object *find, struct tg_error *error)
{
    char phone[TG_PHONE_SIZE] = "";
    if (member->kind == DESK_CONTACT && !read_contact(pg, org_id, member->name, text, phone, error))
        return false;
    return desk_read_parameter(member, *phone ? phone : text, find, error);
}

static bool write_find(struct tg_pg *pg, struct request *request, const struct desk_task *task,
                       struct tg_desk_question *question, struct tg_error *error)
{
    struct json_object *find = json_object_new_object();
    bool good = true;
    for (const struct desk_member *member = task->find; good && member->name; member++) {
        const char *text = request_parameter(request, member->name);
        good = !text || read_find(pg, member, text, question->org_id, find, error);
    }
    if (good)
        tg_json_write(find, &question->find);
    json_object_put(find);
    return good;
}

static bool read_query(struct tg_pg *pg, struct request *request, const struct desk_task *task,
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
    return (!task->find || write_find(pg, request, task, question, error)) &&
           read_before(request_parameter(request, "before"), task, question, error);
}

// False: answered.
static bool read_org(struct request *request, const struct identity *caller,
                     struct tg_desk_question *question)
{
    question->has_org = true;
    return document_org(request, caller, &question->org_id);
}

static bool read_question(struct tg_pg *pg, struct request *request, const struct desk_task *task,
                          struct tg_desk_question *question, struct tg_error *error)
{
    return read_path(request, task, question, error) &&
           read_query(pg, request, task, question, error) &&
           ((!task->members && !task->prepare) || write_body(pg, request, task, question, error));
}

static bool make_document(struct tg_pg *pg, const struct desk_task *task,
                          const struct tg_desk_question *question, struct tg_text *document,
                          struct tg_error *error)
{
    if (!task->call)
        return task->make(pg, question, document, error);
    enum tg_pg_status status = tg_store_desk(pg, task->call, question, document);
    return status == TG_PG_OK || tg_store_failure(pg, status, error);
}

void desk_answer(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    const struct desk_task *task = endpoint_task(request);
    bool of_org = caller->proof != PROOF_OPERATOR;
    struct tg_desk_question question = {.actor = caller->actor};
    TG_TEXT_AUTO rights = {0};
    struct tg_text document = {0};
    struct tg_error error;
    if (!knows_query(request, task, of_org, &question) ||
        (of_org && !read_org(request, caller, &question)))
        return;
    right_list(caller->rights, &rights);
    question.rights = tg_text_string(&rights);
    bool good = read_question(pg, request, task, &question, &error);
    good = good && make_document(pg, task, &question, &document, &error);
    if (!good)
        answer_error(request, &error);
    else if (!task->follow || !task->follow(request, &question, &document))
        answer_json(request, task->status > 0 ? task->status : 200, &document);
    tg_text_finish(&document);
    tg_text_finish(&question.find);
    tg_text_wipe(&question.body);
}
