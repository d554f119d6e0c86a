// tollgatectl: what is typed, and what is shown.
#include "deploy/ctl/call.h"
#include "deploy/ctl/line.h"
#include "deploy/ctl/show.h"
#include "ingress/admin/endpoints.h"
#include "tests/unit/capture.h"

#include <string.h>

enum { WORDS_MAX = 12 };

struct typed {
    const char *words[WORDS_MAX];
    const char *body;  // as JSON; of what is wrong the message
    const char *first; // argument
    bool wrong;
};

static const struct typed typed[] = {
    {{"org", "create", "Acme"}, "{\"name\":\"Acme\"}", "Acme", false},
    {{"org", "create", "Acme & Sons", "--currency", "INR"},
     "{\"name\":\"Acme & Sons\",\"currency\":\"INR\"}",
     "Acme & Sons",
     false},
    {{"org", "set", "--default-country=none", "Acme"}, "{\"default_country\":null}", "Acme", false},
    {{"wallet", "adjust", "Acme", "-5.00", "--reason", "a = b"},
     "{\"amount\":\"-5.00\",\"reason\":\"a = b\"}",
     "Acme",
     false},
    {{"key", "create", "acme", "shop", "--rights", "send,read", "--json", "--yes"},
     "{\"name\":\"shop\",\"rights\":[\"send\",\"read\"]}",
     "acme",
     false},
    {{"key", "set", "acme", "shop", "--rights", "read", "--expires-at", "none"},
     "{\"rights\":[\"read\"],\"expires_at\":null}",
     "acme",
     false},
    {{"org", "set", "Acme", "--opt-in-words="}, "{\"opt_in_words\":[]}", "Acme", false},
    {{"channel", "set", "Acme", "123", "--max-mps", "80"}, "{\"max_mps\":80}", "Acme", false},
    {{"org", "list", "--limit", "5"}, "{\"limit\":5}", NULL, false},
    {{"org", "set", "Acme", "--keep-bodies-for-s", "none"},
     "{\"keep_bodies_for_s\":null}",
     "Acme",
     false},
    {{"org", "create", "none"}, "{\"name\":\"none\"}", "none", false},
    {{"rule", "create", "Acme", "exact", "--pattern", "none", "--reply", "none"},
     "{\"match_kind\":\"exact\",\"pattern\":\"none\",\"reply\":\"none\"}",
     "Acme",
     false},
    {{"org", "set", "Acme", "--opt-out-words", "STOP, END ,"},
     "{\"opt_out_words\":[\"STOP\",\"END\"]}",
     "Acme",
     false},
    {{"wallet", "credit", "Acme", "5"}, "--reference is missing (see --help)", "Acme", true},
    {{"rule", "create", "Acme", "any"}, "--reply is missing (see --help)", "Acme", true},
    {{"org", "create"}, "NAME is missing (see --help)", NULL, true},
    {{"org", "create", "a", "b"}, "b is one word too many (see --help)", "a", true},
    {{"org", "create", "a", "--colour", "red"}, "there is no --colour (see --help)", "a", true},
    {{"org", "create", "a", "--default-contry=IN"},
     "there is no --default-contry; there is --default-country (see --help)",
     "a",
     true},
    {{"channel", "add", "a", "1", "--access-token", "EAA"},
     "there is no --access-token; there is --access-token-file (see --help)",
     "a",
     true},
    {{"org", "create", "a", "--currency"}, "--currency needs a value", "a", true},
    {{"channel", "set", "a", "b", "--max-mps", "many"},
     "--max-mps must be a whole number, not many",
     "a",
     true},
    {{"channel", "add", "a", "1", "--access-token-file", "/nowhere"},
     "/nowhere cannot be read: No such file or directory",
     "a",
     true},
};

static int count_of(const struct typed *line)
{
    int n = 0;
    while (n < WORDS_MAX && line->words[n])
        n++;
    return n;
}

Test(ctl, reads_a_line)
{
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        int named;
        struct line line;
        struct tg_error error;
        char *const *words = (char *const *)typed[i].words;
        const struct command *command = command_find(count_of(&typed[i]), words, &named);
        cr_assert(command, "%zu", i);
        bool good = line_read(&line, command, count_of(&typed[i]) - named, words + named, &error);
        cr_assert_eq(good, !typed[i].wrong, "%zu", i);
        const char *read = json_object_to_json_string_ext(line.body, JSON_C_TO_STRING_PLAIN);
        cr_assert_str_eq(good ? read : error.message, typed[i].body);
        if (typed[i].first)
            cr_assert_str_eq(line.arguments[0], typed[i].first);
        line_finish(&line);
    }
}

