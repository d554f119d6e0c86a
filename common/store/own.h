// What orgs ask for of what is theirs (sql/ingress), each as a JSON document, by tg_store_desk
// (desk.h).
#pragma once

struct tg_call;

extern const struct tg_call tg_list_channels;
extern const struct tg_call tg_get_channel;
extern const struct tg_call tg_list_keys;
extern const struct tg_call tg_create_key;
extern const struct tg_call tg_change_key;
extern const struct tg_call tg_revoke_key;
extern const struct tg_call tg_get_settings;
extern const struct tg_call tg_change_settings;
extern const struct tg_call tg_create_link;
