// The recipients of a campaign as a request has them, one after the other: the list `recipients` of
// a JSON body, or a file of comma-separated values beside it in multipart/form-data. The bytes are
// the caller's, and outlive it.
#pragma once

#include "common/base/csv.h"
#include "common/store/campaigns.h"
#include "common/words/country.h"
#include "ingress/api/campaign_form.h"

struct campaign_source {
    // What the campaign itself is, as JSON: read it first (campaign_form_read), then open.
    struct tg_text campaign;
    unsigned char hash[32];        // of all that makes the campaign
    const struct tg_country *home; // of numbers without a +; NULL: nobody's
    size_t lines;                  // that were read
    // Of JSON: each recipient as it is written.
    struct tg_span *elements; // NULL: it is CSV
    size_t count;
    // Of CSV.
    struct tg_span file;
    FILE *stream;
    struct tg_csv csv;
    size_t phone; // its cell in a record; TG_CSV_CELLS_MAX, here and below: there is none
    size_t user_id;
    size_t cells[TG_CAMPAIGN_PLACEHOLDERS_MAX]; // of each name
};

// Tells a zeroed source apart from what the campaign is. The caller finishes it in any case.
bool campaign_source_begin(struct campaign_source *source, const char *content_type,
                           const struct tg_text *body, struct tg_error *error) TG_MUST_CHECK;
bool campaign_source_open(struct campaign_source *source, const struct campaign_form *form,
                          struct tg_error *error) TG_MUST_CHECK;
void campaign_source_finish(struct campaign_source *source);

enum campaign_read {
    CAMPAIGN_RECIPIENT,
    CAMPAIGN_BAD, // *error says why that one is none; its line is told
    CAMPAIGN_END
};
// The next one, into a zeroed or used recipient.
enum campaign_read campaign_source_next(struct campaign_source *source,
                                        const struct campaign_form *form,
                                        struct tg_recipient *recipient,
                                        struct tg_error *error) TG_MUST_CHECK;
