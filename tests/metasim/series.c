#include "tests/metasim/series.h"

#include "common/base/clock.h"
#include "tests/metasim/sim_limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct series *create(size_t string_bytes)
{
    struct series *series = calloc(1, sizeof *series + string_bytes);
    if (!series)
        abort();
    series->bytes = sizeof *series + string_bytes;
    return series;
}

// Copies a string to *at, and moves *at behind it.
static const char *keep(char **at, const char *string)
{
    char *copy = *at;
    *at = stpcpy(copy, string) + 1;
    return copy;
}

struct series *series_of_statuses(const struct status_plan *plan, int64_t gap_ms,
                                  const struct webhook_status *status)
{
    struct series *series =
        create(strlen(status->phone_number_id) + strlen(status->wamid) + strlen(status->recipient) +
               strlen(status->category) + strlen(status->callback_data) + 5);
    char *at = series->strings;
    series->plan = plan;
    series->gap_ms = gap_ms;
    series->status = *status;
    series->status.phone_number_id = keep(&at, status->phone_number_id);
    series->status.wamid = keep(&at, status->wamid);
    series->status.recipient = keep(&at, status->recipient);
    series->status.category = keep(&at, status->category);
    series->status.callback_data = keep(&at, status->callback_data);
    assert(at == (char *)series + series->bytes);
    return series;
}

struct series *series_of_body(const struct tg_text *body)
{
    struct series *series = create(body->length);
    series->body_length = body->length;
    memcpy(series->strings, body->data, body->length);
    return series;
}

void series_free(struct series *series)
{
    free(series);
}

size_t series_left(const struct series *series)
{
    if (!series->plan)
        return series->step == 0 ? 1 : 0;
    size_t end = series->step;
    while (series->plan->steps[end].status != STATUS_NONE)
        end++;
    return end - series->step;
}

void series_begin(struct series *series)
{
    series->begun_unix_ms = tg_unix_ms();
    series->begun_ms = tg_now_ms();
}

int64_t series_due_ms(const struct series *series)
{
    if (!series->plan)
        return series->begun_ms;
    return series->begun_ms + series->plan->steps[series->step].gaps * series->gap_ms;
}

void series_write(const struct series *series, struct tg_text *out)
{
    if (!series->plan) {
        tg_text_append(out, series->strings, series->body_length);
        return;
    }
    const struct status_step *step = &series->plan->steps[series->step];
    int happened = series->plan->happened[series->step];
    int gaps = happened > 0 ? happened : step->gaps;
    struct webhook_status status = series->status;
    status.status = step->status;
    status.timestamp_s = (series->begun_unix_ms + gaps * series->gap_ms) / 1000;
    webhook_body_status(&status, out);
}

void series_acknowledged(struct series *series)
{
    assert(series_left(series) > 0);
    series->step++;
    series->refusals = 0;
}

int64_t series_refused(struct series *series)
{
    int64_t gap_ms = SIM_WEBHOOK_RETRY_MS_MIN;
    for (unsigned i = 0; i < series->refusals && gap_ms < SIM_WEBHOOK_RETRY_MS_MAX; i++)
        gap_ms *= 2;
    series->refusals++;
    return gap_ms < SIM_WEBHOOK_RETRY_MS_MAX ? gap_ms : SIM_WEBHOOK_RETRY_MS_MAX;
}
