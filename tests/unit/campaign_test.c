// What a campaign is, and its recipients, as a request has them.
#include "ingress/api/campaign_source.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#define KEPT "019ace1f-0b52-7d43-9c1a-7f4f5a3f0c12" // an id of ours
#define FORM "multipart/form-data; boundary=b"

struct case_of {
    char more[320];     // beside the recipients
    char expected[120]; // "part|name|part": the text and its placeholders; or "code field"
};

static const char *read_form(const char *json, struct campaign_form *form)
{
    static char read[512];
    struct tg_error error = {0};
    struct tg_text text = {0};
    struct loans *loans = NULL;
    memset(form, 0, sizeof *form);
    tg_text_append_string(&text, json);
    *read = '\0';
    if (campaign_form_read(&text, (struct tg_uuid){{0}}, &loans, form, &error)) {
        for (size_t i = 0; i <= form->count && strlen(read) < 384; i++) {
            strncat(read, form->parts[i].data,
                    form->parts[i].length < 100 ? form->parts[i].length : 100);
            if (i < form->count)
                strcat(strcat(strcat(read, "|"), form->names[form->places[i]]), "|");
        }
    } else {
        snprintf(read, sizeof read, "%s %s", error.code, error.field);
    }
    tg_text_finish(&text);
    loans_free(loans);
    return read;
}

ParameterizedTestParameters(campaign, is_split_at_its_placeholders)
{
    static struct case_of cases[] = {
        {"{\"payload\":{\"text\":{\"body\":\"Hi\"}}}",
         "\"text\":{\"body\":\"Hi\"},\"type\":\"text\"}"},
        {"{\"payload\":{\"type\":\"text\",\"text\":{\"body\":\"{{a}} {{ b_1 }}{{a}}\"}}}",
         "\"type\":\"text\",\"text\":{\"body\":\"|a| |b_1||a|\"}}"},
        {"{\"template\":{\"name\":\"t\",\"language\":{\"code\":\"{{l}}\"}}}",
         "\"type\":\"template\",\"template\":{\"name\":\"t\",\"language\":{\"code\":\"|l|\"}}}"},
        {"{\"payload\":{\"type\":\"text\",\"text\":{\"body\":\"\\\"{{a}}\\\\\"}}}",
         "\"type\":\"text\",\"text\":{\"body\":\"\\\"|a|\\\\\"}}"},
        {"{}", "missing_field template"},
        {"{\"template\":{},\"payload\":{}}", "invalid_field template"},
        {"{\"template\":\"t\"}", "missing_field template"},
        {"{\"payload\":{\"type\":\"text\"}}", "invalid_message payload.text"},
        {"{\"template\":{\"name\":\"\",\"language\":{\"code\":\"en\"}}}",
         "invalid_message template.name"},
        {"{\"payload\":{\"to\":\"1\",\"text\":{\"body\":\"x\"}}}", "invalid_field payload.to"},
        {"{\"payload\":{\"status\":\"read\",\"message_id\":\"x\"}}",
         "invalid_field payload.status"},
        {"{\"payload\":{\"text\":{\"body\":\"{{a-b}}\"}}}", "invalid_field payload"},
        {"{\"payload\":{\"text\":{\"body\":\"{{a\"}}}", "invalid_field payload"},
        {"{\"payload\":{\"text\":{\"{{a}}\":\"x\"}}}", "invalid_field payload"},
        {"{\"payload\":{\"text\":{\"body\":\"x\"}},\"sendAt\":\"x\"}", "unknown_field sendAt"},
        {"{\"payload\":{\"text\":{\"body\":\"x\"}},\"max_mps\":0}", "invalid_field max_mps"},
        {"{\"payload\":{\"text\":{\"body\":\"x\"}},\"not_after\":\"2020-01-01T00:00:00Z\"}",
         "invalid_field not_after"},
        {"{\"payload\":{\"text\":{\"body\":\"x\"}},\"send_at\":\"2999-01-01T00:00:00Z\"}",
         "invalid_field send_at"},
        {"{\"payload\":{\"type\":\"image\",\"image\":{\"id\":\"" KEPT "\"}}}",
         "missing_field not_after"},
        {"{\"payload\":{\"type\":\"image\",\"image\":{\"id\":\"" KEPT "\"}},"
         "\"not_after\":\"2999-01-01T00:00:00Z\"}",
         "invalid_message payload.image.id"},
        {"{\"payload\":{\"type\":\"image\",\"image\":{\"id\":\"4711\"}}}",
         "\"type\":\"image\",\"image\":{\"id\":\"4711\"}}"},
        {"[]", "invalid_json body"},
    };
    return cr_make_param_array(struct case_of, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct case_of *given, campaign, is_split_at_its_placeholders)
{
    static struct campaign_form form;
    cr_expect_str_eq(read_form(given->more, &form), given->expected, "%s: %s", given->more,
                     read_form(given->more, &form));
    campaign_form_finish(&form);
}

Test(campaign, says_which_rates_it_takes)
{
    static const char *const rates[] = {"-1", "0", "1001", "1.5", "\"7\""};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        TG_TEXT_AUTO text = {0};
        struct campaign_form form = {0};
        struct loans *loans = NULL;
        struct tg_error error = {0};
        tg_text_append_format(&text, "{\"payload\":{\"text\":{\"body\":\"x\"}},\"max_mps\":%s}",
                              rates[i]);
        cr_expect_not(campaign_form_read(&text, (struct tg_uuid){{0}}, &loans, &form, &error));
        cr_expect_str_eq(error.message, "max_mps must be a whole number from 1 to 1000");
        campaign_form_finish(&form);
    }
}

