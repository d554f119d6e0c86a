#include "worker/send/outcome.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ENVELOPE(code)                                                                             \
    "{\"error\":{\"message\":\"m\",\"type\":\"OAuthException\",\"code\":" code "}}"
#define SENT_BODY                                                                                  \
    "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"1\",\"wa_id\":\"1\"}],"        \
    "\"messages\":[{\"id\":\"wamid.HBgL\"}]}"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// What a test says of an answer; the body is a string here.
struct given {
    enum tg_http_end end;
    bool unsent;
    bool receipt;
    int status;
    const char *body;
    int64_t retry_after_s;
};

static struct tg_outcome judge(const struct given *given)
{
    const char *body = given->body ? given->body : "";
    struct tg_http_answer answer = {.end = given->end,
                                    .sent = !given->unsent,
                                    .status = given->status,
                                    .retry_after_s = given->retry_after_s,
                                    .reason = given->end == TG_HTTP_ANSWERED ? "" : "why",
                                    .body = {body, strlen(body)}};
    struct tg_outcome outcome;
    memset(&outcome, 'x', sizeof outcome); // whatever stood there before must be gone
    outcome_judge(&answer, given->receipt, &outcome);
    return outcome;
}

struct key_case {
    struct given given;
    const char *key;
};

static void expect_keys(const struct key_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct given *given = &cases[i].given;
        struct tg_outcome outcome = judge(given);
        cr_expect_str_eq(outcome.key, cases[i].key, "end %d%s, HTTP %d, %.60s: %s instead of %s",
                         (int)given->end, given->unsent ? " unsent" : "", given->status,
                         given->body ? given->body : "nothing", outcome.key, cases[i].key);
        bool sent = strcmp(cases[i].key, "sent") == 0;
        cr_expect(sent == (outcome.error_message[0] == '\0'), "%s: message \"%s\"", outcome.key,
                  outcome.error_message);
        cr_expect(sent || outcome.wamid[0] == '\0', "%s: wamid \"%s\"", outcome.key, outcome.wamid);
    }
}

Test(outcome, message_id_in_a_2xx_is_sent)
{
    struct tg_outcome outcome = judge(&(struct given){.status = 200, .body = SENT_BODY});
    cr_expect_str_eq(outcome.key, "sent");
    cr_expect_str_eq(outcome.wamid, "wamid.HBgL");
    cr_expect_str_eq(outcome.error_message, "");
    cr_expect_not(outcome.transient);
}

