#include "common/rules/spelling.h"

#include "common/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>

// Appends what libunistring has made, which is freed; NULL: there was no memory.
static void append(struct tg_text *text, uint8_t *made, size_t length)
{
    if (made)
        tg_text_append(text, made, length);
    free(made);
}

static bool is_ascii(struct tg_span text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    }
    return true;
}

void tg_spelling_compose(struct tg_span text, struct tg_text *composed)
{
    if (is_ascii(text)) {
        tg_text_append(composed, text.data, text.length);
        return;
    }
    size_t length = 0;
    uint8_t *made =
        u8_normalize(UNINORM_NFC, (const uint8_t *)text.data, text.length, NULL, &length);
    append(composed, made, length);
}

// Mathematical and other letters have a case only once they are plain ones, so NFKC comes first.
static void fold_letters(struct tg_span text, struct tg_text *folded)
{
    size_t length = 0;
    uint8_t *plain =
        u8_normalize(UNINORM_NFKC, (const uint8_t *)text.data, text.length, NULL, &length);
    size_t folded_length = 0;
    uint8_t *made =
        plain ? u8_casefold(plain, length, NULL, UNINORM_NFKC, NULL, &folded_length) : NULL;
    append(folded, made, folded_length);
    free(plain);
}

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static struct reader read_span(struct tg_span text)
{
    const uint8_t *begin = (const uint8_t *)(text.length > 0 ? text.data : "");
    return (struct reader){begin, begin + text.length};
}

static struct reader read_text(const struct tg_text *text)
{
    return read_span((struct tg_span){tg_text_string(text), text->length});
}

// The next character; *character is where it stands.
static ucs4_t next(struct reader *reader, struct tg_span *character)
{
    ucs4_t c;
    int length = u8_mbtouc(&c, reader->at, (size_t)(reader->end - reader->at));
    *character = (struct tg_span){(const char *)reader->at, (size_t)length};
    reader->at += length;
    return c;
}

static bool is_in(ucs4_t c, uint32_t categories)
{
    return uc_is_general_category_withtable(c, categories);
}

// Appends a character, after one blank if white space was before it.
static void append_word(struct tg_text *text, struct tg_span character, bool *spaced)
{
    if (*spaced && text->length > 0)
        tg_text_append(text, " ", 1);
    *spaced = false;
    tg_text_append(text, character.data, character.length);
}

static bool is_unseen(ucs4_t c)
{
    return is_in(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf) ||
           uc_is_property_default_ignorable_code_point(c);
}

struct tg_span tg_spelling_trim(struct tg_span text)
{
    struct reader reader = read_span(text);
    const uint8_t *begin = reader.end;
    const uint8_t *end = reader.at;
    while (reader.at < reader.end) {
        struct tg_span character;
        ucs4_t c = next(&reader, &character);
        if (is_unseen(c) || uc_is_property_white_space(c))
            continue;
        end = reader.at;
        if (begin == reader.end)
            begin = (const uint8_t *)character.data;
    }
    return begin < end ? (struct tg_span){(const char *)begin, (size_t)(end - begin)}
                       : (struct tg_span){0};
}

// Without what is not seen, so that letters meet their accents.
static void append_seen(struct tg_span text, struct tg_text *seen)
{
    static const char unread[] = "\xef\xbf\xbd";
    for (struct reader reader = read_span(text); reader.at < reader.end;) {
        struct tg_span character;
        ucs4_t c = next(&reader, &character);
        if (c == 0xfffd)
            tg_text_append_string(seen, unread);
        else if (!is_unseen(c) || uc_is_property_white_space(c))
            tg_text_append(seen, character.data, character.length);
    }
}

// What has no letter or digit is as it is, without what is not seen.
static void append_core(struct tg_text *folded, const struct tg_text *seen, size_t begin,
                        size_t end)
{
    if (end > 0)
        tg_text_append(folded, seen->data + begin, end - begin);
    else
        tg_text_append(folded, tg_text_string(seen), seen->length);
}

