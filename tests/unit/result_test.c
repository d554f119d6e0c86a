#include "common/words/result.h"

#include "common/streams/job.h"

#include <criterion/criterion.h>
#include <string.h>

#define ID "01900000-0000-7000-8000-000000000001"

static struct tg_uuid id(void)
{
    struct tg_uuid parsed;
    cr_assert(tg_uuid_parse(ID, strlen(ID), &parsed));
    return parsed;
}

static void expect_written(struct tg_result result, const char *expected)
{
    TG_TEXT_AUTO json = {0};
    tg_result_write_wamid(&result, &json);
    tg_text_append_string(&json, " ");
    tg_result_write_error(&result, &json);
    cr_expect_str_eq(json.data, expected);
}

Test(result, is_written)
{
    expect_written((struct tg_result){.status = TG_STATUS_SENT, .wamid = "wamid.x/y="},
                   "\"wamid.x/y=\" null");
    expect_written((struct tg_result){.status = TG_STATUS_FAILED,
                                      .error_code = "131026",
                                      .error_message = "\"so\"\n\xc3\xa9"},
                   "null {\"code\":\"131026\",\"message\":\"\\\"so\\\"\\n\xc3\xa9\"}");
    expect_written((struct tg_result){.status = TG_STATUS_UNCONFIRMED, .error_code = "http:5xx"},
                   "null {\"code\":\"http:5xx\",\"message\":null}");
}

static void expect_notice_of_it(const char *notice)
{
    struct tg_uuid message_id = {{0}};
    cr_expect(tg_job_read_notice(notice, &message_id), "%s", notice);
    cr_expect(tg_uuid_equal(message_id, id()), "%s", notice);
}

Test(notice, is_written_and_read)
{
    char notice[TG_NOTICE_SIZE];
    tg_job_write_notice(id(), notice);
    cr_expect_str_eq(notice, "{\"message_id\":\"" ID "\"}");
    expect_notice_of_it(notice);
}

Test(notice, of_another_version_may_go_on_and_be_cut)
{
    expect_notice_of_it("{\"message_id\":\"" ID "\",\"status\":\"sent\",\"wamid\":7,\"more\":{");
    expect_notice_of_it("{\"message_id\":\"" ID "\"");
}

Test(notice, anything_else_is_none)
{
    static const char *const others[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"message_id",
        "{\"status\":\"sent\"}",
        "{\"message_id\":7}",
        "{\"message_id\":\"7\"}",
        "{\"message_id\":\"" ID,
        "{\"message_id\":\"" ID "0\"}",
        "{\"message_id\":\" " ID "\"}",
        "{\"message_id\":\"x1900000-0000-7000-8000-000000000001\"}",
        "\"" ID "\"",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct tg_uuid message_id;
        cr_expect_not(tg_job_read_notice(others[i], &message_id), "%s", others[i]);
    }
}

Test(result, every_status_has_a_name_and_is_found_by_it)
{
    for (enum tg_status status = TG_STATUS_NONE; status < TG_STATUSES; status++) {
        cr_assert_not_null(tg_status_names[status]);
        cr_expect_eq(tg_status_of(tg_status_names[status]), status);
    }
    cr_expect_eq(tg_status_of("sen"), TG_STATUS_NONE);
    cr_expect_eq(tg_status_of("sentt"), TG_STATUS_NONE);
}
