// Settings come from the environment and from one table (settings.c), which is also what --help,
// --env-example and the check at start are made from. Nothing else reads the environment for itself
// (but stop points, in builds for tests); libraries do, such as libpq its PG variables.
#pragma once

#include "common/base/error.h"
#include "common/service/listen.h"
#include "common/service/log.h"

#include <stdint.h>

enum tg_daemon { TG_INGRESS = 1, TG_WORKER = 2 };
enum tg_auth { TG_AUTH_KEYS, TG_AUTH_TRUSTED };
enum tg_unsigned { TG_UNSIGNED_REFUSE, TG_UNSIGNED_ACCEPT };
enum tg_role { TG_ROLE_SEND = 1, TG_ROLE_INBOUND = 2, TG_ROLE_JANITOR = 4 };

struct tg_settings {
    const char *postgres_url;
    const char *redis_url;
    struct tg_address listen;
    struct tg_address admin_listen;
    enum tg_auth auth;
    bool auth_trusted_anywhere;
    const char *cors_origins; // separated by commas; "": none
    int64_t send_waits_s;     // of a send that does not say it; 0: it does not wait
    const char *app_secrets;  // separated by commas; NULL for a worker without the role inbound
    enum tg_unsigned unsigned_webhooks;
    const char *verify_token;
    int64_t http_threads;
    int64_t lanes;
    int64_t partitions;
    const char *graph_url; // without a trailing slash
    const char *graph_version;
    int64_t graph_timeout_ms;
    const char *graph_app_secret; // "": none
    unsigned worker_roles;        // of enum tg_role
    int64_t send_concurrency;
    int64_t confirmation_window_s;
    int64_t reply_within_s;
    enum tg_log_level log_level;
    enum tg_log_format log_format;
};

// Reads every setting of `daemon`, and of a worker's roles, from the environment. A missing or
// wrong one: false, and `error->message` is one line that begins with the setting's name and never
// holds the value of a secret. Strings in `settings` live as long as the environment.
bool tg_settings_read(enum tg_daemon daemon, struct tg_settings *settings,
                      struct tg_error *error) TG_MUST_CHECK;

// How many of the messages that a worker may have in hand (send_concurrency) its limit of open
// files has room for: each may need a connection. One at least; logs if it is not all of them.
int64_t tg_settings_places(const struct tg_settings *settings);

// What main does with its arguments: --help, --version, --env-example print and --check reads the
// settings and says "settings are good", and what they mean in practice; with none of them the
// settings are read. Returns -1 if the daemon is to run with `settings`, else the exit status (2:
// wrong use or wrong settings, said on standard error in one line). When the settings are good it
// also starts the log (log.h) as they say, and warns there of TOLLGATE_ variables that no daemon
// knows ("unknown_setting_ignored": a typing error, most likely) and of words that are taken for
// one more version ("former_word_taken").
int tg_settings_main(enum tg_daemon daemon, int argc, char **argv, struct tg_settings *settings);