static void fold_any(struct tg_span text, struct tg_text *folded)
{
    TG_TEXT_AUTO whole = {0};
    TG_TEXT_AUTO letters = {0};
    TG_TEXT_AUTO seen = {0};
    append_seen(text, &whole);
    fold_letters((struct tg_span){tg_text_string(&whole), whole.length}, &letters);
    size_t begin = SIZE_MAX;
    size_t end = 0;
    bool spaced = false;
    for (struct reader reader = read_text(&letters); reader.at < reader.end;) {
        struct tg_span character;
        ucs4_t c = next(&reader, &character);
        if (uc_is_property_white_space(c)) {
            spaced = true;
        } else if (!is_unseen(c)) {
            append_word(&seen, character, &spaced);
            if (is_in(c, UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S))
                continue;
            end = seen.length;
            begin = begin < SIZE_MAX ? begin : end - character.length;
        }
    }
    append_core(folded, &seen, begin, end);
}

// The same for what is ASCII, as most is, without asking tables.
static void fold_ascii(struct tg_span text, struct tg_text *folded)
{
    TG_TEXT_AUTO seen = {0};
    tg_text_reserve(&seen, text.length);
    size_t begin = SIZE_MAX;
    size_t end = 0;
    bool spaced = false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        spaced |= isspace(c) != 0;
        if (isspace(c) || iscntrl(c))
            continue;
        if (spaced && seen.length > 0)
            seen.data[seen.length++] = ' ';
        spaced = false;
        seen.data[seen.length++] = (char)tolower(c);
        if (ispunct(c))
            continue;
        end = seen.length;
        begin = begin < SIZE_MAX ? begin : end - 1;
    }
    append_core(folded, &seen, begin, end);
}

void tg_spelling_fold(struct tg_span text, struct tg_text *folded)
{
    if (is_ascii(text))
        fold_ascii(text, folded);
    else
        fold_any(text, folded);
}

// Joiners and variation selectors are parts of letters and emoji, and stay. U+FFFD stands for what
// could not be read.
static bool is_dropped(ucs4_t c)
{
    return c == 0xfffd || is_in(c, UC_CATEGORY_MASK_Cc) || uc_is_property_bidi_control(c);
}

// Braille's empty pattern is how some pass for nameless.
static bool is_visible(ucs4_t c)
{
    return c != 0x2800 && !is_unseen(c);
}

// So much of a name as is within the bound, in whole letters with all of their accents, and without
// a blank at its end.
static size_t within_bound(const struct tg_text *name)
{
    struct reader reader = read_text(name);
    const uint8_t *begin = reader.at;
    while (reader.at < reader.end) {
        const uint8_t *letter_end = u8_grapheme_next(reader.at, reader.end);
        if (u8_mbsnlen(begin, (size_t)(letter_end - begin)) > TG_REPLY_NAME_MAX)
            break;
        reader.at = letter_end;
    }
    if (reader.at > begin && reader.at[-1] == ' ')
        reader.at--;
    return (size_t)(reader.at - begin);
}

static bool can_be_seen(struct tg_span text)
{
    struct tg_span character;
    bool visible = false;
    for (struct reader reader = read_span(text); reader.at < reader.end && !visible;)
        visible = is_visible(next(&reader, &character));
    return visible;
}

void tg_spelling_name(struct tg_span name, struct tg_text *shown)
{
    TG_TEXT_AUTO clean = {0};
    TG_TEXT_AUTO composed = {0};
    bool spaced = false;
    for (struct reader reader = read_span(name); reader.at < reader.end;) {
        struct tg_span character;
        ucs4_t c = next(&reader, &character);
        if (uc_is_property_white_space(c)) {
            spaced = true;
        } else if (!is_dropped(c)) {
            append_word(&clean, character, &spaced);
        }
    }
    if (clean.length == 0)
        return;
    // Accents meet their letters once what stood between them is gone.
    tg_spelling_compose((struct tg_span){clean.data, clean.length}, &composed);
    // What can be seen may stand behind the bound alone.
    struct tg_span within = {composed.data, within_bound(&composed)};
    if (can_be_seen(within))
        tg_text_append(shown, within.data, within.length);
}
