#include "common/graph/number.h"

#include "common/base/json.h"
#include "common/base/utf8.h"

#include <string.h>

enum {
    TEXT_MAX = 256,
    // Of what health_status tells: a number has an account, a business and an app around it, each
    // with a sentence or two.
    PROBLEMS_MAX = 8,
    SAYS_MAX = 300,
};

#define OLD_FIELDS                                                                                 \
    "id,verified_name,display_phone_number,quality_rating,code_verification_status,name_status,"   \
    "platform_type,throughput"
const char tg_graph_number_old_fields[] = OLD_FIELDS;
const char tg_graph_number_fields[] =
    OLD_FIELDS ",status,account_mode,whatsapp_business_manager_messaging_limit,health_status";

// Each fact is a text, which stands in a member, or in one of that.
static const struct {
    const char *fact;
    const char *member;
    const char *within;
} texts[] = {
    {"status", "status", NULL},
    {"quality_rating", "quality_rating", NULL},
    {"messaging_limit", "whatsapp_business_manager_messaging_limit", NULL},
    {"throughput", "throughput", "level"},
    {"verified_name", "verified_name", NULL},
    {"display_phone_number", "display_phone_number", NULL},
    {"name_status", "name_status", NULL},
    {"code_verification_status", "code_verification_status", NULL},
    {"account_mode", "account_mode", NULL},
    {"platform_type", "platform_type", NULL},
    {"can_send_message", "health_status", "can_send_message"},
};

static struct json_object *member_text(struct json_object *object, const char *name, size_t max)
{
    return tg_graph_short_text(tg_json_member(object, name, json_type_string), max);
}

static void add_problem(struct json_object *problems, struct json_object *entity,
                        struct json_object *code, struct json_object *says,
                        struct json_object *solution)
{
    if (!says || json_object_array_length(problems) >= PROBLEMS_MAX) {
        json_object_put(says);
        json_object_put(solution);
        return;
    }
    struct json_object *problem = json_object_new_object();
    json_object_object_add(problem, "of", member_text(entity, "entity_type", TEXT_MAX / 4));
    json_object_object_add(problem, "code",
                           code ? json_object_new_int64(json_object_get_int64(code)) : NULL);
    json_object_object_add(problem, "says", says);
    json_object_object_add(problem, "solution", solution);
    json_object_array_add(problems, problem);
}

// {"entity_type", "errors": [{"error_code", "error_description", "possible_solution"}],
// "additional_info": ["..."]}
static void add_problems_of(struct json_object *problems, struct json_object *entity)
{
    struct json_object *errors = tg_json_member(entity, "errors", json_type_array);
    struct json_object *notes = tg_json_member(entity, "additional_info", json_type_array);
    for (size_t i = 0; errors && i < json_object_array_length(errors) && i < PROBLEMS_MAX; i++) {
        struct json_object *error = json_object_array_get_idx(errors, i);
        add_problem(problems, entity, tg_json_member(error, "error_code", json_type_int),
                    member_text(error, "error_description", SAYS_MAX),
                    member_text(error, "possible_solution", SAYS_MAX));
    }
    for (size_t i = 0; notes && i < json_object_array_length(notes) && i < PROBLEMS_MAX; i++)
        add_problem(problems, entity, NULL,
                    tg_graph_short_text(json_object_array_get_idx(notes, i), SAYS_MAX), NULL);
}

static struct json_object *read_problems(struct json_object *root)
{
    struct json_object *health = tg_json_member(root, "health_status", json_type_object);
    struct json_object *entities = tg_json_member(health, "entities", json_type_array);
    if (!entities)
        return NULL;
    struct json_object *problems = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(entities) && i < PROBLEMS_MAX; i++)
        add_problems_of(problems, json_object_array_get_idx(entities, i));
    return problems;
}

static void read_facts(struct json_object *root, struct tg_text *json)
{
    struct json_object *facts = json_object_new_object();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *within = texts[i].within;
        struct json_object *object =
            within ? tg_json_member(root, texts[i].member, json_type_object) : root;
        json_object_object_add(facts, texts[i].fact,
                               member_text(object, within ? within : texts[i].member, TEXT_MAX));
    }
    json_object_object_add(facts, "problems", read_problems(root));
    tg_json_write(facts, json);
    json_object_put(facts);
}

void tg_graph_read_number(const char *phone_number_id, int status, struct tg_span body,
                          struct tg_graph_number *number)
{
    struct tg_error none;
    *number = (struct tg_graph_number){.trouble = {.code = ""}};
    struct json_object *root = tg_json_parse(body.data, body.length, &none);
    const char *id = tg_json_string_member(root, "id");
    if (tg_graph_read_trouble(root, status, &number->trouble)) {
        // It says why.
    } else if (!id || strcmp(id, phone_number_id) != 0) {
        tg_graph_set_trouble(&number->trouble, "unreadable",
                             "What came is no answer of Meta's about this number");
    } else {
        read_facts(root, &number->facts);
    }
    json_object_put(root);
}
