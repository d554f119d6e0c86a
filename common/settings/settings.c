#include "common/settings/settings.h"

#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/limits.h"
#include "common/pg/pg.h"
#include "common/redis/redis.h"
#include "common/service/service.h"
#include "common/settings/file.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "TOLLGATE_";
static const char file_setting[] = "TOLLGATE_SETTINGS_FILE"; // the environment's alone

// What is shorter could be guessed; Meta's have 32 digits.
enum { SECRET_LEAST = 16 };

struct setting;

// Reads `value` into `target`, whose type the kind of setting fixes; false, with the target in no
// certain state, if the value has not the setting's shape.
typedef bool setting_parse(const struct setting *setting, const char *value, void *target);

struct setting {
    const char *name;
    setting_parse *parse;
    size_t offset;                    // of the target in struct tg_settings
    const char *standard;             // the default, "" for none; NULL: the setting is required
    bool (*check)(const char *value); // of a text; NULL: any
    int64_t lowest;                   // of an integer
    int64_t highest;                  // of an integer
    const char *const *words; // of a choice or a set, in the order of their enum; NULL at the end
    // Words of the version before, which are still taken, each followed by what it is now; NULL at
    // the end, or altogether.
    const char *const *former;
    const char *shape; // what it "must be", where the words or bounds do not say it
    const char *help;
    const char *example; // of a required setting, which has to be changed before it works
    unsigned daemons;    // of enum tg_daemon
    unsigned
        roles;   // of enum tg_role: a worker without any of them has no such setting; 0: each has
    bool secret; // its value is never shown
    bool chosen; // a secret that somebody may have chosen badly
    bool live;   // a new value in the file counts from SIGHUP on
    // Prints what the settings mean in practice, for --check; NULL: nothing.
    void (*tell)(const struct tg_settings *settings);
};

// After a comma a space is a slip, and with it no signature would ever be right.
static bool is_secrets(const char *value)
{
    int secrets = 0;
    for (const char *secret = value;; secret++) {
        size_t length = strcspn(secret, ", \t\r\n");
        if (length == 0 || ++secrets > TG_SECRETS_MAX)
            return false;
        secret += length;
        if (*secret != ',')
            return *secret == '\0';
    }
}

// None at all is fine.
static bool is_secret(const char *value)
{
    return value[strcspn(value, ", \t\r\n")] == '\0';
}

static bool is_no_or_good_url(const char *value)
{
    return *value == '\0' || tg_pg_url_check(value);
}

// As browsers send them: a scheme and a host, with a port where it is not the scheme's; no path.
static bool is_origins(const char *value)
{
    for (const char *origin = value; *origin;) {
        size_t length = strcspn(origin, ",");
        size_t scheme = strncmp(origin, "https://", 8) == 0 ? 8 : 7;
        if ((scheme == 7 && strncmp(origin, "http://", 7) != 0) || length == scheme ||
            strcspn(origin + scheme, ",/?#@*\"\\ \t\r\n") != length - scheme)
            return false;
        origin += length + (origin[length] == ',' && origin[length + 1] != '\0');
        if (*origin == ',')
            return false;
    }
    return true;
}

// A path is appended to it, so it has neither a query nor a slash at its end.
static bool is_http_url(const char *value)
{
    size_t scheme = strncmp(value, "https://", 8) == 0 ? 8 : 7;
    size_t length = strlen(value);
    if ((scheme == 7 && strncmp(value, "http://", 7) != 0) || length == scheme ||
        value[scheme] == '/' || value[length - 1] == '/')
        return false;
    for (const char *c = value; *c; c++) {
        if (*c <= ' ' || *c > '~' || strchr("?#@\"\\<>", *c))
            return false;
    }
    return true;
}

static bool is_no_or_good_http_url(const char *value)
{
    return *value == '\0' || is_http_url(value);
}

// A text without control characters, as a file with other line ends would bring along.
static bool is_on_one_line(const char *value)
{
    while ((unsigned char)*value >= ' ' && *value != 0x7f)
        value++;
    return *value == '\0';
}

static bool is_region(const char *value)
{
    size_t length =
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return length > 0 && length <= 64 && value[length] == '\0';
}

// A bucket is named behind the host, and perhaps a folder in it, by what needs no encoding.
static bool is_bucket_url(const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/";
    if (!is_http_url(value))
        return false;
    const char *path = strchr(strstr(value, "://") + 3, '/');
    return path && path[strspn(path, plain)] == '\0' && !strstr(path, "//") && !strstr(path, "..");
}

static bool is_no_or_good_store(const char *value)
{
    return *value == '\0' || (*value == '/' ? is_on_one_line(value) : is_bucket_url(value));
}

static bool is_hosts(const char *value)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    while (*value) {
        size_t length = strspn(value, letters);
        if (length == 0)
            return false;
        value += length;
        if (*value == ',' && value[1] != '\0')
            value++;
        else if (*value != '\0')
            return false;
    }
    return true;
}

static bool is_graph_version(const char *value)
{
    if (*value != 'v')
        return false;
    size_t major = strspn(value + 1, "0123456789");
    const char *dot = value + 1 + major;
    size_t minor = *dot == '.' ? strspn(dot + 1, "0123456789") : 0;
    return major > 0 && minor > 0 && dot[1 + minor] == '\0';
}

static bool is_https_url(const char *value)
{
    return *value == '\0' || (strncmp(value, "https://", 8) == 0 && is_http_url(value));
}

static bool is_readable(const char *path)
{
    return *path == '\0' || access(path, R_OK) == 0;
}

// A person writes user_metadata; so nothing that it says may count.
static bool is_claims(const char *value)
{
    bool good = true;
    for (size_t length; *value && good; value += length) {
        length = strcspn(value, ",");
        good = length > 0 && strncmp(value, "user_metadata", strlen("user_metadata")) != 0;
        length += value[length] == ',' && value[length + 1] != '\0';
    }
    return good;
}

// Kept as it is: const char *.
static bool read_text(const struct setting *setting, const char *value, void *target)
{
    if (setting->check && !setting->check(value))
        return false;
    memcpy(target, &value, sizeof value);
    return true;
}

static bool read_address(const struct setting *setting, const char *value, void *target)
{
    (void)setting;
    return tg_address_parse(value, target);
}

static bool read_networks(const struct setting *setting, const char *value, void *target)
{
    (void)setting;
    return tg_networks_read(value, target);
}

static bool read_integer(const struct setting *setting, const char *value, void *target)
{
    int64_t number;
    if (!tg_decimal_read(value, setting->highest, &number) || number < setting->lowest)
        return false;
    memcpy(target, &number, sizeof number);
    return true;
}

// struct tg_shared_text *, which is made if there is none yet.
static bool read_shared(const struct setting *setting, const char *value, void *target)
{
    struct tg_shared_text *shared;
    if (setting->check && !setting->check(value))
        return false;
    memcpy(&shared, target, sizeof(void *));
    if (shared) {
        tg_shared_text_set(shared, value);
        return true;
    }
    shared = tg_shared_text_create(value);
    memcpy(target, &shared, sizeof(void *));
    return true;
}

