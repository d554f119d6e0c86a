#include "common/rules/fit.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/rules/spelling.h"

#include <stdlib.h>

const char *const tg_fit_names[TG_FITS] = {
    [TG_FIT_ANSWERS] = "answers",
    [TG_FIT_OTHER_CHANNEL] = "other_channel",
    [TG_FIT_OUTSIDE_HOURS] = "outside_hours",
    [TG_FIT_OPTS_OUT] = "opts_out",
    [TG_FIT_NOT_FIRST] = "not_first",
    [TG_FIT_NO_MATCH] = "no_match",
    [TG_FIT_NO_PATTERN] = "no_pattern",
    [TG_FIT_TOO_COSTLY] = "too_costly",
};

bool tg_ready_rule_make(struct tg_ready_rule *ready, struct tg_rule *rule, struct tg_error *error)
{
    *ready = (struct tg_ready_rule){.rule = *rule};
    *rule = (struct tg_rule){0};
    ready->pattern = tg_pattern_create(&ready->rule, error);
    return ready->pattern != NULL;
}

void tg_ready_rule_finish(struct tg_ready_rule *ready)
{
    tg_pattern_destroy(ready->pattern);
    tg_rule_finish(&ready->rule);
}

// So much of the text as a pattern sees, in whole characters.
static void show(struct tg_span text, struct tg_text *seen)
{
    text = tg_spelling_trim(text);
    if (text.length > TG_RULE_TEXT_MAX) {
        text.length = TG_RULE_TEXT_MAX;
        while (((unsigned char)text.data[text.length] & 0xc0) == 0x80)
            text.length--;
    }
    tg_spelling_compose(text, seen);
}

void tg_said_read(struct tg_said *said, const struct tg_inbound_message *message, int64_t at_s)
{
    *said = (struct tg_said){.word = {message->word.data, message->word.length}, .at_s = at_s};
    show(message->text, &said->text);
    show(message->choice, &said->choice);
}

void tg_said_finish(struct tg_said *said)
{
    tg_text_finish(&said->text);
    tg_text_finish(&said->choice);
}

int64_t tg_said_at(int64_t time_s)
{
    int64_t now_s = tg_unix_ms() / 1000;
    return time_s < now_s ? time_s : now_s;
}

static bool is_within_hours(const struct tg_rule *rule, int64_t at_s)
{
    bool within = !rule->has_hours;
    for (const char *at = tg_text_string(&rule->hours); !within && *at;) {
        char *end;
        long long from_s = strtoll(at, &end, 10);
        long long until_s = *end == ',' ? strtoll(end + 1, &end, 10) : from_s;
        within = from_s <= at_s && at_s < until_s;
        at = end + (*end != '\0');
    }
    return within;
}

static struct tg_span span_of(const struct tg_text *text)
{
    return text->length > 0 ? (struct tg_span){text->data, text->length} : (struct tg_span){0};
}

static enum tg_fit compare(struct tg_matcher *matcher, const struct tg_ready_rule *ready,
                           const struct tg_said *said, struct tg_error *error)
{
    bool of_choice = ready->rule.of_choice;
    bool found = tg_matcher_matches(matcher, ready->pattern,
                                    span_of(of_choice ? &said->choice : &said->text), error) ||
                 (!of_choice && !error->code && said->word.length > 0 &&
                  tg_matcher_matches(matcher, ready->pattern, said->word, error));
    if (error->code)
        return TG_FIT_TOO_COSTLY;
    return found ? TG_FIT_ANSWERS : TG_FIT_NO_MATCH;
}

enum tg_fit tg_fit_of(struct tg_matcher *matcher, const struct tg_ready_rule *ready,
                      const struct tg_received *received, const struct tg_said *said,
                      struct tg_error *error)
{
    const struct tg_rule *rule = &ready->rule;
    if (!ready->pattern)
        return TG_FIT_NO_PATTERN;
    if (rule->of_channel && !tg_uuid_equal(rule->channel_id, received->channel_id))
        return TG_FIT_OTHER_CHANNEL;
    if (!is_within_hours(rule, said->at_s))
        return TG_FIT_OUTSIDE_HOURS;
    if (!tg_pattern_takes_all(ready->pattern) && !tg_pattern_takes_first(ready->pattern))
        return compare(matcher, ready, said, error);
    if (received->is_word)
        return TG_FIT_OPTS_OUT;
    return tg_pattern_takes_all(ready->pattern) || received->is_first ? TG_FIT_ANSWERS
                                                                      : TG_FIT_NOT_FIRST;
}
