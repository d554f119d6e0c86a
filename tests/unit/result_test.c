#include "common/words/result.h"

#include <criterion/criterion.h>
#include <string.h>

#define ID "01900000-0000-7000-8000-000000000001"

static struct tg_uuid id(void)
{
    struct tg_uuid parsed;
    cr_assert(tg_uuid_parse(ID, strlen(ID), &parsed));
    return parsed;
}

static struct tg_result read_result(const char *json)
{
    struct tg_result result;
    cr_assert(tg_result_read(json, strlen(json), &result), "%s", json);
    return result;
}

static void expect_written(struct tg_result result, const char *expected)
{
    TG_TEXT_AUTO json = {0};
    result.message_id = id();
    tg_result_write(&result, &json);
    cr_expect_str_eq(json.data, expected);
    struct tg_result again = read_result(json.data);
    cr_expect(tg_uuid_equal(again.message_id, result.message_id));
    cr_expect_eq(again.status, result.status);
    cr_expect_eq(again.refunded, result.refunded);
    cr_expect_str_eq(again.wamid, result.wamid);
    cr_expect_str_eq(again.error_code, result.error_code);
    cr_expect_str_eq(again.error_message, result.error_message);
}

Test(result, is_written_and_read)
{
    expect_written((struct tg_result){.status = TG_STATUS_SENT, .wamid = "wamid.x/y="},
                   "{\"message_id\":\"" ID "\",\"status\":\"sent\",\"wamid\":\"wamid.x/y=\","
                   "\"refunded\":false,\"error\":null}");
    expect_written((struct tg_result){.status = TG_STATUS_FAILED,
                                      .refunded = true,
                                      .error_code = "131026",
                                      .error_message = "\"so\"\n\xc3\xa9"},
                   "{\"message_id\":\"" ID "\",\"status\":\"failed\",\"wamid\":null,"
                   "\"refunded\":true,\"error\":{\"code\":\"131026\","
                   "\"message\":\"\\\"so\\\"\\n\xc3\xa9\"}}");
    expect_written((struct tg_result){.status = TG_STATUS_UNCONFIRMED, .error_code = "http:5xx"},
                   "{\"message_id\":\"" ID "\",\"status\":\"unconfirmed\",\"wamid\":null,"
                   "\"refunded\":false,\"error\":{\"code\":\"http:5xx\",\"message\":null}}");
}

Test(result, of_what_somebody_else_has_settled_is_its_id)
{
    expect_written((struct tg_result){.status = TG_STATUS_NONE}, "{\"message_id\":\"" ID "\"}");
}

Test(result, of_a_later_version_is_read_as_far_as_it_is_understood)
{
    struct tg_result result = read_result("{\"message_id\":\"" ID "\",\"status\":\"travelling\","
                                          "\"wamid\":7,\"more\":{},\"error\":\"none\"}");
    cr_expect_eq(result.status, TG_STATUS_NONE);
    cr_expect_str_eq(result.wamid, "");
    cr_expect_str_eq(result.error_code, "");
}

Test(result, anything_else_is_none)
{
    static const char *const others[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"status\":\"sent\"}",
        "{\"message_id\":7}",
        "{\"message_id\":\"7\"}",
        "{\"message_id\":\"" ID "\"",
        "\"" ID "\"",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct tg_result result;
        cr_expect_not(tg_result_read(others[i], strlen(others[i]), &result), "%s", others[i]);
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
