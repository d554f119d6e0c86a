#include "common/store/keys.h"

#include "common/store/calls.h"

#include <string.h>

struct api_key {
    unsigned char hash[32];
};
struct org { // a row of one value is that value
    struct tg_uuid id;
};

static const struct tg_call find_api_key = {
    .name = "find_api_key",
    .one = TG_FIELDS(BYTES("p_key_hash", api_key, hash)),
    .out = TG_FIELDS(UUID("org_id", org, id)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_api_key(struct tg_pg *pg, const unsigned char key_hash[static 32],
                                        bool *found, struct tg_uuid *org_id)
{
    struct api_key key;
    size_t count = 0;
    memcpy(key.hash, key_hash, sizeof key.hash);
    enum tg_pg_status status =
        tg_pg_call(pg, &find_api_key, TG_ONE(&key), TG_ROWS_TO((struct org *)org_id, 1, &count));
    *found = count == 1;
    return status;
}

const struct tg_call *const tg_key_calls[] = {&find_api_key, NULL};
