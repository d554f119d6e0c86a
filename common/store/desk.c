#include "common/store/desk.h"

#include "common/store/calls.h"
#include "common/store/desk_calls.h"

#include <string.h>

struct token_question {
    unsigned char token_hash[32];
};

static const struct tg_call find_operator = {
    .name = "admin_find_operator",
    .one = TG_FIELDS(BYTES("p_token_hash", token_question, token_hash)),
    .out = TG_FIELDS(TEXT("name", tg_operator, name), TEXT("role", tg_operator, role)),
};

enum tg_pg_status tg_store_find_operator(struct tg_pg *pg,
                                         const unsigned char token_hash[static 32], bool *found,
                                         struct tg_operator *operator)
{
    struct token_question question;
    memcpy(question.token_hash, token_hash, sizeof question.token_hash);
    return tg_pg_call(pg, &find_operator, TG_ONE(&question), TG_ROW_IF(operator, found));
}

CHANGE(admin_create_org, BODY);
CHANGE(admin_change_org, ORG, BODY);
CHANGE(admin_suspend_org, ORG);
CHANGE(admin_resume_org, ORG);
READ(admin_list_orgs, FIND(0, "p_name"), PAGE_BY_ID);
READ(admin_get_org, ORG);
READ(admin_list_channels, ORG, PAGE_BY_ID);
READ(admin_get_channel, ORG, ID("p_id"));
CHANGE(admin_add_channel, ORG, BODY);
CHANGE(admin_change_channel, ORG, ID("p_id"), BODY);
CHANGE(admin_pause_channel, ORG, ID("p_id"));
CHANGE(admin_resume_channel, ORG, ID("p_id"));
CHANGE(admin_disable_channel, ORG, ID("p_id"));
CHANGE(admin_hand_over_channel, ORG, ID("p_id"), BODY);
READ(admin_get_wallet, ORG);
READ(admin_list_wallet_transactions, ORG, PAGE);
READ(admin_get_usage, ORG, FOUND);
CHANGE(admin_credit_wallet, ORG, BODY);
CHANGE(admin_adjust_wallet, ORG, BODY);
READ(admin_list_keys, ORG, PAGE_BY_ID);
CHANGE(admin_create_key, ORG, BODY);
CHANGE(admin_change_key, ORG, ID("p_id"), BODY);
CHANGE(admin_revoke_key, ORG, ID("p_id"));
CHANGE(admin_create_console_link, ORG, BODY);
READ(admin_list_sessions, ORG, PAGE_BY_ID);
CHANGE(admin_revoke_session, ORG, ID("p_id"));

READ(admin_list_operators, PAGE_BY_ID);
CHANGE(admin_create_operator, BODY);
CHANGE(admin_change_operator, NAME("p_name"), BODY);
CHANGE(admin_revoke_operator, NAME("p_name"));
READ(admin_list_audit_log, ORG_IF, FIND(0, "p_actor_is"), FIND(1, "p_object"), PAGE);

READ(admin_list_rules, ORG, PAGE_BY_ID);
READ(admin_get_rule, ORG, ID("p_id"));
CHANGE(admin_create_rule, ORG, BODY);
CHANGE(admin_change_rule, ORG, ID("p_id"), BODY);
CHANGE(admin_delete_rule, ORG, ID("p_id"));
CHANGE(admin_move_rule, ORG, ID("p_id"), BODY);
READ(admin_list_rule_versions, ORG, ID("p_id"), PAGE);
READ(admin_get_rule_version, ORG, ID("p_id"), N("p_n"));
CHANGE(admin_restore_rule, ORG, ID("p_id"), N("p_n"));
const struct tg_call tg_admin_list_error_rules = {
    .name = "admin_list_error_rules",
    .out = TG_FIELDS(VALUE("admin_list_error_rules", JSON, struct tg_text)),
    .only_reads = true};
