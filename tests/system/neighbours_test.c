// Every call that /openapi.json describes, those of tomorrow too, made by one org with whatever is
// another's in its path, its query and its body: lists, searches, documents and what is relayed to
// Meta. Nothing that is the other's stands in any answer, and nothing of it is changed.
#include "tests/system/org.h"

#include <string.h>

TestSuite(neighbours, .timeout = 300);

static struct gateway *gateway;
static struct org acme;
static struct org beta;

#define PHONE "919811122233"

// What is Acme's: `name` says for which parameters it is the likeliest, and all get all. What is
// `told` is distinct enough to be known again in an answer.
struct thing {
    const char *name;
    const char *value;
    bool told;
};

enum { THINGS_MAX = 40 };

static struct thing things[THINGS_MAX];
static size_t thing_count;

static void add(const char *name, const char *value, bool told)
{
    cr_assert(thing_count < THINGS_MAX && *value, "%s", name);
    things[thing_count++] = (struct thing){name, value, told};
}

// What SQL says of Acme, whose id it names once.
#define of_acme(sql) database_text(gateway->database, sql, acme.id)

static const char *key_of(const struct org *org)
{
    return text_of("%s", database_text(gateway->database,
                                       "SELECT create_api_key('%s', 'rowan of %s', "
                                       "'{send,read,manage,money,keys}')",
                                       org->id, org->id));
}

static struct answer call(const struct org *org, const char *method, const char *path,
                          const char *body)
{
    return ask(gateway->http, .method = method, .path = path, .body = body, .key = org->key);
}

