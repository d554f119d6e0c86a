#include "ingress/admin/endpoints.h"

#include "common/settings/settings.h"

static bool name_newest(const void *settings, struct tg_desk_question *question,
                        struct json_object *body, struct tg_error *error)
{
    (void)question, (void)error;
    const struct tg_settings *own = settings;
    char newest[TG_KEY_ID_SIZE];
    if (tg_keyring_newest(own->token_keys, newest))
        json_object_object_add(body, "newest", json_object_new_string(newest));
    return true;
}

static bool read_keys(const void *settings, struct tg_desk_question *question,
                      struct json_object *body, struct tg_error *error)
{
    struct tg_error why;
    if (!tg_settings_reread_keys(settings, &why))
        return tg_error_set(error, "conflict", NULL, "%s", why.message);
    return name_newest(settings, question, body, error);
}

const struct endpoint token_key_endpoints[] = {
    {.method = "GET",
     .path = "/admin/token-keys",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_get_token_keys, .prepare = name_newest),
     .says = "Under which keys access tokens stand sealed.",
     .answer = "TokenKeys"},
    {.method = "POST",
     .path = "/admin/rotate-keys",
     .who = CALLER_OPERATOR,
     .role = ROLE_OWNER,
     DESK_TASK(.call = &tg_admin_rotate_keys, .prepare = read_keys),
     .says = "Has all access tokens sealed under the newest key.",
     .answer = "TokenKeys"},
    {0},
};
