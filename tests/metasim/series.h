// A series: the webhooks that belong together and are posted one after the other, each only after
// the one before was acknowledged, so that their order is certain. That is a message's statuses,
// or one body alone. Knows what is next and when; posts nothing. Not thread-safe: one owner at a
// time.
#pragma once

#include "common/base/text.h"
#include "tests/metasim/webhook_body.h"

#include <stdint.h>

struct series {
    uint64_t run;         // for the use of webhooks.c
    uint64_t held_answer; // the ticket of the answer that waits for the end of the series; 0: none
    size_t bytes;         // of memory
    const struct status_plan *plan; // NULL: one webhook, whose body is `strings`
    struct webhook_status status;   // its strings are in `strings`
    size_t step;                    // in the plan
    unsigned refusals;              // of the webhook that is next, so far
    int64_t gap_ms;
    int64_t begun_ms;      // tg_now_ms()
    int64_t begun_unix_ms; // the same in Unix time
    size_t body_length;
    char strings[];
};

// The statuses of a message, as the plan (which is not copied) has them; of `status` all but the
// status and its time is copied, error_title and error_details as pointers.
struct series *series_of_statuses(const struct status_plan *plan, int64_t gap_ms,
                                  const struct webhook_status *status);

// This body, once.
struct series *series_of_body(const struct tg_text *body);

void series_free(struct series *series);

// How many webhooks have not been acknowledged yet.
size_t series_left(const struct series *series);

// Its times count from now on.
void series_begin(struct series *series);

// When the next webhook is to be posted for the first time (tg_now_ms()).
int64_t series_due_ms(const struct series *series);

// Appends the body of the next webhook: the same bytes however often it is asked.
void series_write(const struct series *series, struct tg_text *out);

// The next webhook was acknowledged: it is done with.
void series_acknowledged(struct series *series);

// The next webhook was not acknowledged. Returns in how many milliseconds to post it again.
int64_t series_refused(struct series *series);