// Who has got it is told where it is not who was asked for.
Test(outcome, a_recipient_that_is_named_otherwise_is_kept)
{
    static const struct {
        const char *contact;
        const char *wa_id;
        const char *user_id;
    } cases[] = {
        {"{\"input\":\"+919876543210\",\"wa_id\":\"919876543210\"}", "", ""},
        {"{\"input\":\"+5531991234567\",\"wa_id\":\"553191234567\"}", "553191234567", ""},
        {"{\"wa_id\":\"919876543210\"}", "919876543210", ""},
        {"{\"input\":\"IN.1A\",\"user_id\":\"IN.1A\"}", "", ""},
        {"{\"input\":\"IN.1A\",\"user_id\":\"IN.1A\",\"wa_id\":\"\"}", "", ""},
        {"{\"input\":\"+919876543210\",\"wa_id\":null,\"user_id\":\"IN.1A\"}", "", "IN.1A"},
        {"{\"input\":\"IN.1A\",\"user_id\":\"\",\"wa_id\":\"919876543210\"}", "919876543210", ""},
        {"{\"input\":\"+919876543210\",\"wa_id\":\"nobody\"}", "", ""},
        {"null", "", ""},
        {"{\"input\":1,\"wa_id\":919876543210,\"user_id\":{}}", "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char body[256];
        snprintf(body, sizeof body, "{\"contacts\":[%s],\"messages\":[{\"id\":\"wamid.HBgL\"}]}",
                 cases[i].contact);
        struct tg_outcome outcome = judge(&(struct given){.status = 200, .body = body});
        cr_expect_str_eq(outcome.key, "sent", "%s", body);
        cr_expect_str_eq(outcome.wa_id, cases[i].wa_id, "%s", body);
        cr_expect_str_eq(outcome.user_id, cases[i].user_id, "%s", body);
    }
}

Test(outcome, whitespace_around_the_answer_does_no_harm)
{
    expect_keys(
        (const struct key_case[]){{{.status = 200, .body = "\n " SENT_BODY "\r\n"}, "sent"}}, 1);
}

Test(outcome, success_is_enough_for_a_receipt_only)
{
    static const struct key_case cases[] = {
        {{.status = 200, .receipt = true, .body = "{\"success\":true}"}, "sent"},
        {{.status = 200, .receipt = true, .body = "{\"success\":false}"}, "http:2xx_without_id"},
        {{.status = 200, .receipt = true, .body = "{\"success\":\"true\"}"}, "http:2xx_without_id"},
        {{.status = 200, .body = "{\"success\":true}"}, "http:2xx_without_id"},
    };
    expect_keys(cases, COUNT(cases));
    struct tg_outcome receipt =
        judge(&(struct given){.status = 200, .receipt = true, .body = "{\"success\":true}"});
    cr_expect_str_eq(receipt.wamid, "");
}

Test(outcome, a_2xx_that_names_no_message_is_without_id)
{
    static const char *const bodies[] = {
        NULL,
        "garbage",
        "{}",
        "[]",
        "null",
        "7",
        "{\"messages\":[]}",
        "{\"messages\":{}}",
        "{\"messages\":[null]}",
        "{\"messages\":[\"wamid.x\"]}",
        "{\"messages\":[{}]}",
        "{\"messages\":[{\"id\":7}]}",
        "{\"messages\":[{\"id\":null}]}",
        "{\"messages\":[{\"id\":\"\"}]}",
        "{\"messages\":[{\"id\":\"wamid.\\u0000x\"}]}",
        "{\"messages\":[{\"id\":\"wamid.x\"}]", // cut off
        "{\"messages\":[{\"id\":\"wamid.x\"}]} and more",
        "{\"messages\":[{\"id\":\"wamid.\xff\"}]}", // not UTF-8
        "{\"error\":null}",
        "{\"error\":\"no\"}",
        "{\"error\":{\"message\":\"no code\"}}",
        "{\"error\":{\"code\":\"131026\"}}",
        "{\"error\":{\"code\":1.5}}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct key_case one = {{.status = i % 2 ? 200 : 202, .body = bodies[i]},
                               "http:2xx_without_id"};
        expect_keys(&one, 1);
    }
}

Test(outcome, a_wamid_that_does_not_fit_counts_as_none)
{
    char body[TG_WAMID_SIZE + 64];
    char wamid[TG_WAMID_SIZE + 1];
    memset(wamid, 'w', sizeof wamid);

    wamid[TG_WAMID_SIZE - 1] = '\0';
    snprintf(body, sizeof body, "{\"messages\":[{\"id\":\"%s\"}]}", wamid);
    struct tg_outcome longest = judge(&(struct given){.status = 200, .body = body});
    cr_expect_str_eq(longest.key, "sent");
    cr_expect_str_eq(longest.wamid, wamid);

    wamid[TG_WAMID_SIZE - 1] = 'w';
    wamid[TG_WAMID_SIZE] = '\0';
    snprintf(body, sizeof body, "{\"messages\":[{\"id\":\"%s\"}]}", wamid);
    struct key_case too_long = {{.status = 200, .body = body}, "http:2xx_without_id"};
    expect_keys(&too_long, 1);
}