Test(ctl, reads_what_is_secret_from_a_file)
{
    char name[] = "/tmp/ctl-test-XXXXXX";
    int file = mkstemp(name);
    cr_assert(file >= 0 && write(file, "EAAtoken\r\n", 10) == 10);
    char *words[] = {"Acme", "123", "--access-token-file", name};
    int named;
    struct line line;
    struct tg_error error;
    const struct command *command = command_find(2, (char *[]){"channel", "add"}, &named);
    cr_assert(line_read(&line, command, 4, words, &error), "%s", error.message);
    cr_assert_str_eq(json_object_to_json_string_ext(line.body, JSON_C_TO_STRING_PLAIN),
                     "{\"phone_number_id\":\"123\",\"access_token\":\"EAAtoken\"}");
    line_finish(&line);
    unlink(name);
    close(file);
}

Test(ctl, knows_commands_by_all_of_their_words)
{
    int named;
    cr_assert_null(command_find(1, (char *[]){"channel"}, &named));
    cr_assert_null(command_find(2, (char *[]){"channel", "ad"}, &named));
    cr_assert_null(command_find(1, (char *[]){"overviews"}, &named));
    cr_assert_str_eq(command_find(1, (char *[]){"overview"}, &named)->words, "overview");
    cr_assert_eq(named, 1);
}

static const char *said_of_unknown(int count, char *const *words)
{
    struct capture capture = capture_start(stderr);
    command_print_unknown(count, words);
    return capture_stop(&capture);
}

Test(ctl, tells_which_command_was_perhaps_meant)
{
    static const struct {
        const char *words[3];
        const char *meant; // "": nobody can tell
    } cases[] = {{{"org", "creat"}, "there is org create"},
                 {{"orgs", "list"}, "there is org list"},
                 {{"overveiw"}, "there is overview"},
                 {{"audit", "--org"}, "there is audit-log"},
                 {{"frob", "it"}, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int count = cases[i].words[1] ? 2 : 1;
        const char *said = said_of_unknown(count, (char *const *)cases[i].words);
        cr_assert(strstr(said, cases[i].meant), "%s", said);
        cr_assert_eq(strstr(said, "; there is ") != NULL, *cases[i].meant != '\0', "%s", said);
    }
}

// Every option has a name of its own, every place in a path an argument.
Test(ctl, has_a_table_that_is_whole)
{
    for (const struct command *command = commands; command->words; command++) {
        cr_assert(command->method && command->path && command->says, "%s", command->words);
        for (const char *at = command->path; (at = strchr(at, '{')); at++) {
            bool found = false;
            for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++) {
                size_t length = strlen(command->arguments[i].name);
                found |= !command->arguments[i].member &&
                         strncmp(at + 1, command->arguments[i].name, length) == 0 &&
                         at[length + 1] == '}';
            }
            cr_assert(found, "%s: %s", command->words, at);
        }
        for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++)
            for (size_t k = 0; k < i; k++)
                cr_assert_str_neq(command->options[i].name, command->options[k].name);
    }
}

// Are they the same but for what the names in braces are?
static bool is_path(const char *one, const char *other)
{
    while (*one && *other) {
        size_t plain = strcspn(one, "{");
        if (plain != strcspn(other, "{") || strncmp(one, other, plain) != 0)
            return false;
        one += plain + strcspn(one + plain, "}") + (one[plain] != '\0');
        other += plain + strcspn(other + plain, "}") + (other[plain] != '\0');
    }
    return *one == *other;
}

static const struct endpoint *endpoint_of(const struct command *command)
{
    for (const struct endpoint *const *table = desk_tables; *table; table++) {
        for (const struct endpoint *endpoint = *table; endpoint->method; endpoint++) {
            if (strcmp(endpoint->method, command->method) == 0 &&
                is_path(endpoint->path, command->path))
                return endpoint;
        }
    }
    return NULL;
}

static bool takes(const struct desk_task *task, const char *member)
{
    for (const struct desk_member *known = task->members; known && known->name; known++) {
        if (strcmp(known->name, member) == 0)
            return true;
    }
    for (const struct desk_name *known = task->query; known && known->name; known++) {
        if (strcmp(known->name, member) == 0)
            return true;
    }
    for (const struct desk_member *known = task->find; known && known->name; known++) {
        if (strcmp(known->name, member) == 0)
            return true;
    }
    return task->list != DESK_NO_LIST &&
           (strcmp(member, "limit") == 0 || strcmp(member, "before") == 0);
}

static bool says(const struct command *command, const char *member)
{
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++) {
        if (command->arguments[i].member && strcmp(command->arguments[i].member, member) == 0)
            return true;
    }
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        if (strcmp(command->options[i].member, member) == 0)
            return true;
    }
    return false;
}

// What a member must be is what the command says of its option.
static void expect_notes(const struct command *command, const struct desk_member *member)
{
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        if (strcmp(option->member, member->name) != 0)
            continue;
        cr_expect_eq(command_names(command->clears, option->name),
                     member->clears && option->kind != VALUE_FILE, "%s --%s: none", command->words,
                     option->name);
        bool is_first = i == 0 || strcmp(command->options[i - 1].member, member->name) != 0;
        cr_expect_eq(command_names(command->needs, option->name), member->required && is_first,
                     "%s --%s: required", command->words, option->name);
    }
}

