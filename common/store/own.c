#include "common/store/own.h"

#include "common/store/desk_calls.h"

READ(list_channels, ORG, PAGE_BY_ID);
READ(get_channel, ORG, NAME("p_name"));

READ(list_templates, ORG, FOUND, PAGE);
READ(get_template, ORG, NAME("p_name"));

READ(list_keys, ORG, PAGE_BY_ID);
CHANGE(create_key, RIGHTS, ORG, BODY);
CHANGE(change_key, RIGHTS, ORG, ID("p_id"), BODY);
CHANGE(revoke_key, ORG, ID("p_id"));

READ(get_settings, ORG);
CHANGE(change_settings, ORG, BODY);
CHANGE(create_link, RIGHTS, ORG, BODY);

CHANGE(create_endpoint, ORG, BODY);
CHANGE(delete_endpoint, ORG, ID("p_id"));
CHANGE(rotate_endpoint_secret, ORG, ID("p_id"), BODY);
READ(list_endpoints, ORG, PAGE_BY_ID);
READ(get_endpoint, ORG, ID("p_id"));
CHANGE(change_endpoint, ORG, ID("p_id"), BODY);
CHANGE(test_endpoint, ORG, ID("p_id"));
CHANGE(recover_endpoint, ORG, ID("p_id"), BODY);
READ(list_deliveries, ORG, ID("p_id"), FOUND, PAGE_BY_MARK);
READ(get_delivery, ORG, ID("p_id"), NAME("p_event"));
CHANGE(resend_delivery, ORG, ID("p_id"), NAME("p_event"));

READ(list_own_rules, ORG, PAGE_BY_ID);
READ(get_rule, ORG, ID("p_id"));
CHANGE(create_rule, ORG, BODY);
CHANGE(change_rule, ORG, ID("p_id"), BODY);
CHANGE(delete_rule, ORG, ID("p_id"));
CHANGE(move_rule, ORG, ID("p_id"), BODY);
READ(list_rule_versions, ORG, ID("p_id"), PAGE);
READ(get_rule_version, ORG, ID("p_id"), N("p_n"));
CHANGE(restore_rule, ORG, ID("p_id"), N("p_n"));
READ(list_media, ORG, PAGE_BY_ID);
CHANGE(delete_media, ORG, ID("p_id"));

const struct tg_call *const tg_own_calls[] = {&tg_list_channels,      &tg_get_channel,
                                              &tg_list_templates,     &tg_get_template,
                                              &tg_list_keys,          &tg_create_key,
                                              &tg_change_key,         &tg_revoke_key,
                                              &tg_get_settings,       &tg_change_settings,
                                              &tg_create_link,        &tg_create_endpoint,
                                              &tg_delete_endpoint,    &tg_rotate_endpoint_secret,
                                              &tg_list_own_rules,     &tg_get_rule,
                                              &tg_create_rule,        &tg_change_rule,
                                              &tg_delete_rule,        &tg_move_rule,
                                              &tg_list_rule_versions, &tg_get_rule_version,
                                              &tg_restore_rule,       &tg_list_media,
                                              &tg_delete_media,       NULL};

const struct tg_call *const tg_endpoint_calls[] = {
    &tg_list_endpoints, &tg_get_endpoint,     &tg_change_endpoint,
    &tg_test_endpoint,  &tg_recover_endpoint, &tg_list_deliveries,
    &tg_get_delivery,   &tg_resend_delivery,  NULL};