// _Atomic int64_t
static bool read_live_integer(const struct setting *setting, const char *value, void *target)
{
    int64_t number;
    if (!read_integer(setting, value, &number))
        return false;
    atomic_store((_Atomic int64_t *)target, number);
    return true;
}

// The place of a word among the setting's words; -1 if it is none of them.
static int find_word(const struct setting *setting, struct tg_span word)
{
    for (int i = 0; setting->former && setting->former[i]; i += 2) {
        if (tg_span_equals(word, setting->former[i]))
            word = (struct tg_span){setting->former[i + 1], strlen(setting->former[i + 1])};
    }
    for (int i = 0; setting->words[i]; i++) {
        if (tg_span_equals(word, setting->words[i]))
            return i;
    }
    return -1;
}

// An enum that counts the words from 0.
static bool read_choice(const struct setting *setting, const char *value, void *target)
{
    int chosen = find_word(setting, (struct tg_span){value, strlen(value)});
    if (chosen >= 0)
        memcpy(target, &chosen, sizeof chosen);
    return chosen >= 0;
}

// The words are "no" and "yes".
static bool read_yes_no(const struct setting *setting, const char *value, void *target)
{
    int chosen = find_word(setting, (struct tg_span){value, strlen(value)});
    bool yes = chosen == 1;
    memcpy(target, &yes, sizeof yes);
    return chosen >= 0;
}

// An unsigned with bit n for word n; words with commas between.
static bool read_set(const struct setting *setting, const char *value, void *target)
{
    unsigned set = 0;
    for (const char *word = value;;) {
        size_t length = strcspn(word, ",");
        int place = find_word(setting, (struct tg_span){word, length});
        if (place < 0)
            return false;
        set |= 1U << place;
        if (word[length] == '\0')
            break;
        word += length + 1;
    }
    memcpy(target, &set, sizeof set);
    return true;
}

// Appends what a value of the setting "must be", such as "a whole number from 1 to 64".
static void describe(const struct setting *setting, struct tg_text *text)
{
    if (setting->shape) {
        tg_text_append_string(text, setting->shape);
        return;
    }
    if (!setting->words) {
        tg_text_append_format(text, "a whole number from %" PRId64 " to %" PRId64, setting->lowest,
                              setting->highest);
        return;
    }
    bool set = setting->parse == read_set;
    const char *last = set ? " and " : " or ";
    tg_text_append_string(text, set ? "one or more of " : "");
    for (const char *const *word = setting->words; *word; word++) {
        const char *separator = word == setting->words ? "" : word[1] ? ", " : last;
        tg_text_append_format(text, "%s%s", separator, *word);
    }
    tg_text_append_string(text, set ? ", separated by commas" : "");
}

int64_t tg_settings_places(const struct tg_settings *settings)
{
    size_t wanted = (size_t)settings->send_concurrency + TG_FILES_BESIDES;
    size_t missing = wanted - tg_service_files(wanted);
    return missing < (size_t)settings->send_concurrency
               ? settings->send_concurrency - (int64_t)missing
               : 1;
}

size_t tg_settings_calls(const struct tg_settings *settings)
{
    bool sends = settings->worker_roles & TG_ROLE_SEND;
    size_t others = (sends ? (size_t)settings->send_concurrency : 0) + TG_FILES_BESIDES;
    size_t files = tg_service_files(others + TG_NOTIFY_CALLS_MAX);
    return files < others + TG_NOTIFY_CALLS_LEAST ? TG_NOTIFY_CALLS_LEAST : files - others;
}

int tg_settings_transfer_ms(const struct tg_settings *settings, size_t bytes)
{
    return (int)(settings->graph_timeout_ms + (int64_t)(bytes / TG_RELAY_BYTES_PER_MS));
}

int tg_settings_stall_s(const struct tg_settings *settings)
{
    return (int)((settings->graph_timeout_ms + 999) / 1000);
}

// A message has its place until Meta has answered and that is settled. Meta takes 150 to 500 ms.
static void tell_rate(const struct tg_settings *settings)
{
    if (!(settings->worker_roles & TG_ROLE_SEND))
        return;
    printf("%" PRId64 " messages in hand are, for each worker, at most %" PRId64
           " a second where Meta answers in 150 ms, %" PRId64 " in 300 ms, %" PRId64 " in 500 ms\n",
           settings->send_concurrency, settings->send_concurrency * 1000 / 150,
           settings->send_concurrency * 1000 / 300, settings->send_concurrency * 1000 / 500);
    int64_t places = tg_settings_places(settings);
    if (places < settings->send_concurrency)
        printf("but the limit of open files here has room for %" PRId64 " only\n", places);
}

static void tell_unsigned(const struct tg_settings *settings)
{
    if ((settings->worker_roles & TG_ROLE_INBOUND) &&
        settings->unsigned_webhooks == TG_UNSIGNED_ACCEPT)
        puts("but whoever reaches Redis can write webhooks: those without a signature are "
             "accepted");
}

// Whoever posts opens tokens, and the janitor seals them: these are never without, if any is. An
// ingress may be.
static bool has_to_do_with_tokens(const struct tg_settings *settings)
{
    return settings->worker_roles &
           (TG_ROLE_SEND | TG_ROLE_JANITOR | TG_ROLE_NOTIFY | TG_ROLE_MEDIA);
}

static void tell_keys(const struct tg_settings *settings)
{
    char newest[TG_KEY_ID_SIZE];
    if (tg_keyring_newest(settings->token_keys, newest))
        printf("access tokens are sealed under the key %s\n", newest);
    else if (has_to_do_with_tokens(settings))
        puts("but access tokens lie open in the database: TOLLGATE_TOKEN_KEYS is not set");
}

static const char *const role_words[] = {"send", "inbound", "janitor", "notify", "media", NULL};

#define BOTH (TG_INGRESS | TG_WORKER)
#define SETTING(name_, daemons_, field, kind)                                                      \
    .name = (name_), .daemons = (daemons_), .offset = offsetof(struct tg_settings, field),         \
    .parse = read_##kind
