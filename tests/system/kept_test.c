// What an org keeps in order by itself: its contacts.
#include "common/base/text.h"
#include "common/limits.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(kept, .timeout = 120);

static struct org given_manager(struct gateway *gateway)
{
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'all', '{send,read,manage,money,keys}')",
                            org.id);
    return org;
}

static struct answer tell_org(const struct org *org, const char *method, const char *path,
                              const char *body)
{
    return ask(org->gateway->http, .method = method, .path = path, .key = org->key, .body = body);
}

Test(kept, a_contact_lives_and_is_erased)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_manager(gateway);
    (void)database_text(gateway->database, "UPDATE organizations SET default_country = 'IN'");
    struct answer answer = tell_org(&org, "POST", "/api/contacts",
                                    "{\"phone\": \"098765 43210\", \"name\": \"Asha\"}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    expect_equal(answer_text(&answer, "/phone"), "919876543210");
    const char *path = text_of("/api/contacts/%s", answer_text(&answer, "/id"));
    answer = tell_org(&org, "POST", "/api/contacts", "{\"phone\": \"+919876543210\"}");
    expect_refused(&answer, 409, "already_exists", "phone");
    answer = tell_org(&org, "POST", "/api/contacts", "{\"phone\": \"abc\"}");
    expect_refused(&answer, 400, "invalid_phone", "phone");
    answer = tell_org(&org, "PATCH", path, "{\"tags\": [\"vip\"], \"attributes\": {\"a\": 1}}");
    expect_equal(answer_text(&answer, "/tags/0"), "vip");
    answer = tell_org(&org, "PATCH", path, "{\"tag\": [\"vip\"]}");
    expect_refused(&answer, 400, "unknown_field", "tag");
    answer = get(&org, "/api/contacts?tag=vip&contact=09876543210&name=as&opted_out=false&limit=1");
    expect_equal(answer_text(&answer, "/contacts/0/name"), "Asha");

    answer = tell_org(&org, "POST", text_of("%s/opt-out", path), "{\"why\": \"asked\"}");
    expect_equal(answer_text(&answer, "/channels/0/why"), "asked");
    answer =
        send_body(&org, "{\"phone\": \"9876543210\", \"message\": \"x\", \"priority\": \"bulk\"}");
    expect_refused(&answer, 409, "contact_opted_out", "phone");
    answer = tell_org(&org, "POST", text_of("%s/opt-in", path), "{}");
    expect_equal(answer_text(&answer, "/opted_out"), "false");

    answer = send_text_and_wait(&org, "919876543210");
    const char *id = answer_text(&answer, "/message_id");
    answer = tell_org(&org, "DELETE", path, NULL);
    expect_equal(answer_text(&answer, "/erased/contacts"), "1");
    answer = get(&org, path);
    expect_refused(&answer, 404, "not_found", NULL);
    eventually(
        strcmp(database_text(gateway->database, "SELECT payload FROM messages WHERE id = '%s'", id),
               "{}") == 0);
    stop_gateway(gateway);
}

static struct answer import(const struct org *org, const char *file)
{
    return ask(org->gateway->http, .path = "/api/contacts/import", .key = org->key, .body = file,
               .content_type = "text/csv");
}

