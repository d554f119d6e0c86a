// What orgs ask for of their contacts (sql/ingress): by tg_store_desk (desk.h) as JSON documents,
// or by a function of its own. See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"
#include "common/words/phone.h"

struct tg_call;

extern const struct tg_call tg_list_contacts;
extern const struct tg_call tg_get_contact;
extern const struct tg_call tg_create_contact;
extern const struct tg_call tg_change_contact;
extern const struct tg_call tg_opt_contact_out;
extern const struct tg_call tg_opt_contact_in;
extern const struct tg_call tg_forget_contact;

// A contact as a file has it. What is empty the file does not say.
struct tg_imported {
    char phone[TG_PHONE_SIZE];
    struct tg_text name;
    char language[16];
    struct tg_text tags; // with commas between
};

enum tg_import_outcome {
    TG_IMPORT_SAME, // or one that this version does not know
    TG_IMPORT_CREATED,
    TG_IMPORT_CHANGED,
    TG_IMPORT_FULL // has no room for the tags, and is as it was
};

// Keeps up to TG_BATCH_MAX of them, in their order; outcomes[i] is of items[i].
enum tg_pg_status tg_store_import_contacts(struct tg_pg *pg, const char *actor,
                                           struct tg_uuid org_id, const struct tg_imported *items,
                                           size_t n,
                                           enum tg_import_outcome *outcomes) TG_MUST_CHECK;