#define BOUNDS(lowest_, highest_) .lowest = (lowest_), .highest = (highest_)
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct setting table[] = {
    {SETTING("TOLLGATE_POSTGRES_URL", BOTH, postgres_url, text), .secret = true,
     .check = tg_pg_url_check,
     .shape = "a postgresql:// URL or key=value pairs as libpq takes them",
     .example = "postgresql://tollgate_ingress:PASSWORD@127.0.0.1:5432/tollgate",
     .help =
         "The PostgreSQL database, as the daemon's own role (tollgate_ingress, tollgate_worker); "
         "several hosts are tried in turn."},
    {SETTING("TOLLGATE_ALLOW_OWNER", BOTH, allow_owner, yes_no), .standard = "no",
     .words = WORDS("no", "yes"), .shape = "yes or no",
     .help = "Lets a daemon connect as the owner of the schema, a superuser or a role with "
             "BYPASSRLS: then a fault in it can do anything to every org."},
    {SETTING("TOLLGATE_REDIS_URL", BOTH, redis_url, text), .secret = true,
     .standard = "redis://127.0.0.1:6379/0", .check = tg_redis_url_check,
     .shape = "redis://[[user]:password@]host[:port][/database] (for rediss:// put stunnel in "
              "between: docs/install.md)",
     .help = "The Redis server that carries the streams."},
    {SETTING("TOLLGATE_LISTEN", TG_INGRESS, listen, address), .standard = "127.0.0.1:3000",
     .shape = "an address such as 127.0.0.1:3000 or [::1]:3000",
     .help = "Where requests are taken."},
    {SETTING("TOLLGATE_ADMIN_LISTEN", BOTH, admin_listen, address), .standard = "127.0.0.1:0",
     .shape = "an address such as 127.0.0.1:9090 or [::1]:9090",
     .help = "Where /healthz, /readyz and /metrics are, and /admin of ingress; port 0 takes a free "
             "one and logs it."},
    {SETTING("TOLLGATE_ADMIN_TOKEN", TG_INGRESS, admin_token, text), .secret = true, .chosen = true,
     .standard = "", .check = is_secret, .shape = "a secret without spaces and commas",
     .help = "The token of the first operator, an owner, who makes the others. Unless it and "
             "TOLLGATE_OPERATOR_POSTGRES_URL are set, there is no /admin."},
    {SETTING("TOLLGATE_OPERATOR_POSTGRES_URL", TG_INGRESS, operator_postgres_url, text),
     .secret = true, .standard = "", .check = is_no_or_good_url,
     .shape = "a postgresql:// URL or key=value pairs as libpq takes them",
     .help = "The same database as the role tollgate_operator, for /admin."},
    {SETTING("TOLLGATE_ADMIN_INSECURE", TG_INGRESS, admin_insecure, yes_no), .standard = "no",
     .words = WORDS("no", "yes"), .shape = "yes or no",
     .help = "Lets operators in on an admin listener that other machines can reach and that speaks "
             "no TLS, where their tokens can be read on the way: for private networks."},
    {SETTING("TOLLGATE_TLS_CERT", TG_INGRESS, tls_cert, text), .standard = "",
     .shape = "the path of a file in PEM",
     .help = "The certificate with which TOLLGATE_LISTEN speaks TLS, 1.2 or later, and those that "
             "lead to its issuer's root; unless set, it is plain HTTP. SIGHUP has the file read "
             "again, and the next one."},
    {SETTING("TOLLGATE_TLS_KEY", TG_INGRESS, tls_key, text), .standard = "",
     .shape = "the path of a file in PEM, on which others have no rights",
     .help = "The key of TOLLGATE_TLS_CERT, without a password."},
    {SETTING("TOLLGATE_ADMIN_TLS_CERT", BOTH, admin_tls_cert, text), .standard = "",
     .shape = "the path of a file in PEM",
     .help = "The same for TOLLGATE_ADMIN_LISTEN; it may be the same file."},
    {SETTING("TOLLGATE_ADMIN_TLS_KEY", BOTH, admin_tls_key, text), .standard = "",
     .shape = "the path of a file in PEM, on which others have no rights",
     .help = "The key of TOLLGATE_ADMIN_TLS_CERT, without a password."},
    {SETTING("TOLLGATE_AUTH", TG_INGRESS, auth, choice), .standard = "keys",
     .words = WORDS("keys", "trusted"),
     .help = "Who may call: holders of API keys, or (trusted) whoever can connect."},
    {SETTING("TOLLGATE_AUTH_TRUSTED_ANYWHERE", TG_INGRESS, auth_trusted_anywhere, yes_no),
     .standard = "no", .words = WORDS("no", "yes"), .shape = "yes or no",
     .help = "Allows TOLLGATE_AUTH=trusted on an address that other machines can reach."},
    {SETTING("TOLLGATE_JWT_SECRET", TG_INGRESS, jwt_secret, text), .standard = "", .secret = true,
     .chosen = true, .check = is_on_one_line,
     .shape = "a text on one line, whose bytes are the key",
     .help = "The secret that JWTs are signed with (HS256), such as Supabase's legacy one."},
    {SETTING("TOLLGATE_JWKS_FILE", TG_INGRESS, jwks_file, text), .standard = "",
     .check = is_on_one_line, .shape = "the path of a file",
     .help = "The public keys that JWTs are signed with (RS256, ES256), as a JWKS."},
    {SETTING("TOLLGATE_JWKS_URL", TG_INGRESS, jwks_url, text), .standard = "",
     .check = is_https_url, .shape = "an https:// URL",
     .help = "Where they are published, such as "
             "https://PROJECT.supabase.co/auth/v1/.well-known/jwks.json."},
    {SETTING("TOLLGATE_JWKS_CA_FILE", TG_INGRESS, jwks_ca_file, text), .standard = "",
     .check = is_readable, .shape = "the path of a file in PEM that can be read",
     .help = "The certificates that the server of TOLLGATE_JWKS_URL is signed by; the system's "
             "unless set."},
    {SETTING("TOLLGATE_JWT_ISSUER", TG_INGRESS, jwt_issuer, text), .standard = "",
     .check = is_on_one_line, .shape = "a text on one line",
     .help = "Who must have issued a JWT (iss); required where JWTs are taken."},
    {SETTING("TOLLGATE_JWT_AUDIENCE", TG_INGRESS, jwt_audience, text), .standard = "authenticated",
     .check = is_on_one_line, .shape = "a text on one line",
     .help = "Whom a JWT must be for (aud)."},
    {SETTING("TOLLGATE_JWT_ORG_CLAIM", TG_INGRESS, jwt_org_claim, text),
     .standard = "app_metadata.org_id,org_id", .check = is_claims,
     .shape = "paths of claims, separated by commas, and none in user_metadata",
     .help = "Which claims of a JWT name its org; the first one that is there counts."},
    {SETTING("TOLLGATE_JWT_RIGHTS", TG_INGRESS, jwt_rights, set), .standard = "send,read",
     .words = WORDS("send", "read", "manage", "money", "keys"),
     .help = "What people with a JWT may do."},
    {SETTING("TOLLGATE_JWT_RIGHTS_CLAIM", TG_INGRESS, jwt_rights_claim, text), .standard = "",
     .check = is_claims, .shape = "the path of a claim, and not in user_metadata",
     .help =
         "Which claim of a JWT says so in place of TOLLGATE_JWT_RIGHTS: words in a list, or in a "
         "text. Without it a JWT has no rights then."},
    {SETTING("TOLLGATE_JWT_ANONYMOUS", TG_INGRESS, jwt_anonymous, yes_no), .standard = "no",
     .words = WORDS("no", "yes"), .shape = "yes or no",
     .help = "Takes JWTs of people who have not signed in (is_anonymous), too."},
    {SETTING("TOLLGATE_DOCS", TG_INGRESS, docs, yes_no), .standard = "yes",
     .words = WORDS("no", "yes"), .shape = "yes or no",
     .help = "Each listener describes its API to anybody: /openapi.json, and /docs as a page."},
    {SETTING("TOLLGATE_TRUSTED_PROXIES", TG_INGRESS, trusted_proxies, networks), .standard = "",
     .shape = "up to 32 addresses or networks such as 10.0.0.0/8, separated by commas",
     .help =
         "Proxies before this listener, whose X-Forwarded-For tells where a request comes from; "
         "unless set, nobody's does."},
    {SETTING("TOLLGATE_CORS_ORIGINS", TG_INGRESS, cors_origins, text), .standard = "",
     .check = is_origins,
     .shape = "origins such as https://app.example.com, no slash behind, separated by commas",
     .help = "Pages of which origins may call /api from a browser; unless set, none may."},
    {SETTING("TOLLGATE_SEND_WAITS", TG_INGRESS, send_waits_s, live_integer), .live = true,
     .standard = "0", BOUNDS(0, TG_WAIT_MAX_S),
     .help = "How many seconds a send waits for Meta's answer that has no Prefer header to say it: "
             "for clients of the Express backend. 0: it does not wait."},
    {SETTING("TOLLGATE_CLOUD_WAITS", TG_INGRESS, cloud_waits_s, live_integer), .live = true,
     .standard = "4", BOUNDS(0, TG_WAIT_MAX_S),
     .help =
         "How many seconds a send by Meta's own API (docs/cloud-api.md) waits for Meta's answer "
         "that has no Prefer header to say it. Meta answers within one as a rule, and the "
         "shortest time-out that HTTP clients have of themselves is five."},
    {SETTING("TOLLGATE_CLOUD_REPEATS", TG_INGRESS, cloud_repeats, choice), .standard = "join",
     .words = WORDS("join", "send"),
     .help = "What becomes of a send by Meta's own API that repeats one whose client has gone "
             "without an answer, byte for byte and with the same key: it is told what comes of "
             "that one (join), or is another message (send)."},
    {SETTING("TOLLGATE_RATE_PER_KEY", TG_INGRESS, rate_per_key, live_integer), .live = true,
     .standard = "0", BOUNDS(0, TG_RATE_MAX),
     .help = "How many calls a second each API key, session or person with JWTs may make at this "
             "ingress, "
             "twice as many at once; what is more is 429. 0: as many as it likes."},
    {SETTING("TOLLGATE_RATE_PER_ORG", TG_INGRESS, rate_per_org, live_integer), .live = true,
     .standard = "0", BOUNDS(0, TG_RATE_MAX), .help = "The same of each org."},
    {SETTING("TOLLGATE_RATE_PER_ADDRESS", TG_INGRESS, rate_per_address, live_integer), .live = true,
     .standard = "0", BOUNDS(0, TG_RATE_MAX),
     .help = "The same of each address, Meta's webhooks aside, before anybody looks who calls."},
    {SETTING("TOLLGATE_RATE_OF_FAILURES", TG_INGRESS, rate_of_failures, live_integer), .live = true,
     .standard = "20", BOUNDS(0, TG_RATE_MAX),
     .help = "How many wrong or missing credentials a second each address may try, twice as many "
             "at once; what is more is 429, but for who has been right before. 0: as many as it "
             "likes."},
    // Before those that only some of the roles need.
    {SETTING("TOLLGATE_WORKER_ROLES", TG_WORKER, worker_roles, set),
     .standard = "send,inbound,janitor,notify", .words = role_words,
     .former = WORDS("scheduler", "janitor"), .help = "What this worker does."},
    {SETTING("TOLLGATE_APP_SECRETS", BOTH, app_secrets, shared), .roles = TG_ROLE_INBOUND,
     .live = true, .secret = true, .chosen = true, .check = is_secrets,
     .shape = "one to eight secrets without spaces, separated by commas",
     .help = "Meta's app secrets, any of which may have signed a webhook; two while one is "
             "replaced. Workers check again what Redis gives them: the one that is retired stays "
             "in their list until the streams of webhooks are empty."},
    {SETTING("TOLLGATE_UNSIGNED_WEBHOOKS", TG_WORKER, unsigned_webhooks, choice),
     .standard = "refuse", .words = WORDS("refuse", "accept"), .tell = tell_unsigned,
     .help = "What to do with webhooks in Redis that have no signature with them. Accept them "
             "only while an ingress of the version before runs, which stores none."},
    {SETTING("TOLLGATE_VERIFY_TOKEN", TG_INGRESS, verify_token, shared), .live = true,
     .secret = true, .chosen = true, .shape = "a text",
     .help = "What Meta must name when it asks whether the webhook URL is ours."},
    {SETTING("TOLLGATE_HTTP_THREADS", TG_INGRESS, http_threads, integer), .standard = "2",
     BOUNDS(1, 64), .help = "Threads that read requests and write answers."},
    {SETTING("TOLLGATE_LANES", TG_INGRESS, lanes, integer), .standard = "2", BOUNDS(1, 32),
     .help = "Threads that accept sends, each with its own PostgreSQL connection."},
    {SETTING("TOLLGATE_PARTITIONS", BOTH, partitions, integer), .standard = "4",
     BOUNDS(1, TG_PARTITIONS_MAX),
     .help = "Partitions that jobs and webhooks are spread over; the same for all daemons."},
    {SETTING("TOLLGATE_GRAPH_URL", BOTH, graph_url, text), .standard = "https://graph.facebook.com",
     .check = is_http_url, .shape = "an http:// or https:// URL without a slash at its end",
     .help = "Meta's Graph API, or the simulator."},
    {SETTING("TOLLGATE_GRAPH_VERSION", BOTH, graph_version, text), .standard = "v23.0",
     .check = is_graph_version, .shape = "a version such as v23.0",
     .help = "The version of the Graph API; of relayed calls that name none."},
    {SETTING("TOLLGATE_GRAPH_TIMEOUT_MS", BOTH, graph_timeout_ms, integer), .standard = "30000",
     BOUNDS(1000, 120000),
     .help = "How long Meta may take to answer; after that the message is unconfirmed. Relayed "
             "files have longer, by their size."},
    {SETTING("TOLLGATE_GRAPH_APP_SECRET", BOTH, graph_app_secret, shared), .live = true,
     .secret = true, .chosen = true, .standard = "", .check = is_secret,
     .shape = "a secret without spaces and commas",
     .help = "The secret of the Meta app whose tokens the channels have: each message, and each "
             "relayed call, bears a proof of it (appsecret_proof). Needed where the app requires "
             "that."},
    {SETTING("TOLLGATE_RELAY", TG_INGRESS, relay, yes_no), .standard = "on",
     .words = WORDS("off", "on"), .shape = "on or off",
     .help =
         "Whether calls of the Cloud API beside messages are relayed to Meta, under the tokens "
         "of the orgs' channels. Where it is off, run deploy/migrate with it, too: then ingress "
         "may see no token."},
    {SETTING("TOLLGATE_MEDIA_HOSTS", BOTH, media_hosts, text), .standard = "lookaside.fbsbx.com",
     .check = is_hosts, .shape = "names of hosts, separated by commas",
     .help = "From which hosts of Meta's, beside that of TOLLGATE_GRAPH_URL, media is fetched, by "
             "https and with the channel's token."},
    {SETTING("TOLLGATE_MEDIA_STORE", BOTH, media_store, text), .standard = "",
     .check = is_no_or_good_store,
     .shape = "the path of a directory, from the root, or the address of a bucket, such as "
              "https://s3.eu-central-1.amazonaws.com/BUCKET",
     .help = "Where files of contacts lie that orgs want to be kept (keep_media): a directory that "
             "ingresses and the workers of the role media share, and write; or a bucket of an "
             "S3-compatible store. Without it none are kept, and ingress has none."},
    {SETTING("TOLLGATE_MEDIA_STORE_REGION", BOTH, media_store_region, text),
     .standard = "us-east-1", .check = is_region, .shape = "a region such as eu-central-1",
     .help = "The region of the bucket."},
    {SETTING("TOLLGATE_MEDIA_STORE_KEY_ID", BOTH, media_store_key_id, text), .standard = "",
     .check = is_secret, .shape = "an access key's id, without spaces and commas",
     .help = "The access key for the bucket, which may read, write and delete objects there."},
    {SETTING("TOLLGATE_MEDIA_STORE_SECRET", BOTH, media_store_secret, text), .standard = "",
     .secret = true, .check = is_secret, .shape = "its secret, without spaces and commas",
     .help = "The secret of that key."},
    {SETTING("TOLLGATE_PUBLIC_URL", TG_INGRESS, public_url, text), .standard = "",
     .check = is_no_or_good_http_url,
     .shape = "an http:// or https:// URL without a slash at its end",
     .help = "The address of this listener for clients, as addresses in relayed answers have it; "
             "unless set, it is the host that a request names."},
    {SETTING("TOLLGATE_TOKEN_KEYS", BOTH, token_keys_file, text), .standard = "", .tell = tell_keys,
     .shape = "the path of a file to which others have no right, a line for each key, the newest "
              "first: an id, a blank, and 32 bytes in base64",
     .help = "The keys under which access tokens stand sealed in the database: docs/secrets.md. "
             "SIGHUP has the file read again. Unless it is set for the workers, they lie open "
             "there; with it ingress seals those that operators write before they get there, and "
             "relays calls under those that are sealed."},
    {SETTING("TOLLGATE_SEND_CONCURRENCY", TG_WORKER, send_concurrency, live_integer), .live = true,
     .standard = "1024", BOUNDS(1, TG_SEND_CONCURRENCY_MAX), .tell = tell_rate,
     .help =
         "Messages that may be in hand at once, from their claim until they are settled; --check "
         "says what that is a second."},
    {SETTING("TOLLGATE_CONFIRMATION_WINDOW_S", TG_WORKER, confirmation_window_s, live_integer),
     .live = true, .standard = "86400", BOUNDS(1, 604800),
     .help = "How long a message may stay unconfirmed before it is failed and refunded."},
    {SETTING("TOLLGATE_REPLY_WITHIN_S", TG_WORKER, reply_within_s, live_integer), .live = true,
     .standard = "600", BOUNDS(1, 86400),
     .help = "How old a customer's message may be, by its own time, when an automatic reply is "
             "thought of."},
    {SETTING("TOLLGATE_EVENTS_KEPT_DAYS", TG_WORKER, events_kept_days, live_integer), .live = true,
     .roles = TG_ROLE_JANITOR, .standard = "30", BOUNDS(1, 365),
     .help = "How long it is kept what orgs are told (GET /api/events): so far back they can read "
             "it, and so long it can be told again."},
    {SETTING("TOLLGATE_LOOK_INTERVAL_S", TG_WORKER, look_interval_s, live_integer), .live = true,
     .roles = TG_ROLE_JANITOR, .standard = "3600", BOUNDS(0, 604800),
     .help = "How often Meta is asked how each channel's number is (GET /api/channels): its "
             "quality, limit, name and health, under the channel's token; a minute at the least. "
             "0: never, and only webhooks tell."},
    {SETTING("TOLLGATE_NOTIFY_NETWORKS", BOTH, notify_networks, networks), .roles = TG_ROLE_NOTIFY,
     .standard = "", .shape = "networks such as 10.0.0.0/8,fd00::/8, separated by commas",
     .help = "Networks of our own in which tenants' endpoints may be all the same: for private "
             "installations. Else nothing is posted but to the internet, wherever a name leads."},
    {SETTING("TOLLGATE_NOTIFY_CA_FILE", TG_WORKER, notify_ca_file, text), .roles = TG_ROLE_NOTIFY,
     .standard = "", .check = is_readable, .shape = "the path of a file in PEM that can be read",
     .help = "The certificates that tenants' endpoints are signed by; the system's unless set."},
    {SETTING("TOLLGATE_SETTINGS_FILE", BOTH, settings_file, text), .standard = "",
     .shape = "the path of a file, and stand in the environment",
     .help = "A file with settings, a line NAME=value each, as systemd's EnvironmentFile has them. "
             "The environment wins over it. SIGHUP has it read again."},
    {SETTING("TOLLGATE_LOG_LEVEL", BOTH, log_level, choice), .live = true, .standard = "info",
     .words = WORDS("debug", "info", "warn", "error"), .help = "The least level that is logged."},
    {SETTING("TOLLGATE_LOG_MESSAGES", BOTH, log_messages, choice), .live = true,
     .standard = "debug", .words = WORDS("debug", "info"),
     .help = "The level of the lines that follow each message."},
    {SETTING("TOLLGATE_LOG_FORMAT", BOTH, log_format, choice), .standard = "logfmt",
     .words = WORDS("logfmt", "json"), .help = "How a line of the log is written."},
};
enum { SETTINGS = sizeof table / sizeof table[0] };