Test(outcome, the_code_in_metas_envelope_is_the_key_whatever_the_status)
{
    static const struct key_case cases[] = {
        {{.status = 400, .body = ENVELOPE("131026")}, "131026"},
        {{.status = 401, .body = ENVELOPE("0")}, "0"},
        {{.status = 401, .body = ENVELOPE("190")}, "190"},
        {{.status = 429, .body = ENVELOPE("130429")}, "130429"},
        {{.status = 500, .body = ENVELOPE("131000")}, "131000"},
        {{.status = 503, .body = ENVELOPE("2")}, "2"},
        {{.status = 302, .body = ENVELOPE("1")}, "1"},
        {{.status = 200, .body = ENVELOPE("131026")}, "131026"},
        {{.status = 200, .receipt = true, .body = ENVELOPE("100")}, "100"},
        {{.status = 400, .body = ENVELOPE("-3")}, "-3"},
        {{.status = 400, .body = ENVELOPE("9223372036854775807")}, "9223372036854775807"},
        // Answered before all of the body was read: Meta's word still counts.
        {{.status = 401, .unsent = true, .body = ENVELOPE("190")}, "190"},
    };
    expect_keys(cases, COUNT(cases));
}

Test(outcome, an_envelope_beside_a_message_id_is_an_error)
{
    struct key_case both = {
        {.status = 200,
         .body = "{\"messages\":[{\"id\":\"w\"}],\"error\":{\"code\":131000,\"message\":\"m\"}}"},
        "131000"};
    expect_keys(&both, 1);
}

Test(outcome, an_error_without_an_envelope_is_named_by_its_status)
{
    static const struct key_case cases[] = {
        {{.status = 429}, "http:429"},
        {{.status = 429, .body = "{}"}, "http:429"},
        {{.status = 400}, "http:400"},
        {{.status = 403, .body = "{\"error\":\"no\"}"}, "http:403"},
        {{.status = 404, .body = "<html>"}, "http:404"},
        {{.status = 451, .body = "\n"}, "http:451"},
        {{.status = 499}, "http:499"},
        {{.status = 500}, "http:5xx"},
        {{.status = 502, .body = "<html>Bad gateway</html>"}, "http:5xx"},
        {{.status = 599}, "http:5xx"},
        {{.status = 301}, "http:5xx"},
        {{.status = 399}, "http:5xx"},
        {{.status = 101}, "http:5xx"},
        {{.status = 0}, "http:5xx"},
        {{.status = 600}, "http:5xx"},
        // A refusal is one even if it came before the body; but nobody can have passed on what
        // never left.
        {{.status = 413, .unsent = true}, "http:413"},
        {{.status = 429, .unsent = true}, "http:429"},
        {{.status = 503, .unsent = true}, "network:before_write"},
    };
    expect_keys(cases, COUNT(cases));
}

// Which of libcurl's failures is which of these: http_client_test.c.
Test(outcome, of_no_answer_says_whether_meta_may_have_taken_the_message)
{
    static const struct key_case cases[] = {
        {{.end = TG_HTTP_NO_HOST, .unsent = true}, "network:dns"},
        {{.end = TG_HTTP_REFUSED, .unsent = true}, "network:refused"},
        {{.end = TG_HTTP_NO_TLS, .unsent = true}, "network:tls"},
        {{.end = TG_HTTP_UNSENT, .unsent = true}, "network:before_write"},
        {{.end = TG_HTTP_UNKNOWN}, "network:after_write"},
        {{.end = TG_HTTP_UNKNOWN, .unsent = true}, "network:after_write"},
    };
    expect_keys(cases, COUNT(cases));
    cr_expect_str_eq(judge(&cases[0].given).error_message, "why");
}

Test(outcome, an_answer_that_broke_off_is_not_believed)
{
    static const struct key_case cases[] = {
        {{.end = TG_HTTP_UNKNOWN, .status = 200, .body = SENT_BODY}, "network:after_write"},
        {{.end = TG_HTTP_UNKNOWN, .status = 400, .body = ENVELOPE("131026")},
         "network:after_write"},
    };
    expect_keys(cases, COUNT(cases));
}

