// What orgs ask for of what is theirs (sql/ingress), and operators of their endpoints too
// (sql/desk), each as a JSON document, by tg_store_desk (desk.h).
#pragma once

struct tg_call;

extern const struct tg_call tg_list_channels;
extern const struct tg_call tg_get_channel;
extern const struct tg_call tg_list_templates;
extern const struct tg_call tg_get_template;
extern const struct tg_call tg_list_keys;
extern const struct tg_call tg_create_key;
extern const struct tg_call tg_change_key;
extern const struct tg_call tg_revoke_key;
extern const struct tg_call tg_get_settings;
extern const struct tg_call tg_change_settings;
extern const struct tg_call tg_create_link;
extern const struct tg_call tg_list_endpoints;
extern const struct tg_call tg_get_endpoint;
extern const struct tg_call tg_create_endpoint;
extern const struct tg_call tg_change_endpoint;
extern const struct tg_call tg_delete_endpoint;
extern const struct tg_call tg_rotate_endpoint_secret;
extern const struct tg_call tg_test_endpoint;
extern const struct tg_call tg_recover_endpoint;
extern const struct tg_call tg_list_deliveries;
extern const struct tg_call tg_get_delivery;
extern const struct tg_call tg_resend_delivery;
extern const struct tg_call tg_list_own_rules;
extern const struct tg_call tg_get_rule;
extern const struct tg_call tg_create_rule;
extern const struct tg_call tg_change_rule;
extern const struct tg_call tg_delete_rule;
extern const struct tg_call tg_move_rule;
extern const struct tg_call tg_list_rule_versions;
extern const struct tg_call tg_get_rule_version;
extern const struct tg_call tg_restore_rule;
extern const struct tg_call tg_list_media;
extern const struct tg_call tg_delete_media;
