#include "worker/inbound/words.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/rules/wish.h"

#include <stdlib.h>
#include <string.h>

// Orgs with the same words have the same words_id, and most have those that come with an org.
struct words {
    struct tg_org_words known[TG_WORDS_CACHE]; // by words_id; folded
};

struct words *words_create(void)
{
    return tg_alloc(sizeof(struct words));
}

static void forget(struct tg_org_words *words)
{
    tg_text_finish(&words->opt_out);
    tg_text_finish(&words->opt_in);
    *words = (struct tg_org_words){0};
}

void words_destroy(struct words *words)
{
    for (size_t i = 0; words && i < TG_WORDS_CACHE; i++)
        forget(&words->known[i]);
    free(words);
}

// Where these words are, or will be.
static struct tg_org_words *place_of(struct words *words, struct tg_uuid words_id)
{
    return &words->known[tg_uuid_hash(words_id) % TG_WORDS_CACHE];
}

static bool are_known(struct words *words, struct tg_uuid words_id)
{
    const struct tg_org_words *known = place_of(words, words_id);
    return known->opt_out.length > 0 && tg_uuid_equal(known->words_id, words_id);
}

// Messages of a batch that may be words.
struct judgement {
    struct words *words;
    struct item *const *message;
    struct tg_received *received;
    size_t n;
    enum tg_wish wish[TG_BATCH_MAX];
    bool judged[TG_BATCH_MAX]; // or cannot be a word
    bool any;                  // wishes something
};

static void judge_one(struct judgement *judgement, size_t i, struct tg_text *line)
{
    struct tg_inbound_message *message = &judgement->message[i]->message;
    struct tg_received *received = &judgement->received[i];
    const struct tg_org_words *known = place_of(judgement->words, received->words_id);
    enum tg_wish wish = tg_wish_of(known, message, line);
    judgement->judged[i] = true;
    if (wish == TG_WISH_NONE)
        return;
    received->is_word = wish == TG_WISH_OUT;
    judgement->wish[i] = received->verdict == TG_ITEM_SAVED ? wish : TG_WISH_NONE;
    judgement->any |= judgement->wish[i] != TG_WISH_NONE;
}

static void judge_known(struct judgement *judgement)
{
    TG_TEXT_AUTO line = {0};
    for (size_t i = 0; i < judgement->n; i++) {
        if (!judgement->judged[i] && are_known(judgement->words, judgement->received[i].words_id))
            judge_one(judgement, i, &line);
    }
}

static bool holds(const struct tg_uuid *org_ids, size_t n, struct tg_uuid org_id)
{
    for (size_t i = 0; i < n; i++) {
        if (tg_uuid_equal(org_ids[i], org_id))
            return true;
    }
    return false;
}

// The orgs whose words are still to be read.
static size_t unknown(const struct judgement *judgement, struct tg_uuid *org_ids)
{
    size_t n = 0;
    for (size_t i = 0; i < judgement->n; i++) {
        if (!judgement->judged[i] && !holds(org_ids, n, judgement->received[i].org_id))
            org_ids[n++] = judgement->received[i].org_id;
    }
    return n;
}

static void learn_of(struct judgement *judgement, struct tg_uuid org_id, struct tg_org_words *read)
{
    struct tg_org_words *known = place_of(judgement->words, read->words_id);
    forget(known);
    tg_words_fold(read);
    *known = *read;
    for (size_t i = 0; i < judgement->n; i++) {
        if (!judgement->judged[i] && tg_uuid_equal(judgement->received[i].org_id, org_id))
            judgement->received[i].words_id = read->words_id; // which may be others since
    }
}

// Judges what is left. Of words that have one place the last ones keep it, until the others are
// read again.
static enum tg_pg_status judge_unknown(struct judgement *judgement, struct tg_pg *pg)
{
    struct tg_uuid org_ids[TG_BATCH_MAX];
    struct tg_org_words read[TG_BATCH_MAX];
    for (size_t n; (n = unknown(judgement, org_ids)) > 0;) {
        enum tg_pg_status status = tg_store_list_words(pg, org_ids, n, read);
        if (status != TG_PG_OK)
            return status;
        for (size_t i = 0; i < n; i++)
            learn_of(judgement, org_ids[i], &read[i]);
        judge_known(judgement);
    }
    return TG_PG_OK;
}

// All of the batch are asked about: one contact may have written several.
static enum tg_pg_status set_wishes(const struct judgement *judgement, struct tg_pg *pg)
{
    struct tg_wished wished[TG_BATCH_MAX];
    bool opted_out[TG_BATCH_MAX];
    for (size_t i = 0; i < judgement->n; i++)
        wished[i] = (struct tg_wished){.org_id = judgement->received[i].org_id,
                                       .message_id = judgement->received[i].message_id,
                                       .wish = judgement->wish[i]};
    enum tg_pg_status status = tg_store_set_wishes(pg, wished, judgement->n, opted_out);
    for (size_t i = 0; status == TG_PG_OK && i < judgement->n; i++)
        judgement->received[i].opted_out = opted_out[i];
    return status;
}

static bool may_be_word(const struct tg_inbound_message *message,
                        const struct tg_received *received)
{
    return message->is_said && (message->text.length > 0 || message->choice.length > 0) &&
           (received->verdict == TG_ITEM_SAVED || received->verdict == TG_ITEM_DUPLICATE);
}

enum tg_pg_status words_judge(struct words *words, struct tg_pg *pg, struct item *const *messages,
                              struct tg_received *received, size_t n)
{
    struct judgement judgement = {
        .words = words, .message = messages, .received = received, .n = n};
    for (size_t i = 0; i < n; i++) {
        tg_text_finish(&messages[i]->message.word); // of an earlier attempt
        received[i].is_word = false;
        judgement.judged[i] = !may_be_word(&messages[i]->message, &received[i]);
    }
    judge_known(&judgement);
    enum tg_pg_status status = judge_unknown(&judgement, pg);
    if (status == TG_PG_OK && judgement.any)
        status = set_wishes(&judgement, pg);
    return status;
}
