// What the parts of the checker share.
#pragma once

#include "common/base/text.h"
#include "tests/faults/log_of_posts.h"

// A row of `messages`, with what the outbox says of its state.
struct row {
    const char *id;
    const char *phone_number_id;
    const char *to; // a phone or a user id
    const char *contact_id;
    const char *state;
    const char *error_code; // "" if NULL
    bool reply;             // of a rule, or of a campaign: nobody has sent it singly
    bool doubtful;          // at some time nobody knew whether Meta had it
};

struct check {
    struct rig *rig;
    const char *fault;
    struct row *rows; // outbound ones, by id
    size_t row_count;
    struct post *posts;
    size_t post_count;
    size_t greetings; // of people, once the workload had ended
    bool moved;       // they all have other numbers since
    size_t violations;
    struct tg_text shown;
};

void violated(struct check *check, const char *format, ...) TG_PRINTF(2, 3);

// Violated by whatever this query finds, one column of words; the first few are shown.
void expect_none(struct check *check, const char *what, const char *query);
