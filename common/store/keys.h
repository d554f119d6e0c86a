// API keys. See accept.h for what holds for all.
#pragma once

#include "common/base/uuid7.h"
#include "common/pg/pg.h"

// The org of an API key, by the SHA-256 of the key. *found is false for an unknown or revoked one.
enum tg_pg_status tg_store_find_api_key(struct tg_pg *pg, const unsigned char key_hash[static 32],
                                        bool *found, struct tg_uuid *org_id) TG_MUST_CHECK;
