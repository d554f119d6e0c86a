#include "common/store/own.h"

#include "common/store/desk_calls.h"

READ(list_channels, ORG, PAGE_BY_ID);
READ(get_channel, ORG, NAME("p_name"));

READ(list_keys, ORG, PAGE_BY_ID);
CHANGE(create_key, RIGHTS, ORG, BODY);
CHANGE(change_key, RIGHTS, ORG, ID("p_id"), BODY);
CHANGE(revoke_key, ORG, ID("p_id"));

READ(get_settings, ORG);
CHANGE(change_settings, ORG, BODY);
CHANGE(create_link, RIGHTS, ORG, BODY);

const struct tg_call *const tg_own_calls[] = {
    &tg_list_channels, &tg_get_channel,  &tg_list_keys,       &tg_create_key,  &tg_change_key,
    &tg_revoke_key,    &tg_get_settings, &tg_change_settings, &tg_create_link, NULL};