// Choices are stored by their place in `words`.
_Static_assert(TG_AUTH_KEYS == 0 && TG_AUTH_TRUSTED == 1, "the order of TOLLGATE_AUTH");
_Static_assert(TG_UNSIGNED_REFUSE == 0 && TG_UNSIGNED_ACCEPT == 1,
               "the order of TOLLGATE_UNSIGNED_WEBHOOKS");
_Static_assert(TG_LOG_DEBUG == 0 && TG_LOG_ERROR == 3, "the order of TOLLGATE_LOG_LEVEL");
_Static_assert(TG_LOG_LOGFMT == 0 && TG_LOG_JSON == 1, "the order of TOLLGATE_LOG_FORMAT");
_Static_assert(TG_ROLE_SEND == 1 << 0 && TG_ROLE_INBOUND == 1 << 1 && TG_ROLE_JANITOR == 1 << 2 &&
                   TG_ROLE_NOTIFY == 1 << 3,
               "the order of the roles");
_Static_assert(TG_ROLE_MEDIA == 1 << 4, "the order of the roles");
_Static_assert(sizeof(enum tg_auth) == sizeof(unsigned), "an enum is stored as an unsigned");

// The value of an environment variable; NULL if it is not there or empty.
static const char *environment(const char *name)
{
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

// Copies the beginning of what a user wrote so that it can stand in one line of a message.
static const char *shown(const char *value, char buffer[static 44])
{
    int n = snprintf(buffer, 44, strlen(value) > 40 ? "%.40s..." : "%s", value);
    for (int i = 0; i < n; i++) {
        if (buffer[i] < ' ' || buffer[i] > '~')
            buffer[i] = '?';
    }
    return buffer;
}

// What the settings are, in the order of the table, as texts; NULL: as by default.
struct values {
    const char *of[SETTINGS];
};

// The values that count, as copies: those of live settings go when they change.
static struct {
    enum tg_daemon daemon;
    char *value[SETTINGS];
} in_force;

static const char *find_value(const char *name, const struct tg_settings_file *file)
{
    const char *value = environment(name);
    if (value || strcmp(name, file_setting) == 0)
        return value;
    value = tg_settings_file_value(file, name);
    return value && *value ? value : NULL;
}

static void find_values(enum tg_daemon daemon, const struct tg_settings_file *file,
                        struct values *values)
{
    for (int i = 0; i < SETTINGS; i++)
        values->of[i] = (table[i].daemons & daemon) ? find_value(table[i].name, file) : NULL;
}

static bool read_one(const struct setting *setting, const char *value, struct tg_settings *settings,
                     struct tg_error *error)
{
    if (!value)
        value = setting->standard;
    if (value && setting->parse(setting, value, (char *)settings + setting->offset))
        return true;
    TG_TEXT_AUTO shape = {0};
    describe(setting, &shape);
    char buffer[44];
    if (!value)
        return tg_error_set(error, "missing_setting", setting->name, "%s is not set; it must be %s",
                            setting->name, tg_text_string(&shape));
    if (setting->secret)
        return tg_error_set(error, "invalid_setting", setting->name, "%s must be %s", setting->name,
                            tg_text_string(&shape));
    return tg_error_set(error, "invalid_setting", setting->name, "%s must be %s, not \"%s\"",
                        setting->name, tg_text_string(&shape), shown(value, buffer));
}

// Of a worker that also depends on its roles, which are read before.
static bool has_setting(enum tg_daemon daemon, const struct setting *setting,
                        const struct tg_settings *settings)
{
    return (setting->daemons & daemon) && (daemon != TG_WORKER || setting->roles == 0 ||
                                           (setting->roles & settings->worker_roles));
}

bool tg_settings_has_desk(const struct tg_settings *settings)
{
    return settings->admin_token && *settings->admin_token && *settings->operator_postgres_url;
}

bool tg_settings_check_trust(const struct tg_settings *settings, struct tg_error *error)
{
    if (settings->auth == TG_AUTH_TRUSTED && !settings->auth_trusted_anywhere &&
        !tg_address_is_loopback(&settings->listen))
        return tg_error_set(error, "invalid_setting", "TOLLGATE_AUTH",
                            "TOLLGATE_AUTH=trusted lets everybody who reaches TOLLGATE_LISTEN "
                            "send; set TOLLGATE_AUTH_TRUSTED_ANYWHERE=yes if you mean it");
    return true;
}

bool tg_settings_take_jwts(const struct tg_settings *settings)
{
    return *settings->jwt_secret || *settings->jwks_file || *settings->jwks_url;
}

static bool check_jwts(const struct tg_settings *settings, struct tg_error *error)
{
    if (*settings->jwks_file && *settings->jwks_url)
        return tg_error_set(error, "invalid_setting", "TOLLGATE_JWKS_URL",
                            "TOLLGATE_JWKS_URL and TOLLGATE_JWKS_FILE must not both be set");
    if (tg_settings_take_jwts(settings) && !*settings->jwt_issuer)
        return tg_error_set(error, "missing_setting", "TOLLGATE_JWT_ISSUER",
                            "TOLLGATE_JWT_ISSUER is not set; it must be who issues the JWTs");
    return true;
}

// Who fetches files must know where to put them, and who names a bucket how to get into it.
static bool check_store(enum tg_daemon daemon, const struct tg_settings *settings,
                        struct tg_error *error)
{
    bool fetches = daemon == TG_WORKER && (settings->worker_roles & TG_ROLE_MEDIA);
    const char *store = settings->media_store ? settings->media_store : "";
    if (fetches && !*store)
        return tg_error_set(error, "missing_setting", "TOLLGATE_MEDIA_STORE",
                            "TOLLGATE_MEDIA_STORE is not set; the role media needs it");
    if (*store && *store != '/' &&
        (!*settings->media_store_key_id || !*settings->media_store_secret))
        return tg_error_set(error, "missing_setting", "TOLLGATE_MEDIA_STORE_SECRET",
                            "TOLLGATE_MEDIA_STORE_KEY_ID or TOLLGATE_MEDIA_STORE_SECRET is not "
                            "set; TOLLGATE_MEDIA_STORE is a bucket");
    return true;
}

static bool read_all(enum tg_daemon daemon, const struct values *values,
                     struct tg_settings *settings, struct tg_error *error)
{
    for (int i = 0; i < SETTINGS; i++) {
        if (has_setting(daemon, &table[i], settings) &&
            !read_one(&table[i], values->of[i], settings, error))
            return false;
    }
    return check_store(daemon, settings, error) &&
           (daemon != TG_INGRESS ||
            (tg_settings_check_trust(settings, error) && check_jwts(settings, error)));
}

// One is of no use without the other, and neither may be there.
static bool open_tls(enum tg_tls_listener listener, const char *const names[static 2],
                     const char *certificate, const char *key, struct tg_tls **tls,
                     struct tg_error *error)
{
    *tls = NULL;
    if (!certificate || (*certificate == '\0' && *key == '\0')) // not of this daemon, or not set
        return true;
    bool has_both = *certificate != '\0' && *key != '\0';
    const char *missing = names[*certificate != '\0'];
    if (!has_both)
        return tg_error_set(error, "missing_setting", missing, "%s is not set; it must be, with %s",
                            missing, names[*certificate == '\0']);
    *tls = tg_tls_create(listener, certificate, key, error);
    return *tls != NULL;
}

static bool open_certificates(struct tg_settings *settings, struct tg_error *error)
{
    static const char *const names[] = {"TOLLGATE_TLS_CERT", "TOLLGATE_TLS_KEY"};
    static const char *const admin_names[] = {"TOLLGATE_ADMIN_TLS_CERT", "TOLLGATE_ADMIN_TLS_KEY"};
    return open_tls(TG_TLS_PUBLIC, names, settings->tls_cert, settings->tls_key, &settings->tls,
                    error) &&
           open_tls(TG_TLS_ADMIN, admin_names, settings->admin_tls_cert, settings->admin_tls_key,
                    &settings->admin_tls, error);
}

static void keep_value(int i, const char *value)
{
    if (in_force.value[i])
        explicit_bzero(in_force.value[i], strlen(in_force.value[i]));
    free(in_force.value[i]);
    in_force.value[i] = NULL;
    if (!value)
        return;
    size_t size = strlen(value) + 1;
    in_force.value[i] = memcpy(tg_alloc(size), value, size);
}

// The file that the environment names; NULL, and true, if it names none.
static bool read_file(struct tg_settings_file **file, struct tg_error *error)
{
    const char *path = environment(file_setting);
    *file = path ? tg_settings_file_read(path, error) : NULL;
    return !path || *file;
}

static bool read_keys(const struct tg_settings *settings, struct tg_error *error)
{
    struct tg_error why;
    return tg_keyring_read(settings->token_keys, settings->token_keys_file, &why) ||
           tg_error_set(error, "invalid_setting", "TOLLGATE_TOKEN_KEYS",
                        "TOLLGATE_TOKEN_KEYS: %.60s: %.76s", settings->token_keys_file,
                        why.message);
}

static bool begin_keys(struct tg_settings *settings, struct tg_error *error)
{
    settings->token_keys = tg_keyring_create();
    return *settings->token_keys_file == '\0' || read_keys(settings, error);
}

// The values of the file that is read, or NULL, become those that count.
static bool read_settings(enum tg_daemon daemon, const struct tg_settings_file *file,
                          struct tg_settings *settings, struct tg_error *error)
{
    struct values values;
    find_values(daemon, file, &values);
    in_force.daemon = daemon;
    for (int i = 0; i < SETTINGS; i++) {
        keep_value(i, values.of[i]);
        values.of[i] = in_force.value[i];
    }
    *settings = (struct tg_settings){0};
    return read_all(daemon, &values, settings, error) && open_certificates(settings, error) &&
           begin_keys(settings, error);
}

bool tg_settings_read(enum tg_daemon daemon, struct tg_settings *settings, struct tg_error *error)
{
    struct tg_settings_file *file;
    bool good = read_file(&file, error) && read_settings(daemon, file, settings, error);
    tg_settings_file_free(file);
    return good;
}

// A name that no daemon knows is most likely a typing error, and then its default is in force.
static void warn_if_unknown(const char *name)
{
    bool known = false;
    for (int i = 0; i < SETTINGS && !known; i++)
        known = strcmp(table[i].name, name) == 0;
    if (!known)
        tg_log(TG_LOG_WARN, "unknown_setting_ignored", TG_LOG_TEXT("name", name));
}

static void warn_of_unknown(const struct tg_settings_file *file)
{
    for (char **variable = environ; variable && *variable; variable++) {
        if (strncmp(*variable, prefix, sizeof prefix - 1) != 0)
            continue;
        TG_TEXT_AUTO name = {0};
        tg_text_append(&name, *variable, strcspn(*variable, "="));
        warn_if_unknown(name.data);
    }
    const char *name;
    for (size_t n = 0; (name = tg_settings_file_name(file, n)); n++)
        warn_if_unknown(name);
}

// Whoever looks into the file would not know why it does not count.
static void tell_of_overridden(const struct tg_settings_file *file)
{
    const char *name;
    for (size_t n = 0; (name = tg_settings_file_name(file, n)); n++) {
        const char *value = environment(name);
        const char *other = tg_settings_file_value(file, name);
        if (value && *other && strcmp(value, other) != 0)
            tg_log(TG_LOG_INFO, "setting_overridden", TG_LOG_TEXT("name", name));
    }
}

static void warn_of_former(void)
{
    for (int i = 0; i < SETTINGS; i++) {
        const char *const *former = table[i].former;
        const char *value = in_force.value[i];
        for (; value && former && *former; former += 2) {
            if (strstr(value, former[0]))
                tg_log(TG_LOG_WARN, "former_word_taken", TG_LOG_TEXT("name", table[i].name),
                       TG_LOG_TEXT("word", former[0]), TG_LOG_TEXT("means", former[1]));
        }
    }
}

// Is it what documents have in the place of a secret?
static bool is_stand_in(const char *secret)
{
    static const char *const parts[] = {"secret",   "change-me", "change_me", "changeme",
                                        "password", "verify",    "your-",     "your_",
                                        "example",  "of-yours",  "0123456789"};
    bool found = strspn(secret, (char[]){*secret, '\0'}) == strlen(secret);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !found; i++)
        found = strcasestr(secret, parts[i]) != NULL;
    return found;
}