static void expect_message(const char *error_members, const char *expected)
{
    char body[512];
    snprintf(body, sizeof body, "{\"error\":{\"code\":131026%s}}", error_members);
    struct tg_outcome outcome = judge(&(struct given){.status = 400, .body = body});
    cr_expect_str_eq(outcome.key, "131026", "%s", body);
    cr_expect_str_eq(outcome.error_message, expected, "\"%s\" instead of \"%s\"",
                     outcome.error_message, expected);
}

Test(outcome, metas_message_and_details_are_kept)
{
    expect_message(",\"message\":\"(#131026) Message undeliverable\"",
                   "(#131026) Message undeliverable");
    expect_message(",\"message\":\"No\",\"error_data\":{\"details\":\"Why.\"}", "No: Why.");
    expect_message(",\"message\":\"No\",\"error_data\":{\"details\":\"\"}", "No");
    expect_message(",\"error_data\":{\"details\":\"Why.\"}", "Why.");
    expect_message(",\"message\":7,\"error_data\":[]", "");
    expect_message("", "");
    expect_message(",\"message\":\"a\\u0000b\"", "a");
}

Test(outcome, a_long_message_is_cut_between_characters)
{
    // "é" is two bytes, "€" three, U+1F600 four: whichever stands at the edge must go as a whole.
    static const char *const letters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < COUNT(letters); i++) {
        for (size_t lead = 0; lead <= 3; lead++) {
            TG_TEXT_AUTO text = {0};
            TG_TEXT_AUTO body = {0};
            tg_text_append(&text, "xxx", lead);
            while (text.length < TG_ERROR_MESSAGE_SIZE)
                tg_text_append_string(&text, letters[i]);
            tg_text_append_format(&body, "{\"error\":{\"code\":1,\"message\":\"%s\"}}", text.data);

            struct tg_outcome outcome = judge(&(struct given){.status = 400, .body = body.data});

            size_t width = strlen(letters[i]);
            size_t length = strlen(outcome.error_message);
            cr_expect(length + width >= sizeof outcome.error_message, "%zu bytes left", length);
            cr_expect_eq((length - lead) % width, 0, "a character of %zu bytes was cut", width);
            cr_expect_eq(strncmp(outcome.error_message, text.data, length), 0);
        }
    }
}

Test(outcome, details_are_cut_where_the_message_leaves_no_room)
{
    char message[TG_ERROR_MESSAGE_SIZE + 8];
    memset(message, 'm', sizeof message);
    for (size_t length = TG_ERROR_MESSAGE_SIZE - 5; length < TG_ERROR_MESSAGE_SIZE + 3; length++) {
        char body[2 * TG_ERROR_MESSAGE_SIZE];
        snprintf(
            body, sizeof body,
            "{\"error\":{\"code\":1,\"message\":\"%.*s\",\"error_data\":{\"details\":\"dd\"}}}",
            (int)length, message);
        char expected[2 * TG_ERROR_MESSAGE_SIZE];
        snprintf(expected, sizeof expected, "%.*s: dd", (int)length, message);
        expected[TG_ERROR_MESSAGE_SIZE - 1] = '\0';

        struct tg_outcome outcome = judge(&(struct given){.status = 400, .body = body});

        cr_expect_str_eq(outcome.error_message, expected, "%zu", length);
    }
}

