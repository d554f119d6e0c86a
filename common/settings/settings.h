// Settings come from the environment, or from a file that it names, and from one table
// (settings.c), which is also what --help, --env-example and the check at start are made from.
// Nothing else reads the environment for itself
// (but stop points, in builds for tests); libraries do, such as libpq its PG variables.
#pragma once

#include "common/base/error.h"
#include "common/base/network.h"
#include "common/base/shared_text.h"
#include "common/crypto/keyring.h"
#include "common/service/listen.h"
#include "common/service/log.h"
#include "common/tls/tls.h"

#include <stdint.h>

enum tg_daemon { TG_INGRESS = 1, TG_WORKER = 2 };
enum tg_auth { TG_AUTH_KEYS, TG_AUTH_TRUSTED };
enum tg_repeats { TG_REPEATS_JOIN, TG_REPEATS_SEND };
enum tg_unsigned { TG_UNSIGNED_REFUSE, TG_UNSIGNED_ACCEPT };
enum tg_role {
    TG_ROLE_SEND = 1,
    TG_ROLE_INBOUND = 2,
    TG_ROLE_JANITOR = 4,
    TG_ROLE_NOTIFY = 8,
    TG_ROLE_MEDIA = 16
};

// What is shared or atomic may change while the daemon runs (tg_settings_reread).
struct tg_settings {
    const char *postgres_url;
    const char *redis_url;
    struct tg_address listen;
    struct tg_address admin_listen;
    // With both of them there is /admin, on the admin listener of ingress; "": none.
    const char *admin_token;
    const char *operator_postgres_url;
    const char *tls_cert; // with tls_key; "": none. Likewise the next two.
    const char *tls_key;
    const char *admin_tls_cert;
    const char *admin_tls_key;
    struct tg_tls *tls; // NULL: plain HTTP
    struct tg_tls *admin_tls;
    struct tg_networks trusted_proxies;
    const char *jwt_secret; // "", here and below: none
    const char *jwks_file;
    const char *jwks_url;
    const char *jwks_ca_file;
    const char *jwt_issuer;
    const char *jwt_audience;
    const char *jwt_org_claim;
    const char *jwt_rights_claim;
    const char *cors_origins;      // separated by commas; "": none
    _Atomic int64_t send_waits_s;  // of a send that does not say it; 0: it does not wait
    _Atomic int64_t cloud_waits_s; // likewise, by Meta's own API
    // Calls a second, and failures; 0: as many as they like.
    _Atomic int64_t rate_per_key;
    _Atomic int64_t rate_per_org;
    _Atomic int64_t rate_per_address;
    _Atomic int64_t rate_of_failures;
    struct tg_shared_text *app_secrets; // as above; NULL for a worker without the role inbound
    struct tg_shared_text *verify_token;
    int64_t http_threads;
    int64_t lanes;
    int64_t partitions;
    const char *graph_url; // without a trailing slash
    const char *graph_version;
    int64_t graph_timeout_ms;
    struct tg_shared_text *graph_app_secret; // "": none
    const char *media_hosts;                 // separated by commas; NULL: of no use here
    const char *media_store;                 // "", or NULL: files are not kept
    const char *media_store_region;          // of a bucket; likewise the next two
    const char *media_store_key_id;
    const char *media_store_secret;
    const char *public_url;             // "": none; without a trailing slash
    struct tg_networks notify_networks; // inner ones where endpoints may be all the same
    const char *notify_ca_file;         // "": the system's
    const char *token_keys_file;        // "": none
    struct tg_keyring *token_keys;      // what it has
    _Atomic int64_t send_concurrency;
    _Atomic int64_t confirmation_window_s;
    _Atomic int64_t reply_within_s;
    _Atomic int64_t events_kept_days;
    _Atomic int64_t look_interval_s; // 0: numbers are not looked at
    const char *settings_file;       // "": none
    enum tg_auth auth;
    enum tg_repeats cloud_repeats;
    enum tg_unsigned unsigned_webhooks;
    unsigned worker_roles;          // of enum tg_role
    unsigned jwt_rights;            // a bit for each of send, read, manage, money, keys
    enum tg_log_level log_level;    // the log itself has it from the start on
    enum tg_log_level log_messages; // debug or info
    enum tg_log_format log_format;
    bool relay;
    bool allow_owner;
    bool admin_insecure; // also where others could read what operators send
    bool auth_trusted_anywhere;
    bool jwt_anonymous;
    bool docs; // each listener describes itself
};

