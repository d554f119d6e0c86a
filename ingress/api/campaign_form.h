// What a campaign is, but for its recipients: what each of them gets, with {{placeholders}} where
// something of theirs stands.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/limits.h"
#include "ingress/accept/loans.h"

#include <stdbool.h>

enum { CAMPAIGN_NAME_SIZE = 65 }; // of a placeholder

struct campaign_form {
    bool by_template; // the message was given as `template`, else as `payload`: so errors name it
    char type[32];    // of the message
    struct tg_text body; // what SQL gets (tg_new_campaign)
    struct tg_text text; // what Meta gets, without whom it goes to and the brace before
    // What stands in `text` before each placeholder, and behind the last one.
    struct tg_span parts[TG_CAMPAIGN_PLACEHOLDERS_MAX + 1];
    size_t places[TG_CAMPAIGN_PLACEHOLDERS_MAX]; // of each placeholder's name among
    char names[TG_CAMPAIGN_PLACEHOLDERS_MAX][CAMPAIGN_NAME_SIZE];
    size_t count; // of placeholders
    size_t names_count;
};

// Reads a JSON object (name, template or payload, channel_id, phone_number_id, send_at, not_after,
// max_mps) into a zeroed form, which the caller finishes in any case. Of kept files that its
// message names Meta's ids stand there, once they are told (loans_fill). Thread-safe.
bool campaign_form_read(const struct tg_text *json, struct tg_uuid org_id, struct loans **loans,
                        struct campaign_form *form, struct tg_error *error) TG_MUST_CHECK;
void campaign_form_finish(struct campaign_form *form);

// Where among the names it stands; names_count: nowhere.
size_t campaign_form_place(const struct campaign_form *form, struct tg_span name);

// Appends what fills the placeholders, in their order, as a list of JSON's: of `values`, by their
// names' places, each of which is there.
void campaign_form_fill(const struct campaign_form *form, const struct tg_span *values,
                        struct tg_text *fills);

// Is the message one that Meta takes, with these values in it, for a recipient by a phone or by a
// user id (that is NULL)?
bool campaign_form_check(const struct campaign_form *form, const struct tg_span *values,
                         const char *phone, const char *user_id,
                         struct tg_error *error) TG_MUST_CHECK;