static void warn_if_weak(const char *name, const char *secret)
{
    const char *why = is_stand_in(secret)             ? "a stand-in"
                      : strlen(secret) < SECRET_LEAST ? "shorter than 16 characters"
                                                      : NULL;
    if (why)
        tg_log(TG_LOG_WARN, "weak_secret", TG_LOG_TEXT("name", name), TG_LOG_TEXT("why", why));
}

static void warn_of_weak(void)
{
    for (int i = 0; i < SETTINGS; i++) {
        const char *value = table[i].chosen ? in_force.value[i] : NULL;
        for (size_t length; value && *value; value += length + (value[length] == ',')) {
            length = strcspn(value, ",");
            TG_TEXT_AUTO secret = {0};
            tg_text_append(&secret, value, length);
            if (length > 0)
                warn_if_weak(table[i].name, secret.data);
        }
    }
}

// Of settings that were only read to see whether they are good.
static void drop_shared(struct tg_settings *settings)
{
    for (int i = 0; i < SETTINGS; i++) {
        struct tg_shared_text *shared;
        if (table[i].parse != read_shared)
            continue;
        memcpy(&shared, (char *)settings + table[i].offset, sizeof(void *));
        tg_shared_text_destroy(shared);
    }
}

static bool are_good(const struct values *values, struct tg_error *error)
{
    struct tg_settings settings = {0};
    bool good = read_all(in_force.daemon, values, &settings, error);
    drop_shared(&settings);
    return good;
}