// Reads every setting of `daemon`, and of a worker's roles, from the environment, and what is not
// there from the file that TOLLGATE_SETTINGS_FILE names. A missing or wrong one: false, and
// `error->message` is one line that begins with the setting's name and never holds the value of a
// secret. The strings in `settings` live until the next call. Certificates and keys are read, too.
bool tg_settings_read(enum tg_daemon daemon, struct tg_settings *settings,
                      struct tg_error *error) TG_MUST_CHECK;

// Do operators have a desk, /admin? A worker's never do.
bool tg_settings_has_desk(const struct tg_settings *settings);

// May `settings` trust whoever reaches the address where they listen? Part of reading them; again
// once that address is another.
bool tg_settings_check_trust(const struct tg_settings *settings,
                             struct tg_error *error) TG_MUST_CHECK;

// Are JWTs taken?
bool tg_settings_take_jwts(const struct tg_settings *settings);

// Reads the file again, for the `struct tg_settings` (`context`) that were read last. What is
// shared or atomic in it, and the log's levels, are the new ones from then on; one line tells by
// name what has changed, and what will at the next start ("settings_reread"). If anything is wrong
// ("settings_refused"), or there is no file ("settings_kept"), all stays as it is. However that
// ends, certificates are read again too (tls.h), and the file of token keys, and if anything is
// wrong with it, the keys stay as they are ("token_keys_reread", "token_keys_refused"). For the
// thread that has read them.
void tg_settings_reread(void *context);

// The file of token keys alone; with none there is nothing to read. False, with one line that
// begins with the setting's name: the keys stay as they are. Logs as above. Thread-safe.
bool tg_settings_reread_keys(const struct tg_settings *settings,
                             struct tg_error *error) TG_MUST_CHECK;

// Nobody uses the settings any more, but for a thread that hangs: what of them is secret is wiped,
// also in the environment.
void tg_settings_forget(struct tg_settings *settings);

// How many of the messages that a worker may have in hand (send_concurrency) its limit of open
// files has room for: each may need a connection. One at least; logs if it is not all of them.
int64_t tg_settings_places(const struct tg_settings *settings);

// How many requests to endpoints its limit of open files has room for beside these; at the most
// TG_NOTIFY_CALLS_MAX, and at the least TG_NOTIFY_CALLS_LEAST.
size_t tg_settings_calls(const struct tg_settings *settings);

// How long a request may take that has so many bytes with it, either way: as long as Meta may take
// to answer (graph_timeout_ms), and more for what is large. And for how many seconds nothing of it
// may move.
int tg_settings_transfer_ms(const struct tg_settings *settings, size_t bytes);
int tg_settings_stall_s(const struct tg_settings *settings);

// What main does with its arguments: --help, --version, --env-example print and --check reads the
// settings and says "settings are good", and what they mean in practice; with none of them the
// settings are read. Returns TG_SETTINGS_RUN if the daemon is to run with `settings`,
// TG_SETTINGS_CONNECT if it is to try what they name (--check --connect), else the exit status
// (TG_EXIT_SETTINGS: wrong use or wrong settings, said on standard error in one line). When the
// settings are good it also starts the log (log.h) as they say, and warns there of TOLLGATE_
// variables, and names in the file, that no daemon knows ("unknown_setting_ignored": a typing
// error, most likely), of a worker that
// has no keys to seal access tokens under ("token_keys_missing"), of words that are taken for one
// more version ("former_word_taken"), and of secrets that are short or stand in documents
// ("weak_secret"), and tells what of the file does not count since the environment has something
// else ("setting_overridden").
enum { TG_SETTINGS_RUN = -1, TG_SETTINGS_CONNECT = -2, TG_EXIT_SETTINGS = 2 };
int tg_settings_main(enum tg_daemon daemon, int argc, char **argv, struct tg_settings *settings);