CHANGE(admin_change_error_rule, NAME("p_outcome"), BODY);
READ(admin_list_events, ORG, FOUND, PAGE_BY_MARK);
READ(admin_list_templates, ORG, FOUND, PAGE);
READ(admin_get_template, ORG, NAME("p_name"));
READ(admin_list_media, ORG, PAGE_BY_ID);
READ(admin_list_dead_letters, ORG_IF, FIND(0, "p_reason"), PAGE);
READ(admin_get_dead_letter, N("p_n"));
CHANGE(admin_replay_dead_letter, N("p_n"));
CHANGE(admin_dismiss_dead_letter, N("p_n"), BODY);
READ(admin_list_alerts, ORG_IF, FIND(0, "p_state"), PAGE);
CHANGE(admin_acknowledge_alert, N("p_n"));
READ(admin_find_messages, FIND(0, "p_id_is"), FIND(1, "p_wamid"), FIND(2, "p_phone"), PAGE_BY_ID);
READ(admin_get_message, ID("p_id"));
const struct tg_call tg_admin_overview = {
    .name = "admin_overview",
    .out = TG_FIELDS(VALUE("admin_overview", JSON, struct tg_text)),
    .only_reads = true};

READ(admin_get_token_keys, BODY);
CHANGE(admin_rotate_keys, BODY);

enum tg_pg_status tg_store_desk(struct tg_pg *pg, const struct tg_call *call,
                                const struct tg_desk_question *question, struct tg_text *document)
{
    return tg_pg_call(pg, call, TG_ONE(question), TG_ROWS(document, 1));
}

const struct tg_call *const tg_desk_calls[] = {&find_operator,
                                               &tg_admin_create_org,
                                               &tg_admin_change_org,
                                               &tg_admin_suspend_org,
                                               &tg_admin_resume_org,
                                               &tg_admin_list_orgs,
                                               &tg_admin_get_org,
                                               &tg_admin_list_channels,
                                               &tg_admin_get_channel,
                                               &tg_admin_add_channel,
                                               &tg_admin_change_channel,
                                               &tg_admin_pause_channel,
                                               &tg_admin_resume_channel,
                                               &tg_admin_disable_channel,
                                               &tg_admin_hand_over_channel,
                                               &tg_admin_get_wallet,
                                               &tg_admin_list_wallet_transactions,
                                               &tg_admin_get_usage,
                                               &tg_admin_credit_wallet,
                                               &tg_admin_adjust_wallet,
                                               &tg_admin_list_keys,
                                               &tg_admin_create_key,
                                               &tg_admin_change_key,
                                               &tg_admin_revoke_key,
                                               &tg_admin_create_console_link,
                                               &tg_admin_list_sessions,
                                               &tg_admin_revoke_session,
                                               &tg_admin_list_operators,
                                               &tg_admin_create_operator,
                                               &tg_admin_change_operator,
                                               &tg_admin_revoke_operator,
                                               &tg_admin_list_audit_log,
                                               &tg_admin_list_rules,
                                               &tg_admin_get_rule,
                                               &tg_admin_create_rule,
                                               &tg_admin_change_rule,
                                               &tg_admin_delete_rule,
                                               &tg_admin_move_rule,
                                               &tg_admin_list_rule_versions,
                                               &tg_admin_get_rule_version,
                                               &tg_admin_restore_rule,
                                               &tg_admin_list_events,
                                               &tg_admin_list_templates,
                                               &tg_admin_get_template,
                                               &tg_admin_list_media,
                                               &tg_admin_change_error_rule,
                                               &tg_admin_list_dead_letters,
                                               &tg_admin_get_dead_letter,
                                               &tg_admin_replay_dead_letter,
                                               &tg_admin_dismiss_dead_letter,
                                               &tg_admin_list_alerts,
                                               &tg_admin_acknowledge_alert,
                                               &tg_admin_find_messages,
                                               &tg_admin_get_message,
                                               &tg_admin_list_error_rules,
                                               &tg_admin_overview,
                                               &tg_admin_get_token_keys,
                                               &tg_admin_rotate_keys,
                                               NULL};