// What is read of all recipients: "line:name:fills", or "line!code field".
static const char *read_all(const char *type, const char *body)
{
    static struct campaign_form form;
    static char read[1024];
    struct campaign_source source = {.home = tg_country_find("IN")};
    struct tg_recipient recipient = {0};
    struct loans *loans = NULL;
    struct tg_error error = {0};
    struct tg_text bytes = {0};
    enum campaign_read got = CAMPAIGN_END;
    tg_text_append_string(&bytes, body);
    memset(&form, 0, sizeof form);
    *read = '\0';
    if (!campaign_source_begin(&source, type, &bytes, &error) ||
        !campaign_form_read(&source.campaign, (struct tg_uuid){{0}}, &loans, &form, &error) ||
        !campaign_source_open(&source, &form, &error))
        snprintf(read, sizeof read, "%s %s", error.code, error.field);
    else
        got = campaign_source_next(&source, &form, &recipient, &error);
    while (got != CAMPAIGN_END) {
        char *end = read + strlen(read);
        size_t room = sizeof read - strlen(read);
        if (got == CAMPAIGN_RECIPIENT)
            snprintf(end, room, "%s%lld:%s%s:%s", *read ? " " : "", (long long)recipient.n,
                     recipient.phone, recipient.user_id, tg_text_string(&recipient.fills));
        else
            snprintf(end, room, "%s%lld!%s %s", *read ? " " : "", (long long)recipient.n,
                     error.code, error.field);
        got = campaign_source_next(&source, &form, &recipient, &error);
    }
    tg_text_finish(&recipient.fills);
    campaign_source_finish(&source);
    campaign_form_finish(&form);
    tg_text_finish(&bytes);
    return read;
}

#define TEXT_TO "\"payload\":{\"text\":{\"body\":\"{{a}}{{b}}{{a}}\"}}"

struct body {
    char json[320];
    char read[200];
};

