#include "common/rules/wish.h"

#include "common/limits.h"
#include "common/rules/spelling.h"

#include <string.h>

static void fold(struct tg_span text, struct tg_text *folded)
{
    if (text.length > 0 && text.length <= TG_WORD_BYTES_MAX)
        tg_spelling_fold(text, folded);
}

// Lines become folded ones, with a line's end before the first and behind each.
static void fold_lines(struct tg_text *lines)
{
    TG_TEXT_AUTO folded = {0};
    tg_text_append_string(&folded, "\n");
    const char *at = tg_text_string(lines);
    for (size_t length; *at; at += length + (at[length] == '\n')) {
        length = strcspn(at, "\n");
        fold((struct tg_span){at, length}, &folded);
        tg_text_append_string(&folded, "\n");
    }
    struct tg_text former = *lines;
    *lines = folded;
    folded = former;
}

void tg_words_fold(struct tg_org_words *words)
{
    fold_lines(&words->opt_out);
    fold_lines(&words->opt_in);
}

// What a text says as a line of its own, or nothing.
static void fold_line(struct tg_span text, struct tg_text *line)
{
    tg_text_clear(line);
    tg_text_append_string(line, "\n");
    fold(text, line);
    if (line->length > 1)
        tg_text_append_string(line, "\n");
    else
        tg_text_clear(line);
}

static bool has_line(const struct tg_text *lines, const struct tg_text *line)
{
    return line->length > 0 && memmem(lines->data, lines->length, line->data, line->length) != NULL;
}

static enum tg_wish wish_in(const struct tg_org_words *known, struct tg_span text,
                            struct tg_text *line)
{
    fold_line(text, line);
    if (has_line(&known->opt_out, line))
        return TG_WISH_OUT;
    return has_line(&known->opt_in, line) ? TG_WISH_IN : TG_WISH_NONE;
}

enum tg_wish tg_wish_of(const struct tg_org_words *words, struct tg_inbound_message *message,
                        struct tg_text *line)
{
    enum tg_wish wish = wish_in(words, message->text, line);
    if (wish == TG_WISH_NONE && message->choice.length > 0)
        wish = wish_in(words, message->choice, line);
    if (wish != TG_WISH_NONE)
        tg_text_append(&message->word, line->data + 1, line->length - 2);
    return wish;
}
