#include "common/base/digits.h"
#include "common/base/time_text.h"
#include "common/base/utf8.h"
#include "common/base/uuid7.h"
#include "common/streams/job.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

static void expect_uuid(const struct tg_text *input)
{
    struct tg_uuid id;
    struct tg_uuid noticed;
    char text[TG_UUID_TEXT_SIZE];
    char notice[TG_NOTICE_SIZE];
    if (!tg_uuid_parse(tg_text_string(input), input->length, &id))
        return;
    tg_uuid_format(id, text);
    FUZZ_HOLDS(input->length == sizeof text - 1);
    for (size_t i = 0; i < input->length; i++)
        FUZZ_HOLDS(tolower((unsigned char)input->data[i]) == text[i]);
    tg_job_write_notice(id, notice);
    FUZZ_HOLDS(tg_job_read_notice(notice, &noticed) && tg_uuid_equal(id, noticed));
}

static void expect_numbers(const char *text)
{
    int64_t number;
    char again[24];
    if (!tg_decimal_read(text, INT64_MAX, &number))
        return;
    const char *digits = text + strspn(text, "0");
    snprintf(again, sizeof again, "%" PRId64, number);
    FUZZ_HOLDS(number >= 0 && text[0] && strspn(text, "0123456789") == strlen(text));
    FUZZ_HOLDS(strcmp(*digits ? digits : "0", again) == 0);
    FUZZ_HOLDS(number == 0 || !tg_decimal_read(text, number - 1, &number));
}

static void expect_time(const char *text)
{
    int64_t time_ms;
    if (!tg_time_parse(text, &time_ms))
        return;
    // Years have four digits.
    FUZZ_HOLDS(time_ms > -62168000000000 && time_ms < 253403000000000);
    FUZZ_HOLDS(strlen(text) >= strlen("2026-11-24T09:30:00Z"));
}

static void expect_bytes(const struct tg_text *input)
{
    unsigned char bytes[64];
    size_t n = input->length / 2 < sizeof bytes ? input->length / 2 : sizeof bytes;
    if (!tg_hex_read(tg_text_string(input), bytes, n))
        return;
    for (size_t i = 0; i < 2 * n; i++)
        FUZZ_HOLDS(isxdigit((unsigned char)input->data[i]));
}

FUZZ_TARGET(scalars)
{
    const char *text = tg_text_string(input);
    struct tg_uuid ignored;
    FUZZ_HOLDS(tg_utf8_is_valid(text, input->length) ==
               !u8_check((const uint8_t *)text, input->length));
    expect_uuid(input);
    expect_numbers(text);
    expect_time(text);
    expect_bytes(input);
    (void)!tg_job_read_notice(text, &ignored);
}