ParameterizedTestParameters(campaign, has_the_recipients_of_a_list)
{
    static struct body bodies[] = {
        {"{" TEXT_TO
         ",\"recipients\":[{\"phone\":\"98765 43210\",\"params\":{\"a\":\"x\\\"\",\"b\":7}}]}",
         "1:919876543210:[\"x\\\"\",\"7\",\"x\\\"\"]"},
        {"{\"recipients\":[{\"user_id\":\"IN.7\",\"params\":{\"a\":true,\"b\":1.50}}]," TEXT_TO "}",
         "1:IN.7:[\"true\",\"1.50\",\"true\"]"},
        {"{\"name\":\"recipients\"," TEXT_TO
         ", \"recipients\" : [ {\"phone\":\"1\"} , 7, [], {}, null, \"x\", {\"phone\":} ] }",
         "1!invalid_phone phone 2!invalid_field recipients 3!invalid_field recipients "
         "4!missing_field phone 5!invalid_field recipients 6!invalid_field recipients "
         "7!invalid_json recipients"},
        {"{" TEXT_TO ",\"recipients\":[{\"phone\":\"+919876543210\",\"params\":{\"a\":\"x\"}},"
         "{\"phone\":\"+919876543210\",\"params\":{\"a\":\"x\",\"c\":\"x\"}},"
         "{\"phone\":\"+919876543210\",\"user_id\":\"x\"},{\"phon\":\"x\"}]}",
         "1!missing_field b 2!unknown_field c 3!invalid_field phone 4!unknown_field phon"},
        {"{" TEXT_TO
         ",\"recipients\":[{\"phone\":\"+919876543210\",\"params\":{\"a\":[],\"b\":\"x\"}}]}",
         "1!invalid_field a"},
        {"{" TEXT_TO ",\"recipients\":[]}", "missing_field recipients"},
        {"{" TEXT_TO ",\"recipients\":{}}", "missing_field recipients"},
        {"{" TEXT_TO "}", "missing_field recipients"},
        {"{" TEXT_TO ",\"recipients\":[{]}", "missing_field recipients"},
        {"{" TEXT_TO ",\"recipients\":[{}],\"others\":[1]}", "unknown_field others"},
        {"{\"payload\":{\"text\":{\"body\":\"x\"}},\"recipients\":[{\"phone\":\"+919876543210\"}]}",
         "1:919876543210:[]"},
    };
    return cr_make_param_array(struct body, bodies, sizeof bodies / sizeof *bodies);
}

ParameterizedTest(struct body *body, campaign, has_the_recipients_of_a_list)
{
    cr_expect_str_eq(read_all("application/json", body->json), body->read, "%s: %s", body->json,
                     read_all("application/json", body->json));
}

#define PART(name, content)                                                                        \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" content "\r\n"

ParameterizedTestParameters(campaign, has_the_recipients_of_a_file)
{
    static struct body bodies[] = {
        {PART("campaign", "{" TEXT_TO "}")
             PART("recipients",
                  "b,phone,a\n1, +919876543210 ,\"x,y\"\n,+919876543211,x\n2,12,x\n\"") "--b--",
         "2:919876543210:[\"x,y\",\"1\",\"x,y\"] 3!missing_field b 4!invalid_phone phone "
         "5!invalid_field recipients"},
        {PART("recipients", "user_id,a,b\nIN.1,x,y\n") PART("campaign", "{" TEXT_TO "}") "--b--",
         "2:IN.1:[\"x\",\"y\",\"x\"]"},
        {PART("campaign", "{" TEXT_TO "}") PART("recipients", "phone,a\n") "--b--",
         "missing_field recipients"},
        {PART("campaign", "{" TEXT_TO "}") PART("recipients", "a,b\n") "--b--",
         "missing_field recipients"},
        {PART("campaign", "{" TEXT_TO "}") PART("recipients", "phone,a,b,c\n") "--b--",
         "unknown_field recipients"},
        {PART("campaign", "{" TEXT_TO "}") PART("recipients", "phone,a,b,a\n") "--b--",
         "unknown_field recipients"},
        {PART("campaign", "{" TEXT_TO "}") "--b--", "missing_field recipients"},
        {PART("recipients", "phone\n") "--b--", "missing_field campaign"},
        {PART("campaign", "{" TEXT_TO "}") PART("file", "x") "--b--", "unknown_field body"},
        {PART("campaign", "{" TEXT_TO "}") PART("recipients", "phone\n"), "invalid_form body"},
        {PART("campaign", "{" TEXT_TO ",\"recipients\":[]}")
             PART("recipients", "phone,a,b\n") "--b--",
         "unknown_field recipients"},
        {PART("campaign", "{" TEXT_TO "}")
             PART("recipients", "phone,a,b\n+919876543210,\xff,x\n") "--b--",
         "2!invalid_field recipients"},
    };
    return cr_make_param_array(struct body, bodies, sizeof bodies / sizeof *bodies);
}

ParameterizedTest(struct body *body, campaign, has_the_recipients_of_a_file)
{
    cr_expect_str_eq(read_all(FORM, body->json), body->read, "%s: %s", body->json,
                     read_all(FORM, body->json));
}

