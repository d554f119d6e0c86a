// Which statuses the simulator's recipients get, and what Meta's webhooks say of groups.
#include "tests/metasim/recipients.h"

#include "common/base/json.h"
#include "tests/metasim/series.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Appends the statuses of the next webhook, each as "failed 15559000001 131026".
static void append_statuses(const struct series *series, struct tg_text *told)
{
    TG_TEXT_AUTO body = {0};
    struct tg_error error;
    struct json_object *statuses = NULL;
    series_write(series, &body);
    struct json_object *json = tg_json_parse(tg_text_string(&body), body.length, &error);
    cr_assert(json && json_pointer_get(json, "/entry/0/changes/0/value/statuses", &statuses) == 0,
              "%s", tg_text_string(&body));
    for (size_t i = 0; i < json_object_array_length(statuses); i++) {
        struct json_object *status = json_object_array_get_idx(statuses, i);
        struct json_object *code = NULL;
        const char *participant = tg_json_string_member(status, "recipient_participant_id");
        tg_text_append_format(told, "%s%s", i > 0 ? ", " : "",
                              tg_json_string_member(status, "status"));
        if (participant)
            tg_text_append_format(told, " %s", participant);
        if (json_pointer_get(status, "/errors/0/code", &code) == 0)
            tg_text_append_format(told, " %s", json_object_get_string(code));
    }
    json_object_put(json);
}

static struct series *given_series(const struct fate *fate, enum addressee addressee)
{
    const struct webhook_status status = {.phone_number_id = "123456",
                                          .wamid = "wamid.1",
                                          .recipient = "r",
                                          .addressee = addressee,
                                          .category = "service",
                                          .callback_data = "",
                                          .error_code = fate->code,
                                          .error_title = "t",
                                          .error_details = "d"};
    return series_of_statuses(fate->statuses, 1000, &status);
}

struct course {
    char recipient[16];
    bool group;
    char statuses[600]; // "after so many gaps: statuses; ..."
};

#define P1 " 15559000001"
#define P2 " 15559000002"
#define P3 " 15559000003"
#define ALL(status) status P1 ", " status P2 ", " status P3

ParameterizedTestParameters(recipients, get_their_statuses_in_time)
{
    static struct course courses[] = {
        {"919876543210", false, "1: sent; 2: delivered; 5: read; "},
        {"15551131026", false, "1: failed 131026; "},
        {"15554131042", false, "1: sent; 20: failed 131042; "},
        {"15555132015", false, "20: failed 132015; "},
        {"15555000000", false, "20: sent; 21: delivered; 24: read; "},
        {"15552000011", false, "5: read; 5: delivered; 5: sent; "},
        {"15552000012", false, "1: failed 131000; 2: delivered; "},
        {"Y2FwaQ==", true, "1: " ALL("sent") "; 2: " ALL("delivered") "; 5: " ALL("read") "; "},
        {"15551131026", true,
         "1: " ALL("sent") "; 2: failed" P1 " 131026, delivered" P2 ", delivered" P3 "; 5: read" P2
                           ", read" P3 "; "},
    };
    return cr_make_param_array(struct course, courses, sizeof courses / sizeof *courses);
}

ParameterizedTest(struct course *course, recipients, get_their_statuses_in_time)
{
    struct recipients recipients;
    TG_TEXT_AUTO told = {0};
    recipients_init(&recipients);
    struct fate fate = recipients_fate(&recipients, course->recipient, course->group);
    cr_assert(fate.taken && fate.statuses);
    struct series *series = given_series(&fate, course->group ? TO_GROUP : TO_PHONE);
    series_begin(series);
    while (series_left(series) > 0) {
        tg_text_append_format(&told,
                              "%d: ", (int)((series_due_ms(series) - series->begun_ms) / 1000));
        append_statuses(series, &told);
        tg_text_append_string(&told, "; ");
        series_acknowledged(series);
    }
    cr_expect_str_eq(tg_text_string(&told), course->statuses);
    series_free(series);
    recipients_finish(&recipients);
}

// The timestamp tells when it happened, not when it is told.
Test(recipients, are_told_of_the_wrong_order_with_the_right_times)
{
    static const int happened[] = {5, 2, 1};
    struct recipients recipients;
    recipients_init(&recipients);
    struct fate fate = recipients_fate(&recipients, "15552000011", false);
    struct series *series = given_series(&fate, TO_PHONE);
    series_begin(series);
    for (size_t i = 0; i < sizeof happened / sizeof *happened; i++) {
        TG_TEXT_AUTO body = {0};
        char timestamp[64];
        series_write(series, &body);
        snprintf(timestamp, sizeof timestamp, "\"timestamp\":\"%" PRId64 "\"",
                 series->begun_unix_ms / 1000 + happened[i]);
        cr_expect(strstr(tg_text_string(&body), timestamp), "%s", tg_text_string(&body));
        series_acknowledged(series);
    }
    series_free(series);
    recipients_finish(&recipients);
}

Test(recipients, are_held_or_refused_by_their_number)
{
    struct recipients recipients;
    recipients_init(&recipients);
    cr_expect(recipients_fate(&recipients, "15555132015", false).held);
    cr_expect_not(recipients_fate(&recipients, "15554131042", false).held);
    struct fate fate = recipients_fate(&recipients, "15550131042", false);
    cr_expect(fate.refused && fate.code == 131042);
    cr_expect(recipients_fate(&recipients, "1555013104x", true).taken);
    recipients_finish(&recipients);
}
