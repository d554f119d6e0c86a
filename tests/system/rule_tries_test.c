// What a try of rules tells is what then really happens.
#include "common/limits.h"
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <string.h>
#include <time.h>

TestSuite(rule_tries, .timeout = 180);

static struct gateway *gateway;
static struct org org;
static int posted;

static struct answer api(const char *method, const char *path, const char *body)
{
    return ask(gateway->http, .method = method, .path = path, .key = org.key, .body = body);
}

static void expect_checked(void)
{
    eventually(gateway->worker_count == 0 ||
               database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'unchecked' AND active") == 0);
}

static void given_rules_of(struct gateway *started, const char *const *rules)
{
    gateway = started;
    org = given_org(gateway, .balance = "6.00");
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'rules', '{send,read,manage}')", org.id);
    for (; *rules; rules++) {
        struct answer answer = api("POST", "/api/rules", *rules);
        cr_assert_eq(answer.status, 201, "%s: %s", *rules, answer.body);
    }
    expect_checked();
}

// Something that a customer does.
struct spoken {
    const char *from;
    const char *name; // of the profile; NULL: none comes with it
    const char *text; // NULL, as choice: a picture
    const char *choice;
    long age_s;
};

static const char *member(const char *name, const char *value)
{
    return value ? text_of(", \"%s\": \"%s\"", name, value) : "";
}

static struct answer try(const struct spoken *spoken, time_t at)
{
    char time_text[32];
    struct tm tm;
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    struct answer answer =
        api("POST", "/api/rules/try",
            text_of("{\"phone\": \"+%s\", \"at\": \"%s\"%s%s%s}", spoken->from, time_text,
                    member("name", spoken->name), member("text", spoken->text),
                    member("choice", spoken->choice)));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return answer;
}

static const char *content_of(const struct spoken *spoken)
{
    if (spoken->choice)
        return text_of("\"type\": \"button\", \"button\": {\"payload\": \"%s\", \"text\": \"%s\"}",
                       spoken->choice, spoken->text);
    if (spoken->text)
        return text_of("\"type\": \"text\", \"text\": {\"body\": \"%s\"}", spoken->text);
    return "\"type\": \"image\", \"image\": {\"id\": \"1\", \"mime_type\": \"image/png\"}";
}

// It really happens. Returns the wamid.
static const char *happens(const struct spoken *spoken, time_t at)
{
    const char *wamid = text_of("wamid.case%d", ++posted);
    const char *contact = spoken->name ? text_of("\"contacts\": [{\"wa_id\": \"%s\", \"profile\": "
                                                 "{\"name\": \"%s\"}}], ",
                                                 spoken->from, spoken->name)
                                       : "";
    const char *body = text_of(
        "{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", \"changes\": "
        "[{\"field\": \"messages\", \"value\": {\"messaging_product\": \"whatsapp\", \"metadata\": "
        "{\"display_phone_number\": \"1\", \"phone_number_id\": \"%s\"}, %s\"messages\": [{"
        "\"from\": \"%s\", \"id\": \"%s\", \"timestamp\": \"%ld\", %s}]}}]}]}",
        org.phone_number_id, contact, spoken->from, wamid, (long)at, content_of(spoken));
    struct answer answer = post_webhook(gateway, body, 0);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(webhooks_left(gateway) == 0);
    return wamid;
}

// What a try has told, and what has happened: verdict, rule, its version, fee.
static const char *told(const struct answer *answer)
{
    return text_of("%s %s %s %s", answer_text(answer, "/verdict"),
                   answer_text(answer, "/rule/rule_id"), answer_text(answer, "/rule/version"),
                   strcmp(answer_text(answer, "/verdict"), "accepted") == 0
                       ? answer_text(answer, "/fee")
                       : "");
}

static const char *happened(const char *wamid)
{
    return database_text(gateway->database,
                         "SELECT coalesce((SELECT concat(coalesce(a.reply_skipped, 'accepted'), ' "
                         "', a.rule_id, ' ', a.rule_version, ' ', money_text(m.fee)) FROM messages "
                         "i JOIN auto_replies a ON a.message_id = i.id LEFT JOIN messages m ON "
                         "m.id = a.reply_id WHERE i.wamid = '%s'), 'no_rule   ')",
                         wamid);
}

