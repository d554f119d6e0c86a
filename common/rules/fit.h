// Does an org's rule answer a message? Who replies to customers asks this, and who only tries.
// For one thread.
#pragma once

#include "common/rules/pattern.h"
#include "common/store/inbound.h"

// A rule, and its pattern as it is compared.
struct tg_ready_rule {
    struct tg_rule rule;        // first, so that it can be found by its rule
    struct tg_pattern *pattern; // NULL: it is no good
};

// Takes the rule over. False: *error says what is wrong with its pattern.
bool tg_ready_rule_make(struct tg_ready_rule *ready, struct tg_rule *rule, struct tg_error *error);
void tg_ready_rule_finish(struct tg_ready_rule *ready);

// What of a message rules are held against.
struct tg_said {
    struct tg_text text;
    struct tg_text choice;
    struct tg_span word; // the text again, where it is a word, as words are compared: borrowed
    int64_t at_s;        // when it was said
};
void tg_said_read(struct tg_said *said, const struct tg_inbound_message *message, int64_t at_s);
void tg_said_finish(struct tg_said *said);

enum tg_fit {
    TG_FIT_ANSWERS,
    TG_FIT_OTHER_CHANNEL, // it is for another one
    TG_FIT_OUTSIDE_HOURS,
    TG_FIT_OPTS_OUT,  // a word that opts out is only answered by a rule with a pattern
    TG_FIT_NOT_FIRST, // it is for what is said first
    TG_FIT_NO_MATCH,
    TG_FIT_NO_PATTERN, // its pattern is no good
    TG_FIT_TOO_COSTLY, // so is this one, for what was written: *error tells
    TG_FITS
};
// As people are told: "answers", "other_channel", ...
extern const char *const tg_fit_names[TG_FITS];

// When a message counts as said: at its own time, as Meta has it, but never later than now. (SQL:
// answered_at.)
int64_t tg_said_at(int64_t time_s);

// Of a message that was received so. *error counts after TG_FIT_TOO_COSTLY alone.
enum tg_fit tg_fit_of(struct tg_matcher *matcher, const struct tg_ready_rule *ready,
                      const struct tg_received *received, const struct tg_said *said,
                      struct tg_error *error) TG_MUST_CHECK;
