#include "worker/inbound/words.h"

#include "common/limits.h"
#include "worker/inbound/spelling.h"

#include <string.h>

// A message that may be a word of the org whose number is `of`.
struct candidate {
    struct tg_inbound_message *message;
    struct tg_text said; // folded: what it says, and what was chosen; empty: it can be no word
    struct tg_text chosen;
    size_t of;
};

// The candidates of a batch, and the words of the numbers that they were written to.
struct judgement {
    struct candidate candidate[TG_BATCH_MAX];
    size_t candidates;
    struct tg_span number[TG_BATCH_MAX];
    struct tg_org_words words[TG_BATCH_MAX];
    size_t numbers;
};

static void fold(struct tg_span text, struct tg_text *folded)
{
    if (text.length > 0 && text.length <= TG_WORD_BYTES_MAX)
        spelling_fold(text, folded);
}

static bool same(struct tg_span one, struct tg_span other)
{
    return one.length == other.length && memcmp(one.data, other.data, one.length) == 0;
}

static size_t number_of(struct judgement *judgement, struct tg_span number)
{
    size_t i = 0;
    while (i < judgement->numbers && !same(judgement->number[i], number))
        i++;
    if (i == judgement->numbers)
        judgement->number[judgement->numbers++] = number;
    return i;
}

static void add_candidate(struct judgement *judgement, struct tg_inbound_message *message)
{
    struct candidate *candidate = &judgement->candidate[judgement->candidates];
    *candidate = (struct candidate){.message = message};
    if (!message->is_said)
        return;
    fold(message->text, &candidate->said);
    fold(message->choice, &candidate->chosen);
    if (candidate->said.length == 0 && candidate->chosen.length == 0)
        return;
    candidate->of = number_of(judgement, message->phone_number_id);
    judgement->candidates++;
}

// Appends lines as folded ones, with a line's end before the first and behind each.
static void fold_lines(const struct tg_text *lines, struct tg_text *folded)
{
    const char *at = tg_text_string(lines);
    tg_text_append_string(folded, "\n");
    for (size_t length; *at; at += length + (at[length] == '\n')) {
        length = strcspn(at, "\n");
        fold((struct tg_span){at, length}, folded);
        tg_text_append_string(folded, "\n");
    }
}

// Lines become folded ones. Most orgs have the same words: so the last ones are remembered.
static void fold_words(struct tg_text *lines, struct tg_text *last, struct tg_text *last_folded)
{
    if (strcmp(tg_text_string(lines), tg_text_string(last)) != 0 || last_folded->length == 0) {
        tg_text_clear(last);
        tg_text_clear(last_folded);
        tg_text_append(last, tg_text_string(lines), lines->length);
        fold_lines(lines, last_folded);
    }
    tg_text_clear(lines);
    tg_text_append(lines, last_folded->data, last_folded->length);
}

static bool has_line(const struct tg_text *lines, const struct tg_text *folded)
{
    TG_TEXT_AUTO line = {0};
    if (folded->length == 0)
        return false;
    tg_text_append_string(&line, "\n");
    tg_text_append(&line, folded->data, folded->length);
    tg_text_append_string(&line, "\n");
    return memmem(lines->data, lines->length, line.data, line.length) != NULL;
}

// False: it is no word.
static bool is_wish(const struct tg_org_words *words, struct tg_text *folded,
                    struct tg_inbound_message *message)
{
    if (has_line(&words->opt_out, folded))
        message->wish = TG_WISH_OUT;
    else if (has_line(&words->opt_in, folded))
        message->wish = TG_WISH_IN;
    else
        return false;
    message->word = *folded;
    *folded = (struct tg_text){0};
    return true;
}

static void judge(struct judgement *judgement)
{
    TG_TEXT_AUTO outs = {0};
    TG_TEXT_AUTO folded_outs = {0};
    TG_TEXT_AUTO ins = {0};
    TG_TEXT_AUTO folded_ins = {0};
    for (size_t i = 0; i < judgement->numbers; i++) {
        fold_words(&judgement->words[i].opt_out, &outs, &folded_outs);
        fold_words(&judgement->words[i].opt_in, &ins, &folded_ins);
    }
    for (size_t i = 0; i < judgement->candidates; i++) {
        struct candidate *candidate = &judgement->candidate[i];
        const struct tg_org_words *words = &judgement->words[candidate->of];
        if (!is_wish(words, &candidate->said, candidate->message))
            (void)is_wish(words, &candidate->chosen, candidate->message);
    }
    for (size_t i = 0; i < judgement->numbers; i++) {
        tg_text_finish(&judgement->words[i].opt_out);
        tg_text_finish(&judgement->words[i].opt_in);
    }
}

static void forget_wish(struct tg_inbound_message *message)
{
    message->wish = TG_WISH_NONE;
    tg_text_finish(&message->word);
}

enum tg_pg_status words_judge(struct tg_pg *pg, struct item *const *messages, size_t n)
{
    struct judgement judgement;
    judgement.candidates = 0;
    judgement.numbers = 0;
    for (size_t i = 0; i < n; i++) {
        forget_wish(&messages[i]->message); // of an earlier attempt
        add_candidate(&judgement, &messages[i]->message);
    }
    enum tg_pg_status status = TG_PG_OK;
    if (judgement.candidates > 0)
        status = tg_store_list_words(pg, judgement.number, judgement.numbers, judgement.words);
    if (status == TG_PG_OK)
        judge(&judgement);
    for (size_t i = 0; i < judgement.candidates; i++) {
        tg_text_finish(&judgement.candidate[i].said);
        tg_text_finish(&judgement.candidate[i].chosen);
    }
    return status;
}
