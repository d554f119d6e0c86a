// What an endpoint's answer means, and what is kept of it.
#include "worker/notify/verdict.h"

#include "common/limits.h"
#include "worker/notify/escape.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct telling *given_telling(void)
{
    struct tg_claimed_delivery claimed = {.name = "evt_1"};
    return telling_of_delivery(&claimed);
}

Test(verdict, of_no_answer_is_why_there_is_none)
{
    static const struct {
        enum tg_http_end end;
        bool inside;
        const char *outcome;
    } cases[] = {
        {TG_HTTP_NO_HOST, false, "no_host"},
        {TG_HTTP_REFUSED, false, "no_connection"},
        {TG_HTTP_REFUSED, true, "inside"},
        {TG_HTTP_UNSENT, true, "inside"},
        {TG_HTTP_UNSENT, false, "no_connection"},
        {TG_HTTP_NO_TLS, false, "no_tls"},
        {TG_HTTP_UNKNOWN, false, "no_answer"},
        {TG_HTTP_UNKNOWN, true, "no_answer"}, // of two addresses one was inside, and it was posted
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct telling *telling = given_telling();
        const struct tg_http_answer answer = {
            .end = cases[i].end, .inside = cases[i].inside, .seconds = 0.25};
        verdict_of_delivery(telling, &answer);
        cr_expect_str_eq(telling->result.outcome, cases[i].outcome, "%zu", i);
        cr_expect_eq(telling->result.status, 0);
        cr_expect_eq(telling->result.took_ms, 250);
        telling_free(telling);
    }
}

// It was broken off by us, and had said what it thinks.
Test(verdict, of_an_answer_that_is_too_long_is_its_status)
{
    struct telling *telling = given_telling();
    const struct tg_http_answer answer = {.end = TG_HTTP_UNKNOWN, .sent = true};
    telling->status = 204;
    telling->heard = TG_ENDPOINT_ANSWER_MAX;
    verdict_of_delivery(telling, &answer);
    cr_expect_str_eq(telling->result.outcome, "no_answer"); // it just did not end
    telling->heard++;
    verdict_of_delivery(telling, &answer);
    cr_expect_str_eq(telling->result.outcome, "delivered");
    telling_free(telling);
}

Test(verdict, of_a_question_is_yes_where_all_of_the_answer_is_the_challenge)
{
    static const struct {
        int status;
        const char *body;
        bool yes;
    } cases[] = {
        {200, "0123456789abcdef0123456789abcdef", true},
        {200, "0123456789abcdef0123456789abcdef\n", false},
        {200, "\"0123456789abcdef0123456789abcdef\"", false},
        {200, "", false},
        {201, "0123456789abcdef0123456789abcdef", false},
        {302, "0123456789abcdef0123456789abcdef", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tg_claimed_verification claimed = {.org_id = {{0}}};
        struct telling *telling = telling_of_question(&claimed, (struct tg_uuid){{0}});
        const struct tg_http_answer answer = {.end = TG_HTTP_ANSWERED, .status = cases[i].status};
        strcpy(telling->challenge, "0123456789abcdef0123456789abcdef");
        tg_text_append_string(&telling->beginning, cases[i].body);
        verdict_of_question(telling, &answer);
        cr_expect_eq(*telling->verified.why == '\0', cases[i].yes, "%zu: %s", i,
                     telling->verified.why);
        telling_free(telling);
    }
}

Test(verdict, quotes_what_postgresql_would_not_take)
{
    static const char bytes[] = "a\0b\xff\xc3\xa4\xc3";
    TG_TEXT_AUTO quoted = {0};
    verdict_quote((struct tg_span){bytes, sizeof bytes - 1}, &quoted);
    cr_expect_str_eq(quoted.data, "a\xef\xbf\xbd"
                                  "b\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd");
}

Test(escape, is_as_meta_has_it_in_what_it_signs)
{
    static const struct {
        const char *json;
        const char *escaped;
    } cases[] = {
        {"{\"body\":\"Gr\xc3\xbc\xc3\x9f"
         "e\"}",
         "{\"body\":\"Gr\\u00fc\\u00dfe\"}"},
        {"\"\xf0\x9f\x99\x82\"", "\"\\ud83d\\ude42\""},
        {"\"\xe2\x82\xac\"", "\"\\u20ac\""},
        {"\"https://a/b\"", "\"https:\\/\\/a\\/b\""},
        {"\"https:\\/\\/a\"", "\"https:\\/\\/a\""},
        {"\"\\\\/\"", "\"\\\\\\/\""}, // a backslash, and a slash of its own
        {"\"\\u00e4\\n\"", "\"\\u00e4\\n\""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TG_TEXT_AUTO escaped = {0};
        escape_as_meta(tg_span_of(cases[i].json), &escaped);
        cr_expect_str_eq(tg_text_string(&escaped), cases[i].escaped);
    }
}