Test(outcome, metas_subcode_is_kept)
{
    static const struct {
        const char *body;
        int64_t subcode;
    } cases[] = {
        {"{\"error\":{\"code\":100,\"error_subcode\":33}}", 33},
        {"{\"error\":{\"code\":100,\"error_subcode\":2494055}}", 2494055},
        {"{\"error\":{\"code\":100,\"error_subcode\":\"33\"}}", 0},
        {"{\"error\":{\"code\":100,\"error_subcode\":null}}", 0},
        {"{\"error\":{\"code\":100}}", 0},
        {"{\"error\":{\"error_subcode\":33}}", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tg_outcome outcome = judge(&(struct given){.status = 400, .body = cases[i].body});
        cr_expect_eq(outcome.error_subcode, cases[i].subcode, "%s", cases[i].body);
    }
}

static bool transient(const char *error_members)
{
    char body[128];
    snprintf(body, sizeof body, "{\"error\":{\"code\":999999,\"message\":\"m\"%s}}", error_members);
    return judge(&(struct given){.status = 500, .body = body}).transient;
}

Test(outcome, only_metas_own_true_makes_it_transient)
{
    cr_expect(transient(",\"is_transient\":true"));
    cr_expect_not(transient(",\"is_transient\":false"));
    cr_expect_not(transient(",\"is_transient\":\"true\""));
    cr_expect_not(transient(",\"is_transient\":1"));
    cr_expect_not(transient(""));
}

Test(outcome, a_nest_too_deep_is_no_envelope)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"error\":{\"code\":131026,\"error_data\":");
    for (int i = 0; i < 100; i++)
        tg_text_append_string(&body, "[");
    for (int i = 0; i < 100; i++)
        tg_text_append_string(&body, "]");
    tg_text_append_string(&body, "}}");
    struct key_case deep = {{.status = 400, .body = body.data}, "http:400"};
    expect_keys(&deep, 1);
}

Test(outcome, bytes_behind_the_length_are_not_read)
{
    const char *body = ENVELOPE("131026");
    struct tg_http_answer answer = {.sent = true, .status = 400, .body = {body, strlen(body) - 1}};
    struct tg_outcome outcome;
    outcome_judge(&answer, false, &outcome);
    cr_expect_str_eq(outcome.key, "http:400");
}

Test(outcome, what_was_broken_off_is_after_write)
{
    struct tg_outcome outcome = {.wamid = "old", .transient = true};
    outcome_broken_off(&outcome);
    cr_expect_str_eq(outcome.key, "network:after_write");
    cr_expect_str_eq(outcome.wamid, "");
    cr_expect_not(outcome.transient);
    cr_expect(outcome.error_message[0] != '\0');
}

Test(outcome, a_malformed_token_is_what_meta_would_say_of_it)
{
    struct tg_outcome outcome = {0};
    TG_TEXT_AUTO token = {0};
    tg_text_append_string(&token, "EAA\r\nHost: elsewhere");
    outcome_unusable_token(&outcome, unasked_token(TG_OPENED, &token));
    cr_expect_str_eq(outcome.key, "190");
    cr_expect(outcome.error_message[0] != '\0');
}

Test(outcome, a_token_that_does_not_open_is_one_of_our_own)
{
    struct tg_outcome outcome = {.wamid = "wamid.HBgL", .retry_after_s = 9};
    outcome_unusable_token(&outcome, unasked_token(TG_OPEN_NO_KEY, &(struct tg_text){0}));
    cr_expect_str_eq(outcome.key, "token:no_key");
    cr_expect(strstr(outcome.error_message, "Meta was not asked"));
    cr_expect_str_eq(outcome.wamid, "");
    cr_expect_eq(outcome.retry_after_s, 0);
    outcome_unusable_token(&outcome, unasked_token(TG_OPEN_WRONG, &(struct tg_text){0}));
    cr_expect_str_eq(outcome.key, "token:not_opened");
    cr_expect(strstr(outcome.error_message, "Meta was not asked"));
}

Test(outcome, heeds_retry_after_of_what_was_not_sent)
{
    static const struct {
        struct given given;
        int64_t retry_after_s;
    } cases[] = {
        {{.status = 429, .retry_after_s = 30}, 30},
        {{.status = 400, .body = ENVELOPE("130429"), .retry_after_s = 900}, 900},
        {{.status = 503, .retry_after_s = 901}, 900},
        {{.status = 503, .retry_after_s = 86400}, 900},
        {{.status = 503, .retry_after_s = INT64_MAX}, 900},
        {{.status = 429}, 0},
        {{.status = 429, .retry_after_s = -1}, 0},
        {{.status = 200, .body = SENT_BODY, .retry_after_s = 30}, 0},
        {{.end = TG_HTTP_REFUSED, .unsent = true}, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(judge(&cases[i].given).retry_after_s, cases[i].retry_after_s, "case %zu", i);
}