// Holds what was told against what then happens; returns the verdict.
static const char *expect_the_same(const struct spoken *spoken)
{
    time_t at = time(NULL) - spoken->age_s;
    struct answer answer = try(spoken, at);
    const char *wamid = happens(spoken, at);
    const char *what =
        text_of("%s %s %ld", spoken->from, spoken->text ? spoken->text : "", spoken->age_s);
    cr_expect_str_eq(told(&answer), happened(wamid), "%s: told '%s', happened '%s'", what,
                     told(&answer), happened(wamid));
    const char *verdict = answer_text(&answer, "/verdict");
    if (strcmp(verdict, "accepted") == 0) {
        struct json_object *reply = NULL;
        cr_assert(json_object_object_get_ex(answer.json, "reply", &reply));
        cr_expect_eq(
            database_number(gateway->database,
                            "SELECT count(*) FROM messages i JOIN auto_replies a ON a.message_id = "
                            "i.id JOIN messages m ON m.id = a.reply_id WHERE i.wamid = '%s' AND "
                            "m.payload::jsonb - '{context,biz_opaque_callback_data}'::text[] = "
                            "$try$%s$try$",
                            wamid, json_object_to_json_string(reply)),
            1, "%s: %s", what, json_object_to_json_string(reply));
    }
    return verdict;
}

#define NINE_TO_SIX                                                                                \
    "\"time_zone\": \"Asia/Kolkata\", \"open\": [{\"from\": \"09:00\", \"to\": \"18:00\"}]"
#define RULE(members) "{\"priority\": " members "}"

static const char *const table_rules[] = {
    RULE("1, \"match_kind\": \"exact\", \"pattern\": \"open?\", \"reply\": \"We are open\", "
         "\"hours\": {\"answers\": \"within\", " NINE_TO_SIX "}"),
    RULE("2, \"match_kind\": \"exact\", \"pattern\": \"open?\", \"reply\": \"We are closed\", "
         "\"hours\": {\"answers\": \"outside\", " NINE_TO_SIX "}"),
    RULE("3, \"match_kind\": \"starts_with\", \"pattern\": \"order\", \"reply\": \"Thank you, "
         "{name}!\", \"daily_cap\": 2"),
    RULE("4, \"match_kind\": \"contains\", \"pattern\": \"price\", \"reply\": \"99\", "
         "\"daily_spend_cap\": \"0.63\""),
    RULE("5, \"match_kind\": \"regex\", \"pattern\": \"^refund ([0-9]+)$\", \"reply\": {\"type\": "
         "\"text\", \"text\": {\"body\": \"Dear {name|friend}, wait\"}}, \"cooldown_s\": 3600"),
    RULE("6, \"match_kind\": \"exact\", \"match_on\": \"choice\", \"pattern\": \"yes_1\", "
         "\"reply\": \"Good\""),
    RULE("7, \"match_kind\": \"exact\", \"pattern\": \"stop\", \"reply\": \"You will hear no "
         "more\""),
    RULE("8, \"match_kind\": \"regex\", \"pattern\": \"^(a+)+$\", \"reply\": \"Costly\""),
    RULE("9, \"match_kind\": \"exact\", \"pattern\": \"never\", \"reply\": \"Never\", \"active\": "
         "false"),
    RULE("10, \"match_kind\": \"first_message\", \"reply\": {\"type\": \"image\", \"image\": "
         "{\"link\": \"https://shop.example/{name}.png\"}}"),
    RULE("11, \"match_kind\": \"contains\", \"pattern\": \"elsewhere\", \"reply\": \"Here\""),
    RULE("12, \"match_kind\": \"exact\", \"pattern\": \"start\", \"reply\": \"Welcome back\""),
    NULL};

