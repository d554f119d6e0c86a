#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/crypto/seal.h"
#include "common/service/metrics.h"
#include "common/store/tokens.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 100,
    // So long a token that somebody has just written lies open, and an operator waits who asks for
    // a round.
    INTERVAL_MS = 2000,
};

// A batch as it was read, and as it is to stand there.
struct sealing {
    struct tg_stored_token stored[BATCH];
    struct tg_sealed_token sealed[BATCH];
    size_t stored_count;
    size_t sealed_count;
};

static void wipe(struct sealing *sealing)
{
    for (size_t i = 0; i < sealing->stored_count; i++)
        tg_text_wipe(&sealing->stored[i].access_token);
    for (size_t i = 0; i < sealing->sealed_count; i++)
        tg_text_finish(&sealing->sealed[i].sealed);
    free(sealing);
}

// Under the newest key. What does not open stays as it is: it is an alert of its channel's as soon
// as a message meets it.
static bool seal(struct tg_keyring *keys, const struct tg_stored_token *stored,
                 struct tg_sealed_token *sealed, struct tg_sealing_round *round)
{
    const struct tg_seal_place place = tg_seal_place_of_token(stored->org_id, stored->channel_id);
    struct tg_span text = {tg_text_string(&stored->access_token), stored->access_token.length};
    TG_SECRET_AUTO opened = {0};
    *sealed = (struct tg_sealed_token){.org_id = stored->org_id, .channel_id = stored->channel_id};
    tg_sha256(text.data, text.length, sealed->digest);
    if (tg_is_sealed(text)) {
        enum tg_opened how = tg_open(keys, &place, text, &opened);
        if (how != TG_OPENED) {
            round->no_key += how == TG_OPEN_NO_KEY;
            round->not_opened += how != TG_OPEN_NO_KEY;
            tg_log_rarely(TG_LOG_ERROR, "token_not_opened", TG_LOG_ID("org_id", stored->org_id),
                          TG_LOG_ID("channel_id", stored->channel_id));
            return false;
        }
        text = (struct tg_span){tg_text_string(&opened), opened.length};
    }
    return tg_seal(keys, &place, text, &sealed->sealed);
}

// A batch of those after the first `slice->skip`, which it counts up by those with which nothing
// could be done. *more: it was a whole one, and there may be more. False: PostgreSQL was away.
static bool seal_batch(struct upkeep *upkeep, struct tg_slice *slice,
                       struct tg_sealing_round *round, bool *more)
{
    struct tg_keyring *keys = upkeep->worker->settings->token_keys;
    struct sealing *sealing = tg_alloc(sizeof *sealing);
    int64_t done = 0;
    bool good = tg_store_list_tokens_to_seal(upkeep->pg, round->key, *slice, sealing->stored,
                                             &sealing->stored_count) == TG_PG_OK;
    for (size_t i = 0; good && i < sealing->stored_count; i++)
        sealing->sealed_count +=
            seal(keys, &sealing->stored[i], &sealing->sealed[sealing->sealed_count], round);
    if (good && sealing->sealed_count > 0)
        good = tg_store_seal_tokens(upkeep->pg, sealing->sealed, sealing->sealed_count, &done) ==
               TG_PG_OK;
    if (good && done > 0) {
        tg_count(TG_JANITOR, "seal", (uint64_t)done);
        tg_log(TG_LOG_INFO, "tokens_sealed", TG_LOG_NUMBER("tokens", done),
               TG_LOG_TEXT("key", round->key));
    }
    *more = good && sealing->stored_count == BATCH;
    slice->skip += (int64_t)sealing->stored_count - done;
    wipe(sealing);
    return good;
}

// False: it has not come to its end.
static bool seal_all(struct upkeep *upkeep, struct tg_sealing_round *round)
{
    struct tg_slice slice = {.limit = BATCH};
    bool good = true;
    bool more = round->key != NULL;
    while (good && more && !stop_ordered(upkeep->worker->stop))
        good = seal_batch(upkeep, &slice, round, &more);
    return good && !more;
}

int duty_seal(struct upkeep *upkeep)
{
    char newest[TG_KEY_ID_SIZE];
    struct tg_sealing_round round = {0};
    if (tg_store_begin_sealing(upkeep->pg, &round.asked) != TG_PG_OK)
        return INTERVAL_MS;
    if (tg_keyring_newest(upkeep->worker->settings->token_keys, newest))
        round.key = newest;
    if (seal_all(upkeep, &round))
        (void)!tg_store_end_sealing(upkeep->pg, &round);
    return INTERVAL_MS;
}
