#include "common/base/json.h"
#include "common/cloud/message.h"
#include "common/rules/pattern.h"
#include "common/rules/reply_body.h"
#include "tests/fuzz/fuzz.h"
#include "worker/inbound/rule_check.h"

#include <stdio.h>
#include <string.h>

// How the rule matches, what it matches, its reply, the name of who wrote; what that one wrote is
// the rest.
struct given {
    struct tg_rule rule;
    struct tg_span name;
    struct tg_span text;
};

static struct given read_given(const struct tg_text *input)
{
    size_t at = 0;
    struct given given = {0};
    struct tg_span kind = fuzz_line(input, &at);
    snprintf(given.rule.match_kind, sizeof given.rule.match_kind, "%.*s", (int)kind.length,
             kind.data ? kind.data : "");
    given.rule.pattern = fuzz_text(fuzz_line(input, &at));
    given.rule.reply = fuzz_text(fuzz_line(input, &at));
    given.name = fuzz_line(input, &at);
    given.text = fuzz_rest(input, at);
    return given;
}

static bool reply_to(const struct given *given)
{
    struct tg_error error = {0};
    struct tg_cloud_message checked;
    struct tg_received to = {.phone = "919876543210", .name = fuzz_text(given->name)};
    struct tg_reply reply = {.reply_id = tg_uuid7()};
    bool good = tg_reply_write(&given->rule, &to, (struct tg_span){"wamid.in", 8}, &reply, &error);
    if (good) {
        struct json_object *payload =
            tg_json_parse(reply.payload.data, reply.payload.length, &error);
        FUZZ_HOLDS(payload && tg_cloud_message_check(payload, &checked, &error));
        FUZZ_HOLDS(strcmp(checked.type, reply.type) == 0);
        FUZZ_HOLDS(strcmp(tg_json_string_member(payload, "to"), "+919876543210") == 0);
        json_object_put(payload);
    } else {
        fuzz_refused(&error);
    }
    tg_text_finish(&to.name);
    tg_text_finish(&reply.payload);
    return good;
}

static void match(const struct given *given)
{
    struct tg_error error = {0};
    struct tg_pattern *pattern = tg_pattern_create(&given->rule, &error);
    if (!pattern) {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.field, "pattern") == 0 || strcmp(error.field, "match_kind") == 0);
        return;
    }
    struct tg_matcher *matcher = tg_matcher_create();
    bool all = tg_pattern_takes_all(pattern) || tg_pattern_takes_first(pattern);
    bool matches = tg_matcher_matches(matcher, pattern, given->text, &error);
    FUZZ_HOLDS(!(matches && (all || error.code)));
    FUZZ_HOLDS(!tg_matcher_matches(matcher, pattern, (struct tg_span){0}, &error));
    tg_matcher_destroy(matcher);
    tg_pattern_destroy(pattern);
}

FUZZ_TARGET(rules)
{
    struct given given = read_given(input);
    struct tg_error error = {0};
    match(&given);
    bool replies = reply_to(&given);
    // What was checked works for everybody.
    if (rule_check(&given.rule, &error))
        FUZZ_HOLDS(replies);
    else
        fuzz_refused(&error);
    tg_rule_finish(&given.rule);
}