static const struct spoken table[] = {
    {"919800000001", "Asha", "hello", NULL, 0}, // first, by a link with the name
    {"919800000001", "Asha", "hello", NULL, 0}, // no rule
    {"919800000001", "Asha", "Open?", NULL, 0}, // around the clock
    {"919800000001", "Asha", " OPEN? ", NULL, 3 * 3600L},
    {"919800000001", "Asha", "open?", NULL, 6 * 3600L},
    {"919800000001", "Asha", "open?", NULL, 9 * 3600L},
    {"919800000002", "Ravi", "open?", NULL, 12 * 3600L},
    {"919800000002", "Ravi", "open?", NULL, 15 * 3600L},
    {"919800000002", "Ravi", "open?", NULL, 18 * 3600L},
    {"919800000002", "Ravi", "open?", NULL, 21 * 3600L},
    {"919800000001", "Asha", "order 1", NULL, 0}, // within the cap, and beyond
    {"919800000002", "Asha \\\"A\\\" Rao", "Order 2", NULL, 60},
    {"919800000003", NULL, "ORDER 3", NULL, 0},
    {"919800000001", "Asha", "the price, please", NULL, 0}, // within what may be spent, and beyond
    {"919800000002", "Ravi", "Price?", NULL, 300},
    {"919800000003", NULL, "price!", NULL, 0},
    {"919800000003", NULL, "refund 12", NULL, 0}, // one, until it is over
    {"919800000003", NULL, "refund 13", NULL, 0},
    {"919800000001", "Asha", "refund 14", NULL, 120},
    {"919800000001", "Asha", "Yes", "YES_1", 0}, // a button
    {"919800000001", "Asha", "yes_1", NULL, 0},  // and what is none
    {"919800000004", NULL, NULL, NULL, 0},       // a picture is a first message too
    {"919800000004", "Mira", NULL, NULL, 0},
    {"919800000001", "Asha", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", NULL, 0}, // too costly
    {"919800000001", "Asha", "never", NULL, 0},                                     // not active
    {"919800000002", "Ravi", "Stop!", NULL, 0}, // opts out, and is told so
    {"919800000002", "Ravi", "open?", NULL, 0}, // opted out
    {"919800000002", "Ravi", "Start", NULL, 0}, // and in again
    {"919800000002", "Ravi", "open?", NULL, 0},
    {"919800000005", "Lena", "STOP", NULL, 0}, // even as the first thing said
    {"919800000005", "Lena", "elsewhere", NULL, 0},
    {"5511987654321", "Rui", "hello", NULL, 0}, // one number, written in two ways
    {"551187654321", "Rui", "hello", NULL, 0},
};

static bool has(const char *const *verdicts, size_t n, const char *verdict)
{
    while (n > 0 && strcmp(verdicts[n - 1], verdict) != 0)
        n--;
    return n > 0;
}

Test(rule_tries, tell_what_then_happens)
{
    enum { CASES = sizeof table / sizeof *table };
    const char *verdicts[CASES];
    given_rules_of(given_gateway(.worker_settings = {"TOLLGATE_REPLY_WITHIN_S=86400"}),
                   table_rules);
    struct answer answer = api("PATCH", "/api/settings",
                               "{\"reply_meta_cost\": \"0.115\", \"time_zone\": \"Asia/Kolkata\", "
                               "\"replies_per_minute_max\": 1000}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    (void)database_text(gateway->database,
                        "WITH c AS (INSERT INTO channels (org_id, phone_number_id, waba_id, "
                        "access_token) VALUES ('%s', '555', '1001', 'other') RETURNING id) "
                        "UPDATE automation_rules SET channel_id = (SELECT id FROM c) WHERE pattern "
                        "= 'elsewhere' RETURNING ''",
                        org.id);
    const char *order =
        database_text(gateway->database, "SELECT id FROM automation_rules WHERE pattern = 'order'");
    answer = api("PATCH", text_of("/api/rules/%s", order), "{\"reply\": \"Thanks, {name}!\"}");
    expect_equal(answer_text(&answer, "/version"), "2");
    expect_checked();
    for (size_t i = 0; i < CASES; i++)
        verdicts[i] = expect_the_same(&table[i]);
    // So that the table is worth something.
    static const char *const all[] = {"accepted",        "no_rule",  "daily_cap",
                                      "daily_spend_cap", "cooldown", "contact_opted_out"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cr_expect(has(verdicts, CASES, all[i]), "%s", all[i]);
    stop_gateway(gateway);
}

static void set(const char *sql)
{
    (void)database_text(gateway->database, "%s RETURNING ''", sql);
}

static void expect_verdict(const struct spoken *spoken, const char *verdict)
{
    cr_expect_str_eq(expect_the_same(spoken), verdict);
}

Test(rule_tries, tell_what_keeps_a_reply_back)
{
    static const struct spoken hi = {"919800000001", "Asha", "hi", NULL, 0};
    static const struct spoken nameless = {"919800000008", NULL, "me", NULL, 0};
    static const struct spoken news = {"919800000007", NULL, "news", NULL, 0};
    static const struct spoken stranger = {"919800000009", NULL, "hi", NULL, 0};
    static const char *const rules[] = {
        RULE("1, \"match_kind\": \"exact\", \"pattern\": \"hi\", \"reply\": \"Hello\""),
        RULE("2, \"match_kind\": \"exact\", \"pattern\": \"me\", \"reply\": {\"type\": \"text\", "
             "\"text\": {\"body\": \"{name}\"}}"),
        RULE("3, \"match_kind\": \"exact\", \"pattern\": \"news\", \"reply\": {\"type\": "
             "\"template\", \"template\": {\"name\": \"no_such_one\", \"language\": {\"code\": "
             "\"en\"}}}"),
        NULL};
    given_rules_of(given_gateway(), rules);
    set("UPDATE organizations SET status = 'suspended'");
    expect_verdict(&hi, "org_suspended");
    set("UPDATE organizations SET status = 'active'");
    set("UPDATE channels SET status = 'paused', paused_for = 'test'");
    expect_verdict(&hi, "channel_paused");
    set("UPDATE channels SET status = 'active', paused_for = NULL");
    // Who writes opens Meta's window, and a stranger is somebody once it has written.
    set("UPDATE organizations SET outside_window = 'refuse'");
    set("UPDATE channels SET created_at = now() - interval '3 days'");
    expect_verdict(&stranger, "accepted");
    set("UPDATE organizations SET outside_window = 'off', replies_per_minute_max = 1");
    expect_verdict(&hi, "accepted");
    expect_verdict(&hi, "loop_guard");
    set("UPDATE organizations SET replies_per_minute_max = 100");
    set("UPDATE channels SET service_fee_per_msg = 5.61"); // 5.60 are left
    expect_verdict(&hi, "insufficient_balance");
    set("UPDATE channels SET service_fee_per_msg = 5.60");
    expect_verdict(&hi, "accepted");
    set("UPDATE channels SET service_fee_per_msg = 0");
    set("UPDATE organizations SET template_check = 'refuse'");
    set("UPDATE template_accounts SET looked_at = now()");
    expect_verdict(&news, "template_not_found");
    expect_verdict(&hi, "accepted");
    // A rule of the time before rules were checked may do for who has a name alone.
    struct answer answer = try(&nameless, time(NULL));
    expect_equal(answer_text(&answer, "/verdict"), "no_rule");
    expect_equal(answer_text(&answer, "/not_tried/0/fit"), "refused");
    set("UPDATE automation_rules SET state = 'former' WHERE pattern = 'me'");
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'good'") == 3);
    expect_verdict(&nameless, "invalid_reply");
    answer = try(&nameless, time(NULL));
    expect_equal(answer_text(&answer, "/problem/field"), "reply.text.body");
    expect_equal(answer_text(&answer, "/reply"), "");
    stop_gateway(gateway);
}

static struct answer try_body(const char *body)
{
    return api("POST", "/api/rules/try", body);
}

Test(rule_tries, name_who_writes_in_several_ways_and_change_nothing)
{
    static const char *const rules[] = {
        RULE("1, \"match_kind\": \"first_message\", \"reply\": \"Welcome, {name|friend}\""),
        RULE("2, \"match_kind\": \"any\", \"reply\": \"Yes, {name}?\""), NULL};
    static const struct spoken hi = {"919800000001", "Asha", "hi", NULL, 0};
    given_rules_of(given_gateway(.desk = true), rules);
    set("UPDATE organizations SET default_country = 'IN'");
    (void)happens(&hi, time(NULL));
    const char *contact = database_text(gateway->database, "SELECT id FROM contacts");
    const char *count = "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM messages) "
                        "+ (SELECT count(*) FROM conversations)";
    long before = database_number(gateway->database, "%s", count);

    struct answer answer = try_body(text_of("{\"contact_id\": %s, \"text\": \"hi\"}", contact));
    expect_equal(answer_text(&answer, "/reply/text/body"), "Yes, Asha?");
    expect_equal(answer_text(&answer, "/reply/to"), "+919800000001");
    expect_equal(answer_text(&answer, "/tried/0/fit"), "not_first");
    expect_equal(answer_text(&answer, "/contact/id"), contact);
    answer = try_body("{\"phone\": \"98000 00001\", \"text\": \"hi\", \"first\": true}");
    expect_equal(answer_text(&answer, "/reply/text/body"), "Welcome, Asha");
    answer = try_body("{\"user_id\": \"IN.1A2B3C\", \"text\": \"hi\"}");
    expect_equal(answer_text(&answer, "/reply/text/body"), "Welcome, friend");
    expect_equal(answer_text(&answer, "/reply/recipient"), "IN.1A2B3C");
    expect_equal(answer_text(&answer, "/contact/id"), "");
    answer = tell(gateway, "POST", text_of("/admin/orgs/%s/rules/try", org.id),
                  text_of("{\"contact_id\": %s, \"text\": \"hi\"}", contact));
    expect_equal(answer_text(&answer, "/reply/text/body"), "Yes, Asha?");
    cr_assert_eq(database_number(gateway->database, "%s", count), before);

    answer = try_body("{\"text\": \"hi\"}");
    expect_refused(&answer, 400, "missing_field", "phone");
    answer = try_body(text_of("{\"phone\": \"919800000001\", \"contact_id\": %s}", contact));
    expect_refused(&answer, 400, "missing_field", "phone");
    answer = try_body("{\"contact_id\": 999999}");
    expect_refused(&answer, 404, "not_found", NULL);
    answer = try_body("{\"phone\": \"919800000001\", \"phone_number_id\": \"4711\"}");
    expect_refused(&answer, 404, "channel_not_found", "phone_number_id");
    answer = try_body("{\"phone\": \"919800000001\", \"at\": \"yesterday\"}");
    expect_refused(&answer, 400, "invalid_field", "at");
    answer = try_body("{\"phone\": \"919800000001\", \"txt\": \"hi\"}");
    expect_refused(&answer, 400, "unknown_field", "txt");
    stop_gateway(gateway);
}

// Hours are those of the time that is given, also of one that is to come.
Test(rule_tries, look_at_other_days)
{
    static const char *const rules[] = {
        RULE(
            "1, \"match_kind\": \"any\", \"reply\": \"open\", \"hours\": {\"answers\": \"within\", "
            "\"time_zone\": \"Europe/Berlin\", \"open\": [{\"days\": [\"sun\"], \"from\": "
            "\"09:00\", \"to\": \"10:00\"}]}"),
        NULL};
    // Sundays: the last of summer time's, and the first of winter's.
    static const char *const cases[][2] = {
        {"2027-10-24T06:59:59Z", "no_rule"},  {"2027-10-24T07:00:00Z", "accepted"},
        {"2027-10-24T07:59:59Z", "accepted"}, {"2027-10-24T08:00:00Z", "no_rule"},
        {"2027-10-31T07:30:00Z", "no_rule"},  {"2027-10-31T08:30:00Z", "accepted"},
        {"2027-10-30T08:30:00Z", "no_rule"},  {"2020-01-05T08:30:00Z", "accepted"},
        {"0001-01-07T08:30:00Z", "accepted"}, {"9999-12-31T23:59:59Z", "no_rule"},
    };
    given_rules_of(given_gateway(), rules);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer =
            try_body(text_of("{\"phone\": \"919800000001\", \"at\": \"%s\"}", cases[i][0]));
        cr_expect_str_eq(answer_text(&answer, "/verdict"), cases[i][1], "%s: %s", cases[i][0],
                         answer.body);
        cr_expect_str_eq(answer_text(&answer, "/tried/0/fit"),
                         strcmp(cases[i][1], "accepted") == 0 ? "answers" : "outside_hours");
    }
    stop_gateway(gateway);
}

// A pattern of as many bytes as there may be, which takes long to make ready: 400 of them longer
// than a try has.
Test(rule_tries, take_what_a_customer_can_write_and_give_up_in_time)
{
    static const char *const none[] = {NULL};
    static char text[TG_TRY_TEXT_MAX + 2];
    given_rules_of(given_gateway(.without_worker = true), none);
    memset(text, 'a', TG_TRY_TEXT_MAX);
    struct answer answer =
        try_body(text_of("{\"phone\": \"919800000001\", \"text\": \"%s\"}", text));
    expect_equal(answer_text(&answer, "/verdict"), "no_rule");
    text[TG_TRY_TEXT_MAX] = 'a';
    answer = try_body(text_of("{\"phone\": \"919800000001\", \"text\": \"%s\"}", text));
    expect_refused(&answer, 400, "invalid_field", "text");

    (void)database_text(gateway->database,
                        "WITH r AS (INSERT INTO automation_rules (org_id, match_kind, pattern, "
                        "reply) SELECT '%s', 'regex', repeat('(a+|b)*?', 1000) || '!$', 'x' FROM "
                        "generate_series(1, 400) RETURNING 1) SELECT count(*) FROM r",
                        org.id);
    set("UPDATE automation_rules SET state = 'good' WHERE org_id IN (SELECT id FROM organizations "
        "LIMIT 1)");
    answer = try_body("{\"phone\": \"919800000001\", \"text\": \"b\"}");
    expect_equal(answer_text(&answer, "/verdict"), "too_costly");
    expect_equal(answer_text(&answer, "/answers"), "false");
    stop_gateway(gateway);
}
