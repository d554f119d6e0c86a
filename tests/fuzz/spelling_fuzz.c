#include "common/rules/spelling.h"

#include "common/base/utf8.h"
#include "common/limits.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// What people read is the same without what is around it.
static void expect_fold(struct tg_span text)
{
    TG_TEXT_AUTO folded = {0};
    TG_TEXT_AUTO again = {0};
    tg_spelling_fold(text, &folded);
    FUZZ_HOLDS(tg_utf8_is_valid(tg_text_string(&folded), folded.length));
    tg_spelling_fold(tg_text_span(&folded), &again);
    FUZZ_HOLDS(fuzz_same(tg_text_span(&folded), tg_text_span(&again)));
}

static void expect_trim(struct tg_span text)
{
    struct tg_span trimmed = tg_spelling_trim(text);
    FUZZ_HOLDS(trimmed.length <= text.length);
    FUZZ_HOLDS(!trimmed.data || (trimmed.data >= text.data &&
                                 trimmed.data + trimmed.length <= text.data + text.length));
    FUZZ_HOLDS(fuzz_same(tg_spelling_trim(trimmed), trimmed));
}

static size_t characters(const struct tg_text *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->length; i++)
        count += ((unsigned char)text->data[i] & 0xC0) != 0x80;
    return count;
}

static void expect_name(struct tg_span text)
{
    TG_TEXT_AUTO name = {0};
    TG_TEXT_AUTO again = {0};
    tg_spelling_name(text, &name);
    FUZZ_HOLDS(tg_utf8_is_valid(tg_text_string(&name), name.length));
    FUZZ_HOLDS(characters(&name) <= TG_REPLY_NAME_MAX);
    FUZZ_HOLDS(strcspn(tg_text_string(&name), "\t\r\n\x7f") == name.length);
    tg_spelling_name(tg_text_span(&name), &again);
    FUZZ_HOLDS(fuzz_same(tg_text_span(&name), tg_text_span(&again)));
}

FUZZ_TARGET(spelling)
{
    expect_fold(tg_text_span(input));
    expect_trim(tg_text_span(input));
    expect_name(tg_text_span(input));
}
