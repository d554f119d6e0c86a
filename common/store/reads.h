// Reads for the outer interface. See accept.h for what holds for all. *found is false if there is
// no such thing.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/words/result.h"

struct tg_region {
    char code[3]; // of ISO 3166-1
};

// Where an org's numbers without country code are at home.
enum tg_pg_status tg_store_get_default_country(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                               struct tg_region *region) TG_MUST_CHECK;

// What came of a message, for who waits for it.
enum tg_pg_status tg_store_get_result(struct tg_pg *pg, struct tg_uuid org_id,
                                      struct tg_uuid message_id, bool *found,
                                      struct tg_result *result) TG_MUST_CHECK;

// The org's message that Meta knows by this id; *found is false if it has none.
enum tg_pg_status tg_store_find_message(struct tg_pg *pg, struct tg_uuid org_id, const char *wamid,
                                        bool *found, struct tg_uuid *message_id) TG_MUST_CHECK;

// The same for who is told it as Meta's API would.
enum tg_pg_status tg_store_get_cloud_result(struct tg_pg *pg, struct tg_uuid org_id,
                                            struct tg_uuid message_id, bool *found,
                                            struct tg_result *result) TG_MUST_CHECK;

// Each fills an empty `json` with a JSON document, which is the caller's to finish.
enum tg_pg_status tg_store_get_message(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, bool *found,
                                       struct tg_text *json) TG_MUST_CHECK;
enum tg_pg_status tg_store_get_wallet(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                      struct tg_text *json) TG_MUST_CHECK;
// Pages, newest first; only rows with an id below `before` (0: from the newest).
enum tg_pg_status tg_store_list_wallet_transactions(struct tg_pg *pg, struct tg_uuid org_id,
                                                    int64_t before, int64_t limit, bool *found,
                                                    struct tg_text *json) TG_MUST_CHECK;
enum tg_pg_status tg_store_list_account_notices(struct tg_pg *pg, struct tg_uuid org_id,
                                                int64_t before, int64_t limit, bool *found,
                                                struct tg_text *json) TG_MUST_CHECK;
