// Under whose token a call of the Cloud API is relayed. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"

// What the id in a call's path is to the org (sql/relay/find_relayed.sql).
enum tg_relayed_kind { TG_RELAYED_NODE, TG_RELAYED_NUMBER, TG_RELAYED_ACCOUNT };

struct tg_call;

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

// Of a change of templates: the template, or the channel whose account it is in.
struct tg_template_question {
    struct tg_uuid org_id;
    const char *id; // "": a new one
    struct tg_uuid channel_id;
    bool has_channel;
    const char *phone_number_id; // "": the default
};

struct tg_template_call {
    char waba_id[33];
    char name[513]; // of the template; "": of a new one
    struct tg_relayed relayed;
};

// The same for changes of templates (sql/relay/find_template_call.sql).
enum tg_pg_status tg_store_find_template_call(struct tg_pg *pg,
                                              const struct tg_template_question *question,
                                              bool *found,
                                              struct tg_template_call *call) TG_MUST_CHECK;

// Has Meta asked soon for the templates of the account of that id, or of the template of that id.
enum tg_pg_status tg_store_renew_templates(struct tg_pg *pg,
                                           const struct tg_relay_question *question) TG_MUST_CHECK;

// Meta is about to be asked to delete what has that id.
enum tg_pg_status tg_store_forget_media_at_meta(
    struct tg_pg *pg, const struct tg_relay_question *question) TG_MUST_CHECK;

// What Meta has done, by tg_store_desk (desk.h): `name` is the account's id, or the template's;
// `body` what it was asked, `find` what it has answered.
extern const struct tg_call tg_keep_new_template;
extern const struct tg_call tg_keep_template_change;
extern const struct tg_call tg_keep_template_deletion;
