#include "common/base/json.h"
#include "ingress/api/campaign_source.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void expect_fills(const struct campaign_form *form, const struct tg_recipient *recipient)
{
    struct tg_error error;
    struct json_object *fills =
        tg_json_parse(tg_text_string(&recipient->fills), recipient->fills.length, &error);
    FUZZ_HOLDS(json_object_is_type(fills, json_type_array));
    FUZZ_HOLDS(json_object_array_length(fills) == form->count);
    json_object_put(fills);
}

static void read_recipients(struct campaign_source *source, const struct campaign_form *form)
{
    struct tg_recipient recipient = {0};
    enum campaign_read read;
    int64_t line = 0;
    do {
        struct tg_error error = {0};
        read = campaign_source_next(source, form, &recipient, &error);
        if (read == CAMPAIGN_BAD)
            fuzz_refused(&error);
        if (read == CAMPAIGN_RECIPIENT) {
            FUZZ_HOLDS(!*recipient.phone != !*recipient.user_id);
            expect_fills(form, &recipient);
        }
        FUZZ_HOLDS(read == CAMPAIGN_END || recipient.n > line);
        line = recipient.n;
    } while (read != CAMPAIGN_END);
    tg_text_finish(&recipient.fills);
}

// A body in JSON, or what begins with --b: a form whose boundary that is.
FUZZ_TARGET(campaign)
{
    bool is_form = input->length > 3 && memcmp(input->data, "--b", 3) == 0;
    const char *type = is_form ? "multipart/form-data; boundary=b" : "application/json";
    static struct campaign_form form;
    struct campaign_source source = {0};
    struct loans *loans = NULL;
    struct tg_error error = {0};
    memset(&form, 0, sizeof form);
    bool good =
        campaign_source_begin(&source, type, input, &error) &&
        campaign_form_read(&source.campaign, (struct tg_uuid){{0}}, &loans, &form, &error) &&
        campaign_source_open(&source, &form, &error);
    if (good)
        read_recipients(&source, &form);
    else if (error.code != send_unlent)
        fuzz_refused(&error);
    loans_free(loans);
    campaign_source_finish(&source);
    campaign_form_finish(&form);
}
