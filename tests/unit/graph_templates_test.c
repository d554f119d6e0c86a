// What Meta says of an account's templates, as it is read.
#include "common/graph/templates.h"

#include <criterion/criterion.h>
#include <string.h>

static struct tg_graph_templates templates;
static struct tg_text ids;

static void answered(int status, const char *body)
{
    tg_text_finish(&templates.page);
    tg_text_clear(&ids);
    memset(&templates, 'x', sizeof templates);
    tg_graph_read_templates(status, (struct tg_span){body, strlen(body)}, &ids, &templates);
}

static void expect_page(const char *body, const char *page, const char *its_ids, const char *after)
{
    answered(200, body);
    cr_expect_str_eq(templates.trouble.code, "", "%s", body);
    cr_expect_str_eq(tg_text_string(&templates.page), page, "%s: %s", body,
                     tg_text_string(&templates.page));
    cr_expect_str_eq(tg_text_string(&ids), its_ids, "%s", body);
    cr_expect_str_eq(templates.after, after, "%s: %s", body, templates.after);
}

static void expect_trouble(int status, const char *body, const char *code)
{
    answered(status, body);
    cr_expect_str_eq(templates.trouble.code, code, "%s: %s", body, templates.trouble.code);
    cr_expect_str_neq(templates.trouble.message, "");
    cr_expect_eq(templates.page.length, 0);
    cr_expect_eq(ids.length, 0);
}

#define NEWS "{\"id\":\"77\",\"name\":\"news\",\"language\":\"en\""

Test(graph_templates, are_kept_as_far_as_they_are_asked_for)
{
    expect_page("{\"data\": [" NEWS ", \"status\": \"PAUSED\", \"other\": 1, \"quality_score\": "
                "{\"score\": \"RED\"}, \"components\": [{\"type\": \"BODY\"}]}, {\"id\": \"78\", "
                "\"name\": \"a\", \"language\": \"hi\"}]}",
                "[" NEWS ",\"status\":\"PAUSED\",\"components\":[{\"type\":\"BODY\"}],"
                "\"quality_score\":{\"score\":\"RED\"}},{\"id\":\"78\",\"name\":\"a\","
                "\"language\":\"hi\"}]",
                "\"77\",\"78\"", "");
    cr_expect_eq(templates.n, 2);
}

Test(graph_templates, without_an_id_a_name_or_a_language_are_none)
{
    expect_page(
        "{\"data\": [5, null, {\"id\": 77, \"name\": \"a\", \"language\": \"en\"}, {\"id\": "
        "\"7\\\"7\", \"name\": \"a\", \"language\": \"en\"}, {\"id\": \"77\", \"name\": "
        "\"a\"}, {\"id\": \"077\", \"name\": \"a\", \"language\": \"en\"}]}",
        "[]", "", "");
}

Test(graph_templates, go_on_behind_metas_cursor_while_there_is_a_next_page)
{
    expect_page("{\"data\": [], \"paging\": {\"cursors\": {\"after\": \"MgZDZD\"}}}", "[]", "", "");
    expect_page("{\"data\": [], \"paging\": {\"next\": \"https://x?access_token=EAAx\", "
                "\"cursors\": {\"after\": \"M+=&a b\"}}}",
                "[]", "", "M%2B%3D%26a%20b");
}

Test(graph_templates, that_are_no_list_of_metas_are_trouble)
{
    expect_trouble(200, "", "unreadable");
    expect_trouble(200, "{\"data\": {}}", "unreadable");
    expect_trouble(200, "{\"data\": [], \"paging\": {\"next\": \"x\"}}", "unreadable");
    expect_trouble(503, "<html>", "http:503");
    expect_trouble(400, "{\"error\": {\"code\": 190, \"message\": \"Session has expired\"}}",
                   "190");
    cr_expect(!templates.trouble.is_field_unknown);
    expect_trouble(400, "{\"error\": {\"code\": 100, \"message\": \"Tried accessing\"}}", "100");
    cr_expect(templates.trouble.is_field_unknown);
}