static bool differ(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) != 0 : one != other;
}

static void add_name(struct tg_text *names, const char *name)
{
    tg_text_append_format(names, "%s%s", names->length > 0 ? "," : "", name);
}

// Takes what may change while the daemon runs; tells by name what has changed, and what will.
static void take_values(const struct values *values, struct tg_settings *settings)
{
    TG_TEXT_AUTO changed = {0};
    TG_TEXT_AUTO at_restart = {0};
    enum tg_log_level before = settings->log_level;
    for (int i = 0; i < SETTINGS; i++) {
        struct tg_error error;
        if (!has_setting(in_force.daemon, &table[i], settings) ||
            !differ(values->of[i], in_force.value[i]))
            continue;
        add_name(table[i].live ? &changed : &at_restart, table[i].name);
        if (table[i].live && read_one(&table[i], values->of[i], settings, &error))
            keep_value(i, values->of[i]);
    }
    // The line is for who wants such lines, be it by the level before or by the new one.
    if (settings->log_level < before)
        tg_log_set_level(settings->log_level);
    tg_log(TG_LOG_INFO, "settings_reread", TG_LOG_TEXT("changed", tg_text_string(&changed)),
           TG_LOG_TEXT("at_restart", tg_text_string(&at_restart)));
    tg_log_set_level(settings->log_level);
    tg_log_set_step_level(settings->log_messages);
}

