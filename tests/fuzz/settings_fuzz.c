#include "common/redis/redis.h"
#include "common/service/listen.h"
#include "common/settings/file.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// What stands in a file, written again, is the same.
static void expect_same_again(const struct tg_settings_file *file)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO text = {0};
    const char *name;
    for (size_t i = 0; (name = tg_settings_file_name(file, i)); i++) {
        const char *value = tg_settings_file_value(file, name);
        FUZZ_HOLDS(name[0] && value && strcspn(name, " =#;'\"\\\n") == strlen(name));
        FUZZ_HOLDS(!strchr(value, '\n'));
        char quote = strchr(value, '\'') ? '"' : '\'';
        tg_text_append_format(&text, "%s=%c%s%c\n", name, quote, value, quote);
    }
    struct tg_settings_file *again = tg_settings_file_read(fuzz_file(tg_text_span(&text)), &error);
    // Quotes may make a file too long.
    FUZZ_HOLDS(again != NULL || text.length > 65536);
    for (size_t i = 0; again && (name = tg_settings_file_name(file, i)); i++)
        FUZZ_HOLDS(
            strcmp(tg_settings_file_value(again, name), tg_settings_file_value(file, name)) == 0);
    tg_settings_file_free(again);
}

static void expect_address(const char *text)
{
    struct tg_address address;
    struct tg_address again;
    char once[TG_ADDRESS_TEXT_SIZE];
    char twice[TG_ADDRESS_TEXT_SIZE];
    if (!tg_address_parse(text, &address))
        return;
    tg_address_format(&address, once);
    FUZZ_HOLDS(tg_address_parse(once, &again));
    tg_address_format(&again, twice);
    FUZZ_HOLDS(strcmp(once, twice) == 0);
    FUZZ_HOLDS(tg_address_is_loopback(&address) == tg_address_is_loopback(&again));
}

FUZZ_TARGET(settings)
{
    struct tg_error error = {0};
    expect_address(tg_text_string(input));
    if (tg_redis_url_check(tg_text_string(input)))
        tg_redis_destroy(tg_redis_create(tg_text_string(input), 1));
    struct tg_settings_file *file = tg_settings_file_read(fuzz_file(tg_text_span(input)), &error);
    if (file) {
        expect_same_again(file);
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(!strchr(error.message, '\n'));
    }
    tg_settings_file_free(file);
}