Test(kept, a_file_of_contacts_is_judged_line_by_line)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_manager(gateway);
    const char *file =
        text_of("name,phone,tags\r\nAsha,+919876543210,\"vip, north\"\r\n\"Ravi \"\"R\"\"\",+91 "
                "98765-43211\n"
                "Nobody,12\n,\n\"%0*d\",+919876543212\n\xff,+919876543213\nUsha,+919876543214,\"",
                TG_IMPORT_LINE_MAX, 1);
    struct answer answer = import(&org, file);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/lines"), "7");
    expect_equal(answer_text(&answer, "/created"), "2");
    expect_equal(answer_text(&answer, "/refused"), "5");
    static const char *const faults[][3] = {{"4", "invalid_phone", "phone"},
                                            {"5", "missing_field", "phone"},
                                            {"6", "invalid_field", "body"},
                                            {"7", "invalid_field", "body"},
                                            {"8", "invalid_field", "body"}};
    for (int i = 0; i < 5; i++) {
        expect_equal(answer_text(&answer, text_of("/errors/%d/line", i)), faults[i][0]);
        expect_equal(answer_text(&answer, text_of("/errors/%d/code", i)), faults[i][1]);
        expect_equal(answer_text(&answer, text_of("/errors/%d/detail/field", i)), faults[i][2]);
    }
    answer = import(&org, file);
    expect_equal(answer_text(&answer, "/same"), "2");
    answer = import(&org, "phone,name\n+919876543210,Usha\n");
    expect_equal(answer_text(&answer, "/changed"), "1");
    answer = get(&org, "/api/contacts?tag=north");
    expect_equal(answer_text(&answer, "/contacts/0/name"), "Usha");
    const char *many = "m0";
    for (int i = 1; i < 31; i++)
        many = text_of("%s,m%d", many, i);
    answer = import(&org, text_of("phone,tags\n\n+919876543211,x\n+919876543210,\"%s\"\n", many));
    expect_equal(answer_text(&answer, "/changed"), "1");
    expect_equal(answer_text(&answer, "/refused"), "1");
    expect_equal(answer_text(&answer, "/errors/0/line"), "4");
    expect_equal(answer_text(&answer, "/errors/0/detail/field"), "tags");
    stop_gateway(gateway);
}

// As spreadsheets write it, and as people who have it sent by a form do.
Test(kept, a_file_s_first_line_names_columns_in_any_case_or_says_which_is_none)
{
    static const struct {
        const char *file;
        const char *says;
    } bad[] = {
        {"", "The body must be a file with lines"},
        {"name\nAsha\n", "There must be a column phone"},
        {"phone,Phone\n", "Column 2, \"Phone\", is there twice"},
        {"phone,age\n", "Column 2 is \"age\", and must be one of phone, name, language, tags"},
        {"Phone;Name\n", "Column 1 is \"Phone;Name\", and must be one of"},
        {"\xff,phone\n", "A line must be UTF-8"}};
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_manager(gateway);
    struct answer answer = import(&org, "\xef\xbb\xbfPhone,NAME \r\n+919876543210,Usha\r\n");
    expect_equal(answer_text(&answer, "/created"), "1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        answer = import(&org, bad[i].file);
        cr_assert_eq(answer.status, 400, "%s", answer.body);
        cr_assert(strstr(answer_text(&answer, "/error"), bad[i].says), "%s", answer.body);
    }
    stop_gateway(gateway);
}

Test(kept, a_file_of_contacts_has_its_bounds)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_manager(gateway);
    struct tg_text file = {0};
    tg_text_append_string(&file, "phone\n");
    for (int i = 0; i < TG_IMPORT_LINES_MAX - 1; i++)
        tg_text_append_string(&file, "1\n");
    tg_text_append_string(&file, "+919876543210\n+919876543211\n");
    struct answer answer = import(&org, file.data);
    expect_equal(answer_text(&answer, "/lines"), text_of("%d", TG_IMPORT_LINES_MAX + 1));
    expect_equal(answer_text(&answer, "/created"), "1");
    expect_equal(answer_text(&answer, "/refused"), text_of("%d", TG_IMPORT_LINES_MAX));
    expect_equal(answer_text(&answer, text_of("/errors/%d/line", TG_IMPORT_FAULTS_MAX - 1)), "101");
    expect_equal(answer_text(&answer, text_of("/errors/%d/line", TG_IMPORT_FAULTS_MAX)), "");
    tg_text_finish(&file);
    answer = import(&org, text_of("phone\n%*s", TG_IMPORT_BYTES_MAX - 5, ""));
    expect_refused(&answer, 413, "body_too_large", "body");
    stop_gateway(gateway);
}
