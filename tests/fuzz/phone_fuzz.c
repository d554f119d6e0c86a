#include "common/words/phone.h"

#include "common/words/country.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void expect_number(const char *phone)
{
    size_t length = strlen(phone);
    FUZZ_HOLDS(length >= 7 && length < TG_PHONE_SIZE && phone[0] != '0');
    FUZZ_HOLDS(strspn(phone, "0123456789") == length);
}

static void expect_refusal(const struct tg_error *error)
{
    fuzz_refused(error);
    FUZZ_HOLDS(strcmp(error->code, "invalid_phone") == 0 && strcmp(error->field, "to") == 0);
}

// A number that was read once is read as itself, with a "+" or without, wherever one is at home.
static void expect_read(const struct tg_text *input, const struct tg_country *home)
{
    char phone[TG_PHONE_SIZE];
    char again[1 + TG_PHONE_SIZE] = "+";
    struct tg_error error = {0};
    if (!tg_phone_read(tg_text_string(input), input->length, home, "to", phone, &error)) {
        expect_refusal(&error);
        return;
    }
    expect_number(phone);
    memcpy(again + 1, phone, sizeof phone);
    FUZZ_HOLDS(tg_phone_read(again, strlen(again), home, "to", again + 1, &error));
    FUZZ_HOLDS(strcmp(again + 1, phone) == 0);
    bool enough = false;
    FUZZ_HOLDS(tg_country_code(phone, &enough) > 0 && enough);
}

FUZZ_TARGET(phone)
{
    static const char *const homes[] = {"IN", "BR", "AR", "MX", "US", "DE", "IT", "SG", "AU"};
    char phone[TG_PHONE_SIZE];
    char again[TG_PHONE_SIZE];
    struct tg_error error = {0};
    if (tg_phone_normalise(tg_text_string(input), input->length, "to", phone, &error)) {
        expect_number(phone);
        FUZZ_HOLDS(tg_phone_normalise(phone, strlen(phone), "to", again, &error));
        FUZZ_HOLDS(strcmp(phone, again) == 0);
    } else {
        expect_refusal(&error);
    }
    expect_read(input, NULL);
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        expect_read(input, tg_country_find(homes[i]));
}