bool tg_settings_reread_keys(const struct tg_settings *settings, struct tg_error *error)
{
    char newest[TG_KEY_ID_SIZE];
    if (*settings->token_keys_file == '\0')
        return true;
    bool good = read_keys(settings, error);
    if (!good)
        tg_log(TG_LOG_ERROR, "token_keys_refused", TG_LOG_TEXT("reason", error->message));
    else if (tg_keyring_newest(settings->token_keys, newest))
        tg_log(TG_LOG_INFO, "token_keys_reread", TG_LOG_TEXT("newest", newest));
    return good;
}

void tg_settings_reread(void *context)
{
    struct tg_settings *settings = context;
    struct tg_settings_file *file;
    struct tg_error error;
    struct values values;
    bool read = read_file(&file, &error);
    find_values(in_force.daemon, file, &values);
    if (read && !file) {
        tg_log(TG_LOG_WARN, "settings_kept",
               TG_LOG_TEXT("reason", "TOLLGATE_SETTINGS_FILE is not set"));
    } else if (!read || !are_good(&values, &error)) {
        tg_log(TG_LOG_ERROR, "settings_refused", TG_LOG_TEXT("reason", error.message));
    } else {
        take_values(&values, settings);
        warn_of_unknown(file);
        warn_of_weak();
    }
    tg_settings_file_free(file);
    (void)!tg_settings_reread_keys(settings, &error);
    tg_tls_reread(settings->tls);
    tg_tls_reread(settings->admin_tls);
}