// What was said, and by whom; what is kept of them; how its number is; what Meta has told.
static void given_stories(void)
{
    struct answer answer = send_body(&acme, "{\"phone\": \"" PHONE "\", \"message\": \"kumquat\", "
                                            "\"send_at\": \"2027-01-01T00:00:00Z\"}");
    add("id", expect_accepted_as(HERE, &answer, "scheduled"), true);
    answer = call(&acme, "POST", "/v23.0/71001/message_templates",
                  "{\"name\": \"pomelo\", \"language\": \"en\", \"category\": \"UTILITY\", "
                  "\"components\": [{\"type\": \"BODY\", \"text\": \"loquat\"}]}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    add("object_id", answer_text(&answer, "/id"), true);
    (void)of_acme(
        "WITH m AS (UPDATE messages SET wamid = 'wamid.tamarind' WHERE org_id = '%s' RETURNING *), "
        "v AS (INSERT INTO conversations (org_id, channel_id, contact_id, newest_id, unread) "
        "SELECT "
        "org_id, channel_id, contact_id, id, true FROM m), "
        "f AS (INSERT INTO channel_facts SELECT org_id, channel_id, 'verified_name', "
        "'\"satsuma\"', now() FROM m), n AS (INSERT INTO account_notices (org_id, waba_id, field, "
        "value, digest) SELECT org_id, '71001', 'account_alerts', '{\"a\": \"medlar\"}', 'x' FROM "
        "m), k AS (INSERT INTO contact_cards (org_id, contact_id, name, tags) SELECT org_id, "
        "contact_id, 'Quince', '{damson}' FROM m) SELECT 1");
    (void)of_acme("SELECT add_wallet_credits('%s', 4242.00, 'sloe')");
    (void)of_acme("SELECT token FROM open_session('%s', '{read}', 'link:mulberry')");
}

static void given_neighbours(void)
{
    gateway = given_gateway(.without_worker = true);
    acme = given_org(gateway, .name = "Rambutan", .number = "4711001", .waba_id = "71001",
                     .token = "EAAacme");
    beta = given_org(gateway, .name = "Beta", .number = "4812001", .waba_id = "71002",
                     .token = "EAAbeta");
    simulator_account(gateway->simulator, "{\"token\": \"EAAacme\", \"waba_id\": \"71001\", "
                                          "\"phone_number_ids\": [\"4711001\"]}");
    acme.key = key_of(&acme);
    beta.key = key_of(&beta);
    given_stories();
    add("org_id", acme.id, true);
    add("channel", acme.channel_id, true);
    add("phone_number_id", acme.phone_number_id, true);
    add("waba_id", "71001", true);
    add("contact", of_acme("SELECT contact_id FROM messages WHERE org_id = '%s'"), false);
    add("phone", PHONE, true);
    add("wamid", "wamid.tamarind", true);
    add("key", of_acme("SELECT id FROM api_keys WHERE org_id = '%s' AND name LIKE 'rowan%%'"),
        true);
    add("session", of_acme("SELECT id FROM sessions WHERE org_id = '%s'"), true);
    add("text", "kumquat", true);
    add("name", "Quince", true);
    add("tag", "damson", true);
    add("none", "satsuma", true);
    add("none", "medlar", true);
    add("none", "sloe", true);
    add("none", "4242.00", true);
    add("none", "mulberry", true);
    add("none", "Rambutan", true);
    add("none", "loquat", true);
    add("none", "EAAacme", true);
    // (The database's texts last until its next answer.)
    for (size_t i = 0; i < thing_count; i++)
        things[i].value = text_of("%s", things[i].value);
}

// All rows that are Acme's.
static const char *rows_of_acme(void)
{
    return database_text(
        gateway->database,
        "SELECT md5(string_agg(query_to_xml(format('SELECT to_jsonb(t) - ''last_used_at'' FROM %%s "
        "t WHERE org_id = %%L ORDER BY 1', c.relname, '%s'), true, false, '')::text, '' ORDER BY "
        "c.relname)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = "
        "'org_id' WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind = 'r'",
        acme.id);
}

static size_t told; // calls whose answer had something of Acme's
static size_t calls;

// Nothing of Acme's stands in the answer but what was asked with. To Acme itself it is told.
static void judge(const struct org *caller, const char *method, const char *path, const char *body)
{
    struct answer answer = call(caller, method, path, body);
    size_t found = 0;
    calls++;
    cr_assert(answer.status != 0 && answer.status != 500, "%s %s: %d", method, path, answer.status);
    for (size_t i = 0; i < thing_count; i++) {
        const char *value = things[i].value;
        bool asked = strstr(path, value) || (body && strstr(body, value));
        if (!things[i].told || asked || !strstr(answer.body, value))
            continue;
        found++;
        cr_assert(caller == &acme, "Another org's %s: %s %s %s: %d %s", value, method, path,
                  body ? body : "", answer.status, answer.body);
    }
    told += found > 0;
}

static const char *thing_named(const char *name)
{
    for (size_t i = 0; i < thing_count; i++) {
        if (strcmp(things[i].name, name) == 0)
            return things[i].value;
    }
    return strcmp(name, "version") == 0 ? "v23.0" : things[0].value;
}

// The path with a value in place of each of its parts: `value` for the part `name`.
static const char *path_with(const char *path, const char *name, const char *value)
{
    for (const char *brace; (brace = strchr(path, '{'));) {
        size_t length = strcspn(brace, "}") + 1;
        const char *part = text_of("%.*s", (int)length - 2, brace + 1);
        path = text_of("%.*s%s%s", (int)(brace - path), path,
                       name && strcmp(part, name) == 0 ? value : thing_named(part), brace + length);
    }
    return path;
}

static const char *body_for(const char *value)
{
    return text_of("{\"phone\": \"919876500001\", \"message\": \"Hi\", \"channel_id\": \"%s\"}",
                   value);
}

static void judge_parameter(const struct org *caller, const char *method, const char *path,
                            struct json_object *parameter, const char *body)
{
    const char *name = json_text(parameter, "/name");
    bool in_path = strcmp(json_text(parameter, "/in"), "path") == 0;
    bool in_query = strcmp(json_text(parameter, "/in"), "query") == 0;
    // (An object stands for whatever else Meta takes.)
    if ((!in_path && !in_query) || strcmp(json_text(parameter, "/schema/type"), "object") == 0)
        return;
    for (size_t i = 0; i < thing_count; i++) {
        const char *value = things[i].value;
        const char *asked = in_path ? path_with(path, name, value)
                                    : text_of("%s?%s=%s", path_with(path, NULL, NULL), name, value);
        judge(caller, method, asked, body);
    }
}

static void judge_call(const struct org *caller, const char *method, const char *path,
                       struct json_object *operation)
{
    struct json_object *parameters = NULL;
    bool has_body = json_object_object_get_ex(operation, "requestBody", NULL);
    const char *plain = path_with(path, NULL, NULL);
    judge(caller, method, plain, has_body ? "{}" : NULL);
    for (size_t i = 0; has_body && i < thing_count; i++) {
        judge(caller, method, plain, body_for(things[i].value));
        judge(caller, method, plain,
              text_of("{\"phone\": \"919876500001\", \"message\": \"Hi\", \"reply_to\": \"%s\"}",
                      things[i].value));
        judge(caller, method, plain, text_of("{\"org_id\": \"%s\"}", things[i].value));
    }
    if (!json_object_object_get_ex(operation, "parameters", &parameters))
        return;
    for (size_t i = 0; i < json_object_array_length(parameters); i++)
        judge_parameter(caller, method, path, json_object_array_get_idx(parameters, i),
                        has_body ? "{}" : NULL);
}

// Of Acme itself only what changes nothing.
static void judge_all(const struct org *caller)
{
    struct answer answer = ask(gateway->http, .path = "/openapi.json");
    struct json_object *paths = NULL;
    cr_assert(json_object_object_get_ex(answer.json, "paths", &paths));
    json_object_object_foreach(paths, path, methods)
    {
        json_object_object_foreach(methods, method, operation)
        {
            bool reads = strcmp(method, "get") == 0;
            if (!reads && caller == &acme)
                continue;
            char name[16] = "";
            for (size_t i = 0; i < sizeof name - 1 && method[i]; i++)
                name[i] = (char)(method[i] - 'a' + 'A');
            judge_call(caller, name, path, operation);
        }
    }
}

Test(neighbours, see_nothing_of_each_other_whatever_they_ask_for)
{
    given_neighbours();
    const char *before = rows_of_acme();
    judge_all(&beta);
    cr_assert_gt(calls, 1000);
    cr_assert_eq(told, 0);
    expect_equal(rows_of_acme(), before);
    // So that it is seen where it is told.
    judge_all(&acme);
    cr_assert_gt(told, 50, "%zu", told);
    stop_gateway(gateway);
}
