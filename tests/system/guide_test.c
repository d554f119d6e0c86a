// The users' guide to testing says how a message ends by its number: each row of its table is
// played, and every number that the simulator's own help names stands there. The page of the API
// has each member of what is read.
#include "common/base/json.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(guide, .timeout = 240);

enum { ROWS_MAX = 60, NUMBER_DIGITS = 11 };

// A row of the table, its cells as they are written but for the quotes around the first.
struct row {
    const char *number;
    const char *answer;
    const char *end;
    const char *posts;
    const char *message_id;
};

// The next cell of a line, without the blanks around it; *at moves behind it.
static const char *next_cell(const char **at)
{
    const char *begin = *at + strspn(*at, "| ");
    size_t length = strcspn(begin, "|\n");
    *at = begin + length;
    while (length > 0 && begin[length - 1] == ' ')
        length--;
    return text_of("%.*s", (int)length, begin);
}

static size_t read_rows(struct row rows[static ROWS_MAX])
{
    size_t count = 0;
    const char *at = file_text(TOLLGATE_SOURCE_DIR "/docs/testing.md", NULL);
    while (at && (at = strstr(at, "\n| `")) && count < ROWS_MAX) {
        at++;
        const char *number = next_cell(&at) + 1;
        if (strspn(number, "0123456789") < NUMBER_DIGITS)
            continue;
        struct row *row = &rows[count++];
        row->number = text_of("%.*s", (int)strcspn(number, "`"), number);
        (void)next_cell(&at);
        row->answer = next_cell(&at);
        row->end = next_cell(&at);
        row->posts = next_cell(&at);
    }
    return count;
}

static struct gateway *given_gateway_of_the_guide(void)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=8000"});
    simulator_set(gateway->simulator, "{\"status_gap_ms\": 20}");
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    return gateway;
}

// Some rows pause their number, so each has an org of its own. It has sent before, so that there is
// a connection to Meta that was used.
static void play(struct gateway *gateway, struct row *row)
{
    bool is_template = strncmp(row->number, "15555", 5) == 0;
    struct org org = given_org(gateway);
    struct answer first = send_text_and_wait(&org, "919876543219");
    cr_assert_eq(first.status, 200, "%s", first.body);
    struct answer answer = send_body_and_wait(
        &org, is_template ? text_of("{\"phone\": \"%s\", \"payload\": {\"type\": \"template\", "
                                    "\"template\": {\"name\": \"news\", \"language\": "
                                    "{\"code\": \"en\"}}}}",
                                    row->number)
                          : text_body(row->number));
    row->message_id =
        answer_text(&answer, answer.status == 500 ? "/detail/message_id" : "/message_id");
    cr_expect_str_eq(text_of("`%d`", answer.status), row->answer, "%s is answered %d, not %s: %s",
                     row->number, answer.status, row->answer, answer.body);
}

// "`read`", "`failed` 131026, refunded", as the guide writes it.
static const char *end_of(struct gateway *gateway, const char *message_id)
{
    return database_text(
        gateway->database,
        "SELECT '`' || coalesce(o.state, m.status) || '`' || "
        "CASE coalesce(o.state, m.status) WHEN 'failed' THEN ' ' || m.error_code || "
        "CASE WHEN m.refunded THEN ', refunded' ELSE ', fee kept' END ELSE '' END "
        "FROM messages m LEFT JOIN outbox o ON o.message_id = m.id "
        "WHERE m.id = '%s'",
        message_id);
}

static void expect_end(struct gateway *gateway, const struct row *row)
{
    long long deadline_ms = testbed_now_ms() + PATIENCE_S * 1000LL;
    const char *end;
    while (strcmp(end = end_of(gateway, row->message_id), row->end) != 0 &&
           testbed_now_ms() < deadline_ms)
        testbed_pause();
    cr_expect_str_eq(end, row->end, "%s ends as %s, not as %s", row->number, end, row->end);
    long posts = simulator_posts_of(gateway->simulator, row->message_id);
    cr_expect_str_eq(text_of("%ld", posts), row->posts, "%s was posted %ld times, not %s",
                     row->number, posts, row->posts);
}