void tg_settings_forget(struct tg_settings *settings)
{
    drop_shared(settings);
    tg_keyring_destroy(settings->token_keys);
    *settings = (struct tg_settings){0};
    for (int i = 0; i < SETTINGS; i++) {
        char *const secrets[] = {secure_getenv(table[i].name), in_force.value[i]};
        for (size_t j = 0; table[i].secret && j < 2; j++) {
            if (secrets[j])
                explicit_bzero(secrets[j], strlen(secrets[j]));
        }
    }
}

static const char *daemon_names(unsigned daemons)
{
    return daemons == BOTH ? "ingress and worker" : daemons == TG_INGRESS ? "ingress" : "worker";
}

// Appends such as " (role inbound)" where not every worker has it.
static void append_roles(struct tg_text *text, const struct setting *setting)
{
    for (int i = 0; role_words[i]; i++) {
        if (setting->roles & (1U << i))
            tg_text_append_format(text, " (role %s)", role_words[i]);
    }
}

static void print_env_example(void)
{
    printf(
        "# Tollgate's settings, with their defaults. They are read from the environment at start,\n"
        "# and what is not there from the file that TOLLGATE_SETTINGS_FILE names; an empty value\n"
        "# counts as not set. Those that are required have none here: nothing starts with this "
        "file\n"
        "# as it is. Made by `tollgate-ingress --env-example`.\n");
    for (int i = 0; i < SETTINGS; i++) {
        const struct setting *setting = &table[i];
        TG_TEXT_AUTO daemons = {0};
        TG_TEXT_AUTO shape = {0};
        tg_text_append_string(&daemons, daemon_names(setting->daemons));
        append_roles(&daemons, setting);
        describe(setting, &shape);
        printf("\n# %s\n# For %s%s%s%s. Must be %s.\n", setting->help, tg_text_string(&daemons),
               setting->standard ? "" : "; required", setting->secret ? "; secret" : "",
               setting->live ? "; changes at SIGHUP" : "", tg_text_string(&shape));
        if (setting->example)
            printf("# Such as %s\n", setting->example);
        printf(setting->standard ? "#%s=%s\n" : "%s=%s\n", setting->name,
               setting->standard ? setting->standard : "");
    }
}

static void print_help(enum tg_daemon daemon)
{
    printf(
        "usage: tollgate-%s [--check [--connect] | --help | --version | --env-example%s]\n\n"
        "  --check        read the settings, say whether they are good, and end\n"
        "  --connect      with --check: also try PostgreSQL and Redis as the settings name them\n"
        "  --env-example  print a documented file with the settings of both daemons\n%s\n"
        "SIGHUP has the files of TOLLGATE_SETTINGS_FILE and TOLLGATE_TOKEN_KEYS read again.\n\n"
        "Settings, from the environment or that file:\n",
        daemon_names(daemon), daemon == TG_INGRESS ? " | --openapi[-admin] | --errors" : "",
        daemon == TG_INGRESS
            ? "  --openapi      print the description of the API (OpenAPI 3.1); -admin: of "
              "operators'\n"
              "  --errors       print docs/errors.md, the catalogue of all errors\n"
            : "");
    for (int i = 0; i < SETTINGS; i++) {
        if (!(table[i].daemons & daemon))
            continue;
        TG_TEXT_AUTO roles = {0};
        TG_TEXT_AUTO shape = {0};
        if (daemon == TG_WORKER)
            append_roles(&roles, &table[i]);
        describe(&table[i], &shape);
        const char *standard = table[i].standard;
        printf("\n  %s (%s%s)%s\n      %s\n      Must be %s.\n", table[i].name,
               !standard   ? "required"
               : *standard ? "default "
                           : "optional",
               standard ? standard : "", tg_text_string(&roles), table[i].help,
               tg_text_string(&shape));
    }
}

static void tell_settings(enum tg_daemon daemon, const struct tg_settings *settings)
{
    puts("settings are good");
    for (int i = 0; i < SETTINGS; i++) {
        if ((table[i].daemons & daemon) && table[i].tell)
            table[i].tell(settings);
    }
}

// TG_EXIT_SETTINGS for what is wrong, said in one line; TG_SETTINGS_RUN: all is good, and the log
// started.
static int begin(enum tg_daemon daemon, struct tg_settings *settings)
{
    struct tg_error error;
    struct tg_settings_file *file;
    const char *name = daemon_names(daemon);
    bool good = read_file(&file, &error) && read_settings(daemon, file, settings, &error);
    if (good) {
        tg_log_start(name, settings->log_level, settings->log_format);
        tg_log_set_step_level(settings->log_messages);
        warn_of_unknown(file);
        tell_of_overridden(file);
        warn_of_former();
        warn_of_weak();
        if (has_to_do_with_tokens(settings) && *settings->token_keys_file == '\0')
            tg_log(TG_LOG_WARN, "token_keys_missing",
                   TG_LOG_TEXT("reason", "access tokens lie open in the database: "
                                         "TOLLGATE_TOKEN_KEYS is not set"));
    } else {
        fprintf(stderr, "%stollgate-%s: %s\n", tg_log_priority(TG_LOG_ERROR), name, error.message);
    }
    tg_settings_file_free(file);
    return good ? TG_SETTINGS_RUN : TG_EXIT_SETTINGS;
}

int tg_settings_main(enum tg_daemon daemon, int argc, char **argv, struct tg_settings *settings)
{
    const char *name = daemon_names(daemon);
    const char *option = argc > 1 ? argv[1] : "";
    bool check = strcmp(option, "--check") == 0;
    bool connect = check && argc == 3 && strcmp(argv[2], "--connect") == 0;
    if (argc == 2 && strcmp(option, "--help") == 0) {
        print_help(daemon);
    } else if (argc == 2 && strcmp(option, "--version") == 0) {
        printf("tollgate-%s %s\n", name, TOLLGATE_VERSION);
    } else if (argc == 2 && strcmp(option, "--env-example") == 0) {
        print_env_example();
    } else if (argc == 1 || (argc == 2 && check) || connect) {
        int status = begin(daemon, settings);
        if (status >= 0 || !check)
            return status;
        tell_settings(daemon, settings);
        if (connect)
            return TG_SETTINGS_CONNECT;
    } else {
        char buffer[44];
        fprintf(stderr, "tollgate-%s: does not take \"%s\"; see --help\n", name,
                shown(argc > 2 ? argv[2] : option, buffer));
        return TG_EXIT_SETTINGS;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
