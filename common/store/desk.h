// What operators ask for (sql/admin), orgs (sql/ingress), and both (sql/desk), each as a JSON
// document. See accept.h for what holds for all of common/store. What a function refuses,
// tg_store_failure tells (failure.h).
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

struct tg_call;

struct tg_operator {
    char name[65];
    char role[16]; // "viewer", "operator", "owner"
};

// The operator whose token has this SHA-256; *found is false if there is none, or it is revoked.
enum tg_pg_status tg_store_find_operator(struct tg_pg *pg,
                                         const unsigned char token_hash[static 32], bool *found,
                                         struct tg_operator *operator) TG_MUST_CHECK;

enum { TG_DESK_TEXTS_MAX = 3 };

// What the functions are asked with, each with some of it.
struct tg_desk_question {
    const char *actor;  // "operator:anna"
    const char *rights; // of the caller: "send,read"; "" of an operator
    struct tg_uuid org_id;
    bool has_org;
    struct tg_uuid id; // of a thing; or it is `n`, or `name`
    bool has_id;
    int64_t n;
    struct tg_span name;
    const char *texts[TG_DESK_TEXTS_MAX]; // to find by; NULL: not given
    struct tg_text find;                  // the same as a JSON object
    int64_t before;                       // of a list: only what stands before it
    struct tg_uuid before_id;
    bool has_before_id;
    const char *mark; // the same as the function has told it; NULL: from the beginning
    int64_t limit;
    struct tg_text body; // a JSON object
};

// Each is one SQL function of its name.
extern const struct tg_call tg_admin_create_org;
extern const struct tg_call tg_admin_change_org;
extern const struct tg_call tg_admin_suspend_org;
extern const struct tg_call tg_admin_resume_org;
extern const struct tg_call tg_admin_list_orgs;
extern const struct tg_call tg_admin_get_org;
extern const struct tg_call tg_admin_list_channels;
extern const struct tg_call tg_admin_get_channel;
extern const struct tg_call tg_admin_add_channel;
extern const struct tg_call tg_admin_change_channel;
extern const struct tg_call tg_admin_pause_channel;
extern const struct tg_call tg_admin_resume_channel;
extern const struct tg_call tg_admin_disable_channel;
extern const struct tg_call tg_admin_hand_over_channel;
extern const struct tg_call tg_admin_get_wallet;
extern const struct tg_call tg_admin_list_wallet_transactions;
extern const struct tg_call tg_admin_get_usage;
extern const struct tg_call tg_admin_credit_wallet;
extern const struct tg_call tg_admin_adjust_wallet;
extern const struct tg_call tg_admin_list_keys;
extern const struct tg_call tg_admin_create_key;
extern const struct tg_call tg_admin_change_key;
extern const struct tg_call tg_admin_revoke_key;
extern const struct tg_call tg_admin_create_console_link;
extern const struct tg_call tg_admin_list_sessions;
extern const struct tg_call tg_admin_revoke_session;
extern const struct tg_call tg_admin_list_operators;
extern const struct tg_call tg_admin_create_operator;
extern const struct tg_call tg_admin_change_operator;
extern const struct tg_call tg_admin_revoke_operator;
extern const struct tg_call tg_admin_list_audit_log;
extern const struct tg_call tg_admin_list_rules;
extern const struct tg_call tg_admin_get_rule;
extern const struct tg_call tg_admin_create_rule;
extern const struct tg_call tg_admin_change_rule;
extern const struct tg_call tg_admin_delete_rule;
extern const struct tg_call tg_admin_move_rule;
extern const struct tg_call tg_admin_list_rule_versions;
extern const struct tg_call tg_admin_get_rule_version;
extern const struct tg_call tg_admin_restore_rule;
extern const struct tg_call tg_admin_list_events;
extern const struct tg_call tg_admin_list_templates;
extern const struct tg_call tg_admin_get_template;
extern const struct tg_call tg_admin_list_media;
extern const struct tg_call tg_admin_list_error_rules;
extern const struct tg_call tg_admin_change_error_rule;
extern const struct tg_call tg_admin_list_dead_letters;
extern const struct tg_call tg_admin_get_dead_letter;
extern const struct tg_call tg_admin_replay_dead_letter;
extern const struct tg_call tg_admin_dismiss_dead_letter;
extern const struct tg_call tg_admin_list_alerts;
extern const struct tg_call tg_admin_acknowledge_alert;
extern const struct tg_call tg_admin_find_messages;
extern const struct tg_call tg_admin_get_message;
extern const struct tg_call tg_admin_overview;
extern const struct tg_call tg_admin_get_token_keys;
extern const struct tg_call tg_admin_rotate_keys;

// Makes one of these calls; fills an empty `document`, which is the caller's to finish.
enum tg_pg_status tg_store_desk(struct tg_pg *pg, const struct tg_call *call,
                                const struct tg_desk_question *question,
                                struct tg_text *document) TG_MUST_CHECK;