Test(guide, each_number_of_the_guide_ends_as_it_says)
{
    static struct row rows[ROWS_MAX];
    size_t count = read_rows(rows);
    struct gateway *gateway = given_gateway_of_the_guide();
    cr_assert(count > 20 && count < ROWS_MAX, "%zu rows", count);
    for (size_t i = 0; i < count; i++)
        play(gateway, &rows[i]);
    for (size_t i = 0; i < count; i++)
        expect_end(gateway, &rows[i]);
    stop_gateway(gateway);
}

Test(guide, has_each_number_of_the_simulator_s_help)
{
    static struct row rows[ROWS_MAX];
    size_t count = read_rows(rows);
    size_t found = 0;
    const char *at = file_text(TOLLGATE_SOURCE_DIR "/tests/metasim/help.c", NULL);
    for (; at && (at = strstr(at, "1555")); at += strlen("1555")) {
        // 15559: the participants of groups, to whom nobody sends.
        if (strspn(at, "0123456789") != NUMBER_DIGITS || at[4] == '9')
            continue;
        size_t i = 0;
        while (i < count && strncmp(rows[i].number, at, NUMBER_DIGITS) != 0)
            i++;
        cr_expect(i < count, "docs/testing.md does not play %.*s", NUMBER_DIGITS, at);
        found++;
    }
    cr_assert(found > 20, "%zu numbers", found);
}

// What a section of docs/api.md says.
static const char *section_of_api(const char *heading)
{
    const char *page = file_text(TOLLGATE_SOURCE_DIR "/docs/api.md", NULL);
    const char *begin = page ? strstr(page, text_of("\n%s\n", heading)) : NULL;
    cr_assert(begin, "docs/api.md has no %s", heading);
    const char *end = strstr(begin + 1, "\n##");
    return end ? text_of("%.*s", (int)(end - begin), begin) : begin;
}

// Each member of an object stands there, as `name` or within an example.
static void expect_members(struct json_object *object, const char *section)
{
    cr_assert(json_object_is_type(object, json_type_object));
    json_object_object_foreach(object, name, value)
    {
        (void)value;
        cr_expect(strstr(section, text_of("`%s`", name)) ||
                      strstr(section, text_of("\"%s\"", name)),
                  "docs/api.md does not say what %s is", name);
    }
}

static struct json_object *read_json(const struct org *org, const char *path)
{
    struct answer answer = get(org, path);
    struct tg_error error;
    struct json_object *json = tg_json_parse(answer.body, strlen(answer.body), &error);
    cr_assert(answer.status == 200 && json, "%s: %d %s", path, answer.status, answer.body);
    return json;
}

static void expect_members_of_page(const struct org *org, const char *path, const char *list,
                                   const char *heading)
{
    struct json_object *page = read_json(org, path);
    struct json_object *rows = json_object_object_get(page, list);
    expect_members(page, section_of_api(heading));
    cr_assert(json_object_is_type(rows, json_type_array) && json_object_array_length(rows) > 0);
    expect_members(json_object_array_get_idx(rows, 0), section_of_api(heading));
}

Test(guide, has_each_member_of_what_is_read)
{
    struct gateway *gateway = given_gateway_of_the_guide();
    struct org org = given_org(gateway, .number = "123456");
    struct answer answer = send_text_and_wait(&org, "919876543210");
    const char *id = answer_text(&answer, "/message_id");
    // What tells of an account has no wamid.
    (void)ask(gateway->simulator->http, .path = "/_sim/inbound",
              .body = "{\"phone_number_id\": \"123456\", \"field\": \"account_alerts\", "
                      "\"value\": {\"alert_info\": {}}}");
    eventually(database_number(gateway->database, "SELECT count(*) FROM account_notices") == 1);

    expect_members(read_json(&org, text_of("/api/messages/%s", id)),
                   section_of_api("## The message document"));
    expect_members(read_json(&org, "/api/wallet"), section_of_api("### `GET /api/wallet`"));
    expect_members_of_page(&org, "/api/wallet/transactions", "transactions",
                           "### `GET /api/wallet/transactions`");
    expect_members_of_page(&org, "/api/account-notices", "notices",
                           "### `GET /api/account-notices`");
    stop_gateway(gateway);
}