// What can be said to the admin API can be typed, and nothing else.
Test(ctl, has_a_command_for_each_endpoint_and_an_option_for_each_member)
{
    size_t n = 0;
    for (const struct command *command = commands; command->words; command++, n++) {
        const struct endpoint *endpoint = endpoint_of(command);
        cr_assert(endpoint, "%s: %s %s", command->words, command->method, command->path);
        const struct desk_task *task = endpoint->task;
        for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++)
            cr_expect(takes(task, command->options[i].member), "%s --%s", command->words,
                      command->options[i].name);
        for (const struct desk_member *member = task->members; member && member->name; member++) {
            cr_expect(says(command, member->name), "%s: %s", command->words, member->name);
            expect_notes(command, member);
        }
    }
    size_t endpoints = 0;
    for (const struct endpoint *const *table = desk_tables; *table; table++) {
        for (const struct endpoint *endpoint = *table; endpoint->method; endpoint++)
            endpoints++;
    }
    cr_assert_eq(n, endpoints, "%zu commands and %zu endpoints", n, endpoints);
}

static const char *shown(const char *json, const char *columns)
{
    struct json_object *answer = json_tokener_parse(json);
    struct capture capture = capture_start(stdout);
    show(answer, columns);
    json_object_put(answer);
    return capture_stop(&capture);
}

Test(ctl, shows_lists_as_tables)
{
    cr_assert_str_eq(
        shown("{\"orgs\":[{\"name\":\"Acme\",\"id\":\"1\",\"x\":true},{\"name\":\"Müller AG\","
              "\"id\":null}],\"next_before\":17}",
              "name,id"),
        "name       id\n"
        "Acme       1\n"
        "Müller AG  -\n"
        "there are more: --before 17\n");
    cr_assert_str_eq(shown("{\"orgs\":[],\"next_before\":null}", "name,id"), "there are none\n");
    cr_assert_str_eq(shown("{\"orgs\":[{\"a\":1,\"b\":[2,\"x\"]},{\"c\":{\"d\":1}}]}", NULL),
                     "a  b     c\n"
                     "1  2, x  -\n"
                     "-  -     {\"d\":1}\n");
    cr_assert_str_eq(shown("{\"templates\":[{\"name\":\"news\",\"components\":[{}]}],"
                           "\"next_before\":null,\"accounts\":[{\"waba_id\":\"1\"}]}",
                           "name"),
                     "name\n"
                     "news\n"
                     "accounts:\n"
                     "  waba_id\n"
                     "  1\n");
}

Test(ctl, shows_one_thing_member_by_member)
{
    cr_assert_str_eq(
        shown("{\"x\":1,\"id\":\"7\",\"list\":[{\"a\":1}],\"none\":null,\"o\":{\"y\":2},"
              "\"empty\":{}}",
              "id,gone"),
        "id                       7\n"
        "x                        1\n"
        "none                     -\n"
        "o:\n"
        "  y                      2\n"
        "empty                    -\n"
        "list:\n"
        "  a\n"
        "  1\n");
}

Test(ctl, lets_nobody_s_text_move_the_cursor)
{
    cr_assert_str_eq(shown("{\"name\":\"a\\u001b[2J\\nb\\u009b1A\\u007f\\u00e9\"}", NULL),
                     "name                     a?[2J?b??1A?é\n");
    // Neither in names, nor by Unicode's own controls; what only looks like them stays.
    cr_assert_str_eq(
        shown("{\"a\\u001b\":\"x\\u202ey\\u2066z\\u2028\\u200f\\u061c\\u2030\\u2013\\u061b\"}",
              NULL),
        "a?                       x???y???z????????\u2030\u2013\u061b\n");
    cr_assert_str_eq(shown("{\"l\":[{\"\\u001b]0;x\":1}],\"next_before\":\"\\u001b[A\"}", NULL),
                     "?]0;x\n1\nthere are more: --before ?[A\n");
}

Test(ctl, knows_where_a_token_could_be_read_on_the_way)
{
    static const char *const kept[] = {"http://127.0.0.1:9091", "http://127.9.9.9",
                                       "127.0.0.1:9091",        "http://localhost:9091/",
                                       "http://[::1]:1",        "HTTP://LOCALHOST",
                                       "https://admin.example", "no url"};
    static const char *const read[] = {"http://10.0.0.7:9091",         "http://admin.example",
                                       "admin.example:9091",           "http://localhost.example",
                                       "http://127.0.0.1@10.0.0.7",    "http://[2001:db8::1]:9091",
                                       "http://10.0.0.7/127.0.0.1:80", "http://127.0.0.1.example"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        cr_expect(call_is_private(kept[i]), "%s", kept[i]);
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        cr_expect(!call_is_private(read[i]), "%s", read[i]);
}
