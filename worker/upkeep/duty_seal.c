#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/crypto/seal.h"
#include "common/service/metrics.h"
#include "common/store/tokens.h"
#include "worker/upkeep/duty.h"

#include <string.h>

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

// The same of endpoints' secrets.
struct secrets {
    struct tg_stored_secret stored[BATCH];
    struct tg_sealed_secret sealed[BATCH];
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

// Under the newest key, and the digest of what stands there. False: it does not open, and stays as
// it is.
static bool seal_anew(struct tg_keyring *keys, const struct tg_seal_place *place,
                      const struct tg_text *stored, unsigned char digest[static TG_SHA256_SIZE],
                      struct tg_text *sealed, struct tg_sealing_round *round)
{
    struct tg_span text = tg_text_span(stored);
    TG_SECRET_AUTO opened = {0};
    tg_sha256(text.data, text.length, digest);
    if (tg_is_sealed(text)) {
        enum tg_opened how = tg_open(keys, place, text, &opened);
        if (how != TG_OPENED) {
            round->no_key += how == TG_OPEN_NO_KEY;
            round->not_opened += how != TG_OPEN_NO_KEY;
            return false;
        }
        text = tg_text_span(&opened);
    }
    return tg_seal(keys, place, text, sealed);
}

// One that does not open is an alert of its channel's as soon as a message meets it.
static bool seal(struct tg_keyring *keys, const struct tg_stored_token *stored,
                 struct tg_sealed_token *sealed, struct tg_sealing_round *round)
{
    const struct tg_seal_place place = tg_seal_place_of_token(stored->org_id, stored->channel_id);
    *sealed = (struct tg_sealed_token){.org_id = stored->org_id, .channel_id = stored->channel_id};
    bool good =
        seal_anew(keys, &place, &stored->access_token, sealed->digest, &sealed->sealed, round);
    if (!good)
        tg_log_rarely(TG_LOG_ERROR, "token_not_opened", TG_LOG_ID("org_id", stored->org_id),
                      TG_LOG_ID("channel_id", stored->channel_id));
    return good;
}

static bool seal_secret(struct tg_keyring *keys, const struct tg_stored_secret *stored,
                        struct tg_sealed_secret *sealed, struct tg_sealing_round *round)
{
    bool verifies = strcmp(stored->name, "verify_token") == 0;
    const struct tg_seal_place place =
        verifies ? tg_seal_place_of_verify_token(stored->org_id, stored->endpoint_id)
                 : tg_seal_place_of_secret(stored->org_id, stored->endpoint_id);
    *sealed =
        (struct tg_sealed_secret){.org_id = stored->org_id, .endpoint_id = stored->endpoint_id};
    memcpy(sealed->name, stored->name, sizeof sealed->name);
    bool good = seal_anew(keys, &place, &stored->stored, sealed->digest, &sealed->sealed, round);
    if (!good)
        tg_log_rarely(TG_LOG_ERROR, "secret_not_opened", TG_LOG_ID("org_id", stored->org_id),
                      TG_LOG_ID("endpoint_id", stored->endpoint_id));
    return good;
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

static void tell_sealed(int64_t done, const char *key)
{
    tg_count(TG_JANITOR, "seal", (uint64_t)done);
    if (done > 0)
        tg_log(TG_LOG_INFO, "secrets_sealed", TG_LOG_NUMBER("secrets", done),
               TG_LOG_TEXT("key", key));
}

// As seal_batch.
static bool seal_secrets(struct upkeep *upkeep, struct tg_slice *slice,
                         struct tg_sealing_round *round, bool *more)
{
    struct tg_keyring *keys = upkeep->worker->settings->token_keys;
    struct secrets *secrets = tg_alloc(sizeof *secrets);
    int64_t done = 0;
    bool good = tg_store_list_secrets_to_seal(upkeep->pg, round->key, *slice, secrets->stored,
                                              &secrets->stored_count) == TG_PG_OK;
    for (size_t i = 0; good && i < secrets->stored_count; i++)
        secrets->sealed_count +=
            seal_secret(keys, &secrets->stored[i], &secrets->sealed[secrets->sealed_count], round);
    if (good && secrets->sealed_count > 0)
        good = tg_store_seal_secrets(upkeep->pg, secrets->sealed, secrets->sealed_count, &done) ==
               TG_PG_OK;
    tell_sealed(good ? done : 0, round->key);
    *more = good && secrets->stored_count == BATCH;
    slice->skip += (int64_t)secrets->stored_count - done;
    for (size_t i = 0; i < secrets->stored_count; i++)
        tg_text_wipe(&secrets->stored[i].stored);
    for (size_t i = 0; i < secrets->sealed_count; i++)
        tg_text_finish(&secrets->sealed[i].sealed);
    free(secrets);
    return good;
}

typedef bool seal_some(struct upkeep *upkeep, struct tg_slice *slice,
                       struct tg_sealing_round *round, bool *more);

// False: it has not come to its end.
static bool seal_all(struct upkeep *upkeep, struct tg_sealing_round *round, seal_some *seal_next)
{
    struct tg_slice slice = {.limit = BATCH};
    bool good = true;
    bool more = round->key != NULL;
    while (good && more && !stop_ordered(upkeep->worker->stop))
        good = seal_next(upkeep, &slice, round, &more);
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
    if (seal_all(upkeep, &round, seal_batch) && seal_all(upkeep, &round, seal_secrets))
        (void)!tg_store_end_sealing(upkeep->pg, &round);
    return INTERVAL_MS;
}