Test(campaign, is_no_other_kind_of_body)
{
    cr_expect_str_eq(read_all("text/csv", "phone\n"), "unsupported_media_type ");
    cr_expect_str_eq(read_all("application/x-www-form-urlencoded", "a=b"),
                     "unsupported_media_type ");
}

Test(campaign, checks_what_placeholders_make_of_the_message)
{
    static struct campaign_form form;
    struct tg_error error = {0};
    char text[4200];
    memset(text, 'x', sizeof text);
    const struct tg_span long_one = {text, 4097};
    const struct tg_span fits = {text, 4096};
    (void)read_form("{\"payload\":{\"text\":{\"body\":\"{{a}}\"}}}", &form);
    cr_expect(campaign_form_check(&form, &fits, "919876543210", NULL, &error));
    cr_expect(campaign_form_check(&form, &fits, NULL, "IN.1", &error));
    cr_expect_not(campaign_form_check(&form, &long_one, "919876543210", NULL, &error));
    cr_expect_str_eq(error.code, "invalid_message");
    cr_expect_str_eq(error.field, "payload.text.body");
    campaign_form_finish(&form);
}

static void append_times(struct tg_text *text, const char *what, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tg_text_append_string(text, what);
}

static const char *form_with_text(const char *what, size_t n)
{
    static struct campaign_form form;
    struct tg_text json = {0};
    tg_text_append_string(&json, "{\"payload\":{\"type\":\"text\",\"text\":{\"body\":\"{{a}}");
    append_times(&json, what, n);
    tg_text_append_string(&json, "\"}}}");
    const char *read = read_form(tg_text_string(&json), &form);
    const char *told = form.count > 0 && strchr(read, '|') ? "good" : read;
    campaign_form_finish(&form);
    tg_text_finish(&json);
    return told;
}

Test(campaign, has_bounds_for_what_it_says)
{
    static struct campaign_form form;
    struct tg_text json = {0};
    // (`read` of the helper holds 512 bytes: what is good and longer is only tried for being good.)
    cr_expect_str_eq(form_with_text("{{b}}", TG_CAMPAIGN_PLACEHOLDERS_MAX - 1), "good");
    cr_expect_str_eq(form_with_text("{{b}}", TG_CAMPAIGN_PLACEHOLDERS_MAX),
                     "invalid_field payload");
    cr_expect_str_eq(form_with_text("x", TG_CAMPAIGN_TEXT_MAX), "invalid_field payload");
    tg_text_append_string(&json, "{\"payload\":{\"text\":{\"body\":\"x\"}},\"name\":\"");
    append_times(&json, "x", TG_SEND_BODY_MAX);
    tg_text_append_string(&json, "\"}");
    cr_expect_str_eq(read_form(tg_text_string(&json), &form), "invalid_json body");
    campaign_form_finish(&form);
    tg_text_finish(&json);
}

Test(campaign, has_bounds_for_what_fills_it)
{
    struct tg_text json = {0};
    tg_text_append_string(&json,
                          "{\"payload\":{\"text\":{\"body\":\"{{a}}\"}},\"recipients\":[{\"phone\":"
                          "\"+919876543210\",\"params\":{\"a\":\"");
    append_times(&json, "x", TG_CAMPAIGN_FILL_MAX + 1);
    tg_text_append_string(&json, "\"}},{\"phone\":\"+919876543210\",\"params\":{\"a\":\"");
    append_times(&json, "x", 9000);
    tg_text_append_string(&json, "\"}}]}");
    cr_expect_str_eq(read_all("application/json", tg_text_string(&json)),
                     "1!invalid_field a 2!invalid_field recipients");
    tg_text_finish(&json);
}

Test(campaign, has_so_many_recipients_and_no_more)
{
    struct tg_text json = {0};
    tg_text_append_string(&json, "{\"recipients\":[0");
    append_times(&json, ",0", TG_CAMPAIGN_RECIPIENTS_MAX);
    tg_text_append_string(&json, "]}");
    cr_expect_str_eq(read_all("application/json", tg_text_string(&json)),
                     "body_too_large recipients");
    tg_text_finish(&json);
}
