// Under whose token a call of the Cloud API is relayed. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"

// What the id in a call's path is to the org (sql/relay/find_relayed.sql).
enum tg_relayed_kind { TG_RELAYED_NODE, TG_RELAYED_NUMBER, TG_RELAYED_ACCOUNT };

struct tg_relay_question {
    struct tg_uuid org_id;
    const char *id; // "": there is none
    const char
        *phone_number_id; // which number is meant where the id does not say it; "": the default
};

struct tg_relayed {
    enum tg_relayed_kind kind;
    struct tg_uuid channel_id;
    char phone_number_id[33];
    struct tg_text access_token; // as it stands, sealed or not; the caller's to wipe
    bool is_suspended;           // the org is
    bool must_hear; // it gets back what is not told delivered (organizations.undelivered_after)
};

enum tg_pg_status tg_store_find_relayed(struct tg_pg *pg, const struct tg_relay_question *question,
                                        bool *found, struct tg_relayed *relayed) TG_MUST_CHECK;
