#include "common/settings/settings.h"

#include "capture.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define POSTGRES "TOLLGATE_POSTGRES_URL=postgresql:///tollgate"
// What a worker needs, and an ingress.
#define REQUIRED POSTGRES, "TOLLGATE_APP_SECRETS=secret", "TOLLGATE_VERIFY_TOKEN=token"

// Makes these variables the whole environment of the test's process. They are copied, for libraries
// look at the environment still when the process ends.
static void set_environment(char *const *variables)
{
    static char texts[16][128];
    static char *pointers[17];
    size_t n = 0;
    for (; variables[n]; n++) {
        cr_assert(n < 16);
        snprintf(texts[n], sizeof texts[n], "%s", variables[n]);
        pointers[n] = texts[n];
    }
    pointers[n] = NULL;
    environ = pointers;
}
#define given_environment(...) set_environment((char *[]){__VA_ARGS__, NULL})

static struct tg_settings settings;
static struct tg_error error;

static void expect_address(const struct tg_address *address, const char *expected)
{
    char text[TG_ADDRESS_TEXT_SIZE];
    tg_address_format(address, text);
    cr_assert_str_eq(text, expected);
}

static void expect_shared(struct tg_shared_text *shared, const char *expected)
{
    const char *text = tg_shared_text_hold(shared);
    cr_assert_str_eq(text, expected);
    tg_shared_text_let_go(shared, text);
}

Test(settings, the_defaults_are_good_for_ingress)
{
    given_environment(REQUIRED);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_str_eq(settings.postgres_url, "postgresql:///tollgate");
    cr_assert_str_eq(settings.redis_url, "redis://127.0.0.1:6379/0");
    expect_address(&settings.listen, "127.0.0.1:3000");
    expect_address(&settings.admin_listen, "127.0.0.1:0");
    cr_assert_eq(settings.auth, TG_AUTH_KEYS);
    cr_assert_not(settings.auth_trusted_anywhere);
    cr_assert_str_eq(settings.cors_origins, "");
    cr_assert_eq(settings.send_waits_s, 0);
    cr_assert_eq(settings.http_threads, 2);
    cr_assert_eq(settings.lanes, 2);
    cr_assert_eq(settings.partitions, 4);
    cr_assert_eq(settings.log_level, TG_LOG_INFO);
    cr_assert_eq(settings.log_format, TG_LOG_LOGFMT);
}

Test(settings, the_defaults_are_good_for_the_worker)
{
    given_environment(POSTGRES, "TOLLGATE_APP_SECRETS=secret");
    cr_assert(tg_settings_read(TG_WORKER, &settings, &error), "%s", error.message);
    cr_assert_str_eq(settings.graph_url, "https://graph.facebook.com");
    cr_assert_str_eq(settings.graph_version, "v23.0");
    cr_assert_eq(settings.graph_timeout_ms, 30000);
    cr_assert_eq(settings.worker_roles,
                 TG_ROLE_SEND | TG_ROLE_INBOUND | TG_ROLE_JANITOR | TG_ROLE_NOTIFY);
    cr_assert_eq(settings.send_concurrency, 1024);
    expect_shared(settings.graph_app_secret, "");
    expect_shared(settings.app_secrets, "secret");
    cr_assert_eq(settings.unsigned_webhooks, TG_UNSIGNED_REFUSE);
}

Test(settings, calls_are_as_many_as_there_are_files_for)
{
    struct rlimit limit = {4096, 4096};
    given_environment(POSTGRES, "TOLLGATE_APP_SECRETS=secret", "TOLLGATE_SEND_CONCURRENCY=1000");
    cr_assert(tg_settings_read(TG_WORKER, &settings, &error), "%s", error.message);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(tg_settings_calls(&settings), TG_NOTIFY_CALLS_MAX);
    limit = (struct rlimit){1000 + TG_FILES_BESIDES + 300, 1000 + TG_FILES_BESIDES + 300};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(tg_settings_calls(&settings), 300);
    settings.worker_roles = TG_ROLE_NOTIFY;
    cr_assert_eq(tg_settings_calls(&settings), TG_NOTIFY_CALLS_MAX);
    settings.worker_roles |= TG_ROLE_SEND;
    limit = (struct rlimit){1024, 1024};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(tg_settings_calls(&settings), TG_NOTIFY_CALLS_LEAST);
}

Test(settings, app_secrets_are_for_the_role_inbound)
{
    static const struct {
        const char *roles;
        bool needed;
    } cases[] = {{"inbound", true},       {"send,inbound", true}, {"inbound,janitor", true},
                 {"send,janitor", false}, {"send", false},        {"scheduler", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char roles[64];
        snprintf(roles, sizeof roles, "TOLLGATE_WORKER_ROLES=%s", cases[i].roles);
        given_environment(POSTGRES, roles);
        cr_assert_eq(tg_settings_read(TG_WORKER, &settings, &error), !cases[i].needed, "%s", roles);
        if (cases[i].needed)
            cr_assert_str_eq(error.field, "TOLLGATE_APP_SECRETS");
    }
}

Test(settings, what_is_set_replaces_the_default)
{
    given_environment("TOLLGATE_POSTGRES_URL=host=/run/postgresql dbname=x",
                      "TOLLGATE_REDIS_URL=redis://:secret@[::1]:7000/3", "TOLLGATE_LISTEN=[::1]:80",
                      "TOLLGATE_AUTH=trusted", "TOLLGATE_AUTH_TRUSTED_ANYWHERE=yes",
                      "TOLLGATE_LANES=32", "TOLLGATE_LOG_LEVEL=error", "TOLLGATE_LOG_FORMAT=json",
                      "TOLLGATE_APP_SECRETS=new,old", "TOLLGATE_VERIFY_TOKEN=v t");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_str_eq(settings.postgres_url, "host=/run/postgresql dbname=x");
    cr_assert_str_eq(settings.redis_url, "redis://:secret@[::1]:7000/3");
    expect_address(&settings.listen, "[::1]:80");
    cr_assert_eq(settings.auth, TG_AUTH_TRUSTED);
    cr_assert(settings.auth_trusted_anywhere);
    cr_assert_eq(settings.lanes, 32);
    expect_shared(settings.app_secrets, "new,old");
    expect_shared(settings.verify_token, "v t");
    cr_assert_eq(settings.log_level, TG_LOG_ERROR);
    cr_assert_eq(settings.log_format, TG_LOG_JSON);
}

Test(settings, jwts_are_taken_with_a_key_and_an_issuer)
{
    given_environment(REQUIRED);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_not(tg_settings_take_jwts(&settings));
    cr_assert_str_eq(settings.jwt_org_claim, "app_metadata.org_id,org_id");
    cr_assert_eq(settings.jwt_rights, 3); // send, read
    given_environment(REQUIRED, "TOLLGATE_JWKS_URL=https://example.com/jwks.json",
                      "TOLLGATE_JWT_ISSUER=x", "TOLLGATE_JWT_RIGHTS=read,keys");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert(tg_settings_take_jwts(&settings));
    cr_assert_eq(settings.jwt_rights, 2 | 16);
    static const struct {
        char *setting;
        const char *field;
    } wrong[] = {
        {"TOLLGATE_JWT_SECRET=4e1c2ab97d", "TOLLGATE_JWT_ISSUER"},
        {"TOLLGATE_JWKS_URL=http://example.com/jwks.json", "TOLLGATE_JWKS_URL"},
        {"TOLLGATE_JWT_ORG_CLAIM=org_id,user_metadata.org_id", "TOLLGATE_JWT_ORG_CLAIM"},
        {"TOLLGATE_JWT_ORG_CLAIM=org_id,", "TOLLGATE_JWT_ORG_CLAIM"},
        {"TOLLGATE_JWT_RIGHTS_CLAIM=user_metadata.rights", "TOLLGATE_JWT_RIGHTS_CLAIM"},
        {"TOLLGATE_JWT_RIGHTS=all", "TOLLGATE_JWT_RIGHTS"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        given_environment(REQUIRED, wrong[i].setting);
        cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error), "%s", wrong[i].setting);
        cr_assert_str_eq(error.field, wrong[i].field);
    }
    given_environment(REQUIRED, "TOLLGATE_JWKS_URL=https://example.com/jwks.json",
                      "TOLLGATE_JWKS_FILE=/tmp/jwks.json", "TOLLGATE_JWT_ISSUER=x");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_JWKS_URL");
}

Test(settings, proxies_are_addresses_and_networks)
{
    given_environment(REQUIRED);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_eq(settings.trusted_proxies.count, 0);
    given_environment(REQUIRED, "TOLLGATE_TRUSTED_PROXIES=10.0.0.0/8,::1");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_eq(settings.trusted_proxies.count, 2);
    given_environment(REQUIRED, "TOLLGATE_TRUSTED_PROXIES=proxy.example.com");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_TRUSTED_PROXIES");
}

Test(settings, the_worker_takes_its_own)
{
    given_environment(POSTGRES, "TOLLGATE_GRAPH_URL=http://127.0.0.1:9000",
                      "TOLLGATE_GRAPH_VERSION=v9.12", "TOLLGATE_WORKER_ROLES=janitor");
    cr_assert(tg_settings_read(TG_WORKER, &settings, &error), "%s", error.message);
    cr_assert_str_eq(settings.graph_url, "http://127.0.0.1:9000");
    cr_assert_str_eq(settings.graph_version, "v9.12");
    cr_assert_eq(settings.worker_roles, TG_ROLE_JANITOR);
}

Test(settings, the_janitor_goes_by_its_former_name_too)
{
    given_environment(POSTGRES, "TOLLGATE_WORKER_ROLES=send,scheduler");
    cr_assert(tg_settings_read(TG_WORKER, &settings, &error), "%s", error.message);
    cr_assert_eq(settings.worker_roles, TG_ROLE_SEND | TG_ROLE_JANITOR);
}

Test(settings, an_empty_value_is_not_set)
{
    given_environment(REQUIRED, "TOLLGATE_LANES=", "TOLLGATE_LANES_MORE=9");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_eq(settings.lanes, 2);
}

Test(settings, a_required_one_that_is_missing_or_empty_is_named)
{
    given_environment("HOME=/");
    cr_assert_not(tg_settings_read(TG_WORKER, &settings, &error));
    cr_assert(strstr(error.message, "TOLLGATE_POSTGRES_URL is not set") == error.message);
    given_environment("TOLLGATE_POSTGRES_URL=");
    cr_assert_not(tg_settings_read(TG_WORKER, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_POSTGRES_URL");
    given_environment(POSTGRES, "TOLLGATE_VERIFY_TOKEN=token");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_APP_SECRETS");
    given_environment(POSTGRES, "TOLLGATE_APP_SECRETS=secret");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_VERIFY_TOKEN");
}

Test(settings, a_wrong_one_of_the_other_daemon_does_not_matter)
{
    given_environment(REQUIRED, "TOLLGATE_REPLY_WITHIN_S=nonsense");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_not(tg_settings_read(TG_WORKER, &settings, &error));
}

struct wrong {
    char variable[96];
};

ParameterizedTestParameters(settings, refuses_what_is_wrong_and_names_it)
{
    static struct wrong wrong[] = {
        {"TOLLGATE_POSTGRES_URL=mysql://localhost/x"},
        {"TOLLGATE_POSTGRES_URL=tollgate"},
        // Passwords that libpq would take for something else, and then quote.
        {"TOLLGATE_POSTGRES_URL=postgresql://user:top%secret@localhost/x"},
        {"TOLLGATE_POSTGRES_URL=postgresql://user:top@secret@localhost/x"},
        {"TOLLGATE_POSTGRES_URL=postgresql://user:top/secret@localhost/x"},
        {"TOLLGATE_POSTGRES_URL=host=localhost password=top secret"},
        {"TOLLGATE_REDIS_URL=127.0.0.1:6379"},
        {"TOLLGATE_REDIS_URL=http://127.0.0.1:6379"},
        {"TOLLGATE_LISTEN=3000"},
        {"TOLLGATE_LISTEN=localhost:3000"},
        {"TOLLGATE_LISTEN=::1:3000"},
        {"TOLLGATE_LISTEN=[::1]"},
        {"TOLLGATE_LISTEN=[127.0.0.1]:80"},
        {"TOLLGATE_LISTEN=127.0.0.1:65536"},
        {"TOLLGATE_LISTEN=127.0.0.1:"},
        {"TOLLGATE_LISTEN=127.0.0.1:80 "},
        {"TOLLGATE_AUTH=none"},
        {"TOLLGATE_AUTH=key"},
        {"TOLLGATE_AUTH_TRUSTED_ANYWHERE=true"},
        {"TOLLGATE_APP_SECRETS=,one"},
        {"TOLLGATE_APP_SECRETS=one,"},
        {"TOLLGATE_APP_SECRETS=one,,two"},
        {"TOLLGATE_APP_SECRETS=one, two"},
        {"TOLLGATE_APP_SECRETS=1,2,3,4,5,6,7,8,9"},
        {"TOLLGATE_APP_SECRETS=1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7"},
        {"TOLLGATE_HTTP_THREADS=0"},
        {"TOLLGATE_HTTP_THREADS=65"},
        {"TOLLGATE_LANES=33"},
        {"TOLLGATE_LANES=-1"},
        {"TOLLGATE_LANES=+1"},
        {"TOLLGATE_LANES= 1"},
        {"TOLLGATE_LANES=1.5"},
        {"TOLLGATE_LANES=0x2"},
        {"TOLLGATE_LANES=18446744073709551617"},
        {"TOLLGATE_PARTITIONS=65"},
        {"TOLLGATE_GRAPH_URL=graph.facebook.com"},
        {"TOLLGATE_GRAPH_URL=https://"},
        {"TOLLGATE_GRAPH_URL=https:///x"},
        {"TOLLGATE_GRAPH_URL=https://graph.facebook.com/"},
        {"TOLLGATE_GRAPH_URL=https://graph.facebook.com?x=1"},
        {"TOLLGATE_GRAPH_URL=https://a b"},
        {"TOLLGATE_GRAPH_VERSION=23.0"},
        {"TOLLGATE_GRAPH_VERSION=v23"},
        {"TOLLGATE_GRAPH_VERSION=v23."},
        {"TOLLGATE_GRAPH_VERSION=v.0"},
        {"TOLLGATE_GRAPH_VERSION=v23.0/"},
        {"TOLLGATE_GRAPH_TIMEOUT_MS=999"},
        {"TOLLGATE_GRAPH_TIMEOUT_MS=120001"},
        {"TOLLGATE_RELAY=yes"},
        {"TOLLGATE_MEDIA_HOSTS=https://lookaside.fbsbx.com"},
        {"TOLLGATE_MEDIA_HOSTS=a.example,"},
        {"TOLLGATE_MEDIA_HOSTS=a.example,,b.example"},
        {"TOLLGATE_MEDIA_HOSTS=a.example:8080"},
        {"TOLLGATE_PUBLIC_URL=gateway.example"},
        {"TOLLGATE_PUBLIC_URL=https://gateway.example/"},
        {"TOLLGATE_WORKER_ROLES=send,"},
        {"TOLLGATE_WORKER_ROLES=send janitor"},
        {"TOLLGATE_WORKER_ROLES=inbox"},
        {"TOLLGATE_UNSIGNED_WEBHOOKS=no"},
        {"TOLLGATE_SEND_CONCURRENCY=2049"},
        {"TOLLGATE_LOG_LEVEL=INFO"},
        {"TOLLGATE_LOG_MESSAGES=warn"},
        {"TOLLGATE_LOG_FORMAT=xml"},
        {"TOLLGATE_LOG_FORMAT=js\non"},
    };
    return cr_make_param_array(struct wrong, wrong, sizeof wrong / sizeof wrong[0]);
}

ParameterizedTest(struct wrong *wrong, settings, refuses_what_is_wrong_and_names_it)
{
    given_environment(wrong->variable, REQUIRED);
    bool good = tg_settings_read(TG_INGRESS, &settings, &error);
    if (good)
        good = tg_settings_read(TG_WORKER, &settings, &error);
    cr_assert_not(good, "%s", wrong->variable);
    size_t name = strcspn(wrong->variable, "=");
    cr_assert_eq(strncmp(error.message, wrong->variable, name), 0, "%s", error.message);
    cr_assert_eq(error.message[name], ' ');
    cr_assert_null(strchr(error.message, '\n'));
}

Test(settings, there_may_be_eight_secrets)
{
    given_environment("TOLLGATE_APP_SECRETS=1,2,3,4,5,6,7,8", REQUIRED);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    expect_shared(settings.app_secrets, "1,2,3,4,5,6,7,8");
}

// Both daemons' settings that are whole numbers.
static const struct {
    const char *name;
    int64_t lowest;
    int64_t highest;
} numbers[] = {
    {"TOLLGATE_SEND_WAITS", 0, TG_WAIT_MAX_S},
    {"TOLLGATE_CLOUD_WAITS", 0, TG_WAIT_MAX_S},
    {"TOLLGATE_RATE_PER_KEY", 0, TG_RATE_MAX},
    {"TOLLGATE_RATE_PER_ORG", 0, TG_RATE_MAX},
    {"TOLLGATE_RATE_PER_ADDRESS", 0, TG_RATE_MAX},
    {"TOLLGATE_RATE_OF_FAILURES", 0, TG_RATE_MAX},
    {"TOLLGATE_HTTP_THREADS", 1, 64},
    {"TOLLGATE_LANES", 1, 32},
    {"TOLLGATE_PARTITIONS", 1, TG_PARTITIONS_MAX},
    {"TOLLGATE_GRAPH_TIMEOUT_MS", 1000, 120000},
    {"TOLLGATE_SEND_CONCURRENCY", 1, TG_SEND_CONCURRENCY_MAX},
    {"TOLLGATE_CONFIRMATION_WINDOW_S", 1, 604800},
    {"TOLLGATE_REPLY_WITHIN_S", 1, 86400},
    {"TOLLGATE_EVENTS_KEPT_DAYS", 1, 365},
    {"TOLLGATE_LOOK_INTERVAL_S", 0, 604800},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static bool takes(const char *name, const char *value)
{
    char variable[96];
    snprintf(variable, sizeof variable, "%s=%s", name, value);
    given_environment(REQUIRED, variable);
    struct tg_settings of_ingress = {0};
    struct tg_settings of_worker = {0};
    bool taken = tg_settings_read(TG_INGRESS, &of_ingress, &error) &&
                 tg_settings_read(TG_WORKER, &of_worker, &error);
    cr_assert(taken || strncmp(error.message, name, strlen(name)) == 0, "%s", error.message);
    return taken;
}

static bool takes_number(const char *name, int64_t number)
{
    char value[24];
    snprintf(value, sizeof value, "%" PRId64, number);
    return takes(name, value);
}

Test(settings, numbers_have_bounds_and_keep_them)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *name = numbers[i].name;
        char said[80];
        cr_expect(takes_number(name, numbers[i].lowest), "%s", name);
        cr_expect(takes_number(name, numbers[i].highest), "%s", name);
        cr_expect_not(takes_number(name, numbers[i].lowest - 1), "%s", name);
        cr_expect_not(takes_number(name, numbers[i].highest + 1), "%s", name);
        snprintf(said, sizeof said, "a whole number from %" PRId64 " to %" PRId64,
                 numbers[i].lowest, numbers[i].highest);
        cr_expect(strstr(error.message, said), "%s", error.message);
        cr_expect_not(takes_number(name, 1000 * numbers[i].highest), "%s", name);
        cr_expect_not(takes_number(name, INT64_MAX), "%s", name);
        cr_expect_not(takes(name, "100000000000000000000000"), "%s", name);
    }
}

Test(settings, the_message_shows_the_wrong_value_but_never_a_secret)
{
    given_environment(REQUIRED, "TOLLGATE_LANES=many");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.message,
                     "TOLLGATE_LANES must be a whole number from 1 to 32, not \"many\"");
    given_environment(REQUIRED, "TOLLGATE_REDIS_URL=rediss://:hunter2@host");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_null(strstr(error.message, "hunter2"));
}

Test(settings, trusted_needs_a_loopback_address_or_the_second_word)
{
    given_environment(REQUIRED, "TOLLGATE_AUTH=trusted");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error));
    given_environment(REQUIRED, "TOLLGATE_AUTH=trusted", "TOLLGATE_LISTEN=0.0.0.0:3000");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert_str_eq(error.field, "TOLLGATE_AUTH");
    given_environment(REQUIRED, "TOLLGATE_AUTH=trusted", "TOLLGATE_LISTEN=0.0.0.0:3000",
                      "TOLLGATE_AUTH_TRUSTED_ANYWHERE=yes");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error));
}

Test(settings, loopback_is_127_and_the_one_of_ipv6)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {{"127.0.0.1:1", true},   {"127.255.0.9:1", true}, {"[::1]:1", true},
                 {"0.0.0.0:1", false},    {"128.0.0.1:1", false},  {"[::]:1", false},
                 {"10.0.0.127:1", false}, {"[fe80::1]:1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tg_address address;
        cr_assert(tg_address_parse(cases[i].text, &address), "%s", cases[i].text);
        cr_assert_eq(tg_address_is_loopback(&address), cases[i].loopback, "%s", cases[i].text);
    }
}

// A file of settings with this text, which the environment names; read as an ingress does.
static const char *given_file(const char *text)
{
    static char variable[96];
    static char path[] = "/tmp/tollgate-settings-XXXXXX";
    int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
    close(descriptor);
    snprintf(variable, sizeof variable, "TOLLGATE_SETTINGS_FILE=%s", path);
    return variable;
}

static const char *path_of(const char *variable)
{
    return strchr(variable, '=') + 1;
}

static void rewrite(const char *variable, const char *text)
{
    FILE *file = fopen(path_of(variable), "we");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const char *reread(void)
{
    struct capture capture = capture_start(stderr);
    tg_settings_reread(&settings);
    return capture_stop(&capture);
}

Test(settings_file, is_written_as_systemd_has_them)
{
    const char *variable = given_file("# a comment\n; another = one\n\n"
                                      "TOLLGATE_POSTGRES_URL=host=/run dbname=x \n"
                                      "  TOLLGATE_APP_SECRETS = 'it''s'\n"
                                      "TOLLGATE_VERIFY_TOKEN=\"a # token\"\r\n"
                                      "TOLLGATE_LANES=\n"
                                      "TOLLGATE_HTTP_THREADS=3");
    given_environment((char *)variable);
    bool good = tg_settings_read(TG_INGRESS, &settings, &error);
    cr_assert_not(good, "a quote within quotes");
    rewrite(variable, "TOLLGATE_POSTGRES_URL=host=/run dbname=x \n"
                      "  TOLLGATE_APP_SECRETS = 'back\\slash'\n"
                      "TOLLGATE_VERIFY_TOKEN=\"a # token\"\r\n"
                      "TOLLGATE_LANES=\n"
                      "TOLLGATE_HTTP_THREADS=3");
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_str_eq(settings.postgres_url, "host=/run dbname=x");
    expect_shared(settings.app_secrets, "back\\slash");
    expect_shared(settings.verify_token, "a # token");
    cr_assert_eq(settings.lanes, 2);
    cr_assert_eq(settings.http_threads, 3);
    unlink(path_of(variable));
}

Test(settings_file, the_environment_wins)
{
    const char *variable = given_file("TOLLGATE_LANES=7\nTOLLGATE_HTTP_THREADS=5\n");
    given_environment(REQUIRED, "TOLLGATE_LANES=3", (char *)variable);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    cr_assert_eq(settings.lanes, 3);
    cr_assert_eq(settings.http_threads, 5);
    unlink(path_of(variable));
}

Test(settings_file, what_is_wrong_is_one_line_without_a_value)
{
    static const char *const wrong[] = {"TOLLGATE_LANES=hunter2",
                                        "hunter2",
                                        "=hunter2",
                                        "9LIVES=hunter2",
                                        "export TOLLGATE_APP_SECRETS=hunter2",
                                        "TOLLGATE_APP_SECRETS=hunter\\2",
                                        "TOLLGATE_APP_SECRETS=\"hunter2",
                                        "TOLLGATE_APP_SECRETS=hun'ter2'",
                                        "TOLLGATE_APP_SECRETS='hunter2' more",
                                        "TOLLGATE_APP_SECRETS=a\nTOLLGATE_APP_SECRETS=hunter2"};
    const char *variable = given_file("");
    given_environment(POSTGRES, "TOLLGATE_VERIFY_TOKEN=token", (char *)variable);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rewrite(variable, wrong[i]);
        cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error), "%s", wrong[i]);
        cr_assert(i == 0 || !strstr(error.message, "hunter"), "%s", error.message);
        cr_assert_null(strchr(error.message, '\n'));
    }
    unlink(path_of(variable));
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert(strstr(error.message, "No such file"), "%s", error.message);
}

// Which might never end, or never begin.
Test(settings_file, what_is_no_file_is_refused_at_once, .timeout = 10)
{
    const char *variable = given_file("");
    cr_assert(unlink(path_of(variable)) == 0 && mkfifo(path_of(variable), 0600) == 0);
    given_environment(REQUIRED, (char *)variable);
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert(strstr(error.message, "Not a regular file"), "%s", error.message);
    given_environment(REQUIRED, "TOLLGATE_SETTINGS_FILE=/dev/zero");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert(strstr(error.message, "Not a regular file"), "%s", error.message);
    given_environment(REQUIRED, "TOLLGATE_SETTINGS_FILE=/tmp");
    cr_assert_not(tg_settings_read(TG_INGRESS, &settings, &error));
    cr_assert(strstr(error.message, "Is a directory"), "%s", error.message);
    unlink(path_of(variable));
}

// The rest of a file that is too long does not count for all of it.
Test(settings_file, has_a_bound_of_bytes)
{
    const size_t size = 100 * TG_SETTINGS_FILE_BYTES + 1;
    char *text = tg_alloc(size); // every process of a test would have a static one
    static const struct {
        size_t length;
        bool good;
    } cases[] = {{TG_SETTINGS_FILE_BYTES, true},
                 {TG_SETTINGS_FILE_BYTES + 1, false},
                 {100UL * TG_SETTINGS_FILE_BYTES, false}};
    const char *variable = given_file("");
    given_environment(REQUIRED, (char *)variable);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(text, '#', size);
        memcpy(text, "TOLLGATE_LANES=7\n", strlen("TOLLGATE_LANES=7\n"));
        text[cases[i].length] = '\0';
        rewrite(variable, text);
        settings = (struct tg_settings){0};
        bool good = tg_settings_read(TG_INGRESS, &settings, &error);
        cr_assert_eq(good, cases[i].good, "%zu", cases[i].length);
        cr_assert(good ? settings.lanes == 7 : strstr(error.message, "File too large") != NULL,
                  "%s", error.message);
    }
    unlink(path_of(variable));
    free(text);
}

#define FILE_OF(secrets, level, lanes, waits)                                                      \
    POSTGRES "\nTOLLGATE_VERIFY_TOKEN=token\nTOLLGATE_APP_SECRETS=" secrets                        \
             "\nTOLLGATE_LOG_LEVEL=" level "\nTOLLGATE_LANES=" lanes                               \
             "\nTOLLGATE_SEND_WAITS=" waits

Test(settings_file, what_may_change_does_when_it_is_reread_and_is_told_by_name)
{
    const char *variable = given_file(FILE_OF("old", "error", "2", "0"));
    given_environment((char *)variable);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    tg_log_start("ingress", settings.log_level, TG_LOG_LOGFMT);
    const char *held = tg_shared_text_hold(settings.app_secrets);
    rewrite(variable, FILE_OF("hunter2hunter2hunter2,old", "info", "4", "9"));

    const char *line = reread();

    cr_assert(strstr(line, " event=settings_reread service=ingress "
                           "changed=TOLLGATE_SEND_WAITS,TOLLGATE_APP_SECRETS,TOLLGATE_LOG_LEVEL "
                           "at_restart=TOLLGATE_LANES\n"),
              "%s", line);
    cr_assert_not(strstr(line, "hunter"), "%s", line);
    cr_assert_str_eq(held, "old"); // who holds it goes on with it
    tg_shared_text_let_go(settings.app_secrets, held);
    expect_shared(settings.app_secrets, "hunter2hunter2hunter2,old");
    cr_assert_eq(settings.send_waits_s, 9);
    cr_assert_eq(settings.lanes, 2);
    line = reread();
    cr_assert(strstr(line, " changed=\"\" at_restart=TOLLGATE_LANES\n"), "%s", line);
    unlink(path_of(variable));
}

Test(settings_file, a_wrong_one_is_refused_whole)
{
    static const char *const wrong[] = {
        FILE_OF("new", "debug", "many", "9"), FILE_OF("new", "debug", "4", "9") "\nwhat",
        POSTGRES "\nTOLLGATE_APP_SECRETS=new\nTOLLGATE_SEND_WAITS=9"};
    const char *variable = given_file(FILE_OF("old", "info", "2", "0"));
    given_environment((char *)variable);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    tg_log_start("ingress", settings.log_level, TG_LOG_LOGFMT);
    for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
        if (i < sizeof wrong / sizeof *wrong)
            rewrite(variable, wrong[i]);
        else
            unlink(path_of(variable));
        const char *line = reread();
        cr_assert(strstr(line, " event=settings_refused service=ingress reason="), "%s", line);
        cr_assert_eq(strchr(line, '\n')[1], '\0', "%s", line);
        expect_shared(settings.app_secrets, "old");
        cr_assert_eq(settings.send_waits_s, 0);
    }
}

Test(settings_file, without_one_nothing_changes)
{
    given_environment(REQUIRED);
    cr_assert(tg_settings_read(TG_INGRESS, &settings, &error), "%s", error.message);
    const char *line = reread();
    cr_assert(strstr(line, " event=settings_kept "), "%s", line);
}

// Calls tg_settings_main as a daemon with these arguments; returns its result and what it wrote.
static int run_main(enum tg_daemon daemon, FILE *stream, const char **written, int argc,
                    char **argv)
{
    struct capture capture = capture_start(stream);
    int status = tg_settings_main(daemon, argc, argv, &settings);
    *written = capture_stop(&capture);
    return status;
}
#define run(daemon, stream, written, ...)                                                          \
    run_main(daemon, stream, written,                                                              \
             (int)(sizeof((char *[]){"tollgate", __VA_ARGS__}) / sizeof(char *)),                  \
             (char *[]){"tollgate", __VA_ARGS__, NULL})

Test(settings_main, says_its_version)
{
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stdout, &written, "--version"), 0);
    cr_assert_str_eq(written, "tollgate-ingress " TOLLGATE_VERSION "\n");
}

Test(settings_main, helps_with_the_settings_of_its_own_daemon)
{
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--help"), 0);
    cr_assert(strstr(written, "usage: tollgate-worker ") == written);
    cr_assert(strstr(written, "TOLLGATE_SEND_CONCURRENCY (default 1024)"));
    cr_assert(strstr(written, "TOLLGATE_GRAPH_APP_SECRET (optional)"));
    cr_assert(strstr(written, "TOLLGATE_POSTGRES_URL (required)\n"));
    cr_assert(strstr(written, "TOLLGATE_APP_SECRETS (required) (role inbound)\n"));
    cr_assert_null(strstr(written, "TOLLGATE_LANES"));
}

Test(settings_main, check_says_that_good_settings_are_good)
{
    given_environment(REQUIRED);
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stdout, &written, "--check"), 0);
    cr_assert_str_eq(written, "settings are good\n");
}

#define TOKENS_LIE_OPEN                                                                            \
    "but access tokens lie open in the database: TOLLGATE_TOKEN_KEYS is not set\n"

Test(settings_main, check_says_what_places_are_a_second)
{
    given_environment(REQUIRED, "TOLLGATE_SEND_CONCURRENCY=300");
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--check"), 0);
    cr_assert_str_eq(written, "settings are good\n" TOKENS_LIE_OPEN
                              "300 messages in hand are, for each worker, at most 2000 a second "
                              "where Meta answers in 150 ms, 1000 in 300 ms, 600 in 500 ms\n");
}

Test(settings_main, check_says_nothing_of_places_to_who_has_none)
{
    given_environment(REQUIRED, "TOLLGATE_WORKER_ROLES=inbound,janitor");
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--check"), 0);
    cr_assert_str_eq(written, "settings are good\n" TOKENS_LIE_OPEN);
}

Test(settings_main, check_says_what_it_means_to_accept_what_is_not_signed)
{
    given_environment(REQUIRED, "TOLLGATE_WORKER_ROLES=inbound",
                      "TOLLGATE_UNSIGNED_WEBHOOKS=accept");
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--check"), 0);
    cr_assert_str_eq(written, "settings are good\nbut whoever reaches Redis can write webhooks: "
                              "those without a signature are accepted\n");
}

Test(settings_main, check_says_that_files_are_too_few_for_the_places)
{
    const struct rlimit limit = {TG_FILES_BESIDES + 50, TG_FILES_BESIDES + 50};
    given_environment(REQUIRED);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--check"), 0);
    cr_assert(strstr(written, "\nbut the limit of open files here has room for 50 only\n"), "%s",
              written);
    static const int64_t wanted[][2] = {{1, 1}, {50, 50}, {51, 50}, {2048, 50}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        settings.send_concurrency = wanted[i][0];
        cr_assert_eq(tg_settings_places(&settings), wanted[i][1]);
    }
}

Test(settings_main, wrong_settings_are_one_line_and_status_2)
{
    given_environment(REQUIRED, "TOLLGATE_LANES=none", "TOLLGATE_NONSENSE=1");
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stderr, &written, "--check"), 2);
    cr_assert_str_eq(written,
                     "tollgate-ingress: TOLLGATE_LANES must be a whole number from 1 to 32, "
                     "not \"none\"\n");
}

Test(settings_main, an_argument_it_does_not_know_is_one_line_and_status_2)
{
    given_environment(REQUIRED);
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stderr, &written, "--chekc"), 2);
    cr_assert_str_eq(written, "tollgate-ingress: does not take \"--chekc\"; see --help\n");
    cr_assert_eq(run(TG_INGRESS, stderr, &written, "--check", "x\ny"), 2);
    cr_assert_str_eq(written, "tollgate-ingress: does not take \"x?y\"; see --help\n");
}

Test(settings_main, warns_of_names_that_no_daemon_knows_and_lets_the_daemon_run)
{
    given_environment(REQUIRED, "TOLLGATE_LANE=9", "TOLLGATE_LANES_MAX=9",
                      "TOLLGATE_GRAPH_VERSION=v1.0", "PATH=/");
    const char *written;
    char *argv[] = {"tollgate", NULL};
    cr_assert_eq(run_main(TG_INGRESS, stderr, &written, 1, argv), -1);
    static const char warning[] = " event=unknown_setting_ignored service=ingress name=";
    const char *first = strstr(written, warning);
    cr_assert(first && strstr(first, "=TOLLGATE_LANE\n"), "%s", written);
    const char *second = strstr(first + 1, warning);
    cr_assert(second && strstr(second, "=TOLLGATE_LANES_MAX\n"), "%s", written);
    cr_assert_null(strstr(second + 1, warning), "two warnings: %s", written);
    cr_assert_eq(settings.lanes, 2);
}

Test(settings_main, tells_what_of_the_file_does_not_count)
{
    const char *variable = given_file("TOLLGATE_LANES=4\nTOLLGATE_HTTP_THREADS=3\n"
                                      "TOLLGATE_PARTITIONS=8\nTOLLGATE_SEND_WAITS=\n");
    given_environment(REQUIRED, (char *)variable, "TOLLGATE_LANES=5", "TOLLGATE_HTTP_THREADS=3",
                      "TOLLGATE_SEND_WAITS=1");
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stderr, &written, "--check"), 0);
    static const char told[] = " level=info event=setting_overridden service=ingress name=";
    const char *first = strstr(written, told);
    cr_assert(first && strstr(first, "=TOLLGATE_LANES\n"), "%s", written);
    cr_assert_null(strstr(first + 1, told), "%s", written);
    unlink(path_of(variable));
}

// An empty value is not set: nothing starts with the example as it is.
Test(settings_main, the_example_has_no_value_that_works)
{
    const char *variable = given_file("");
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stdout, &written, "--env-example"), 0);
    rewrite(variable, written);
    given_environment((char *)variable);
    static const enum tg_daemon daemons[] = {TG_INGRESS, TG_WORKER};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_not(tg_settings_read(daemons[i], &settings, &error));
        cr_assert_str_eq(error.code, "missing_setting");
        cr_assert_str_eq(error.field, "TOLLGATE_POSTGRES_URL");
    }
    static const char *const secret[] = {"\nTOLLGATE_APP_SECRETS=\n", "\nTOLLGATE_VERIFY_TOKEN=\n",
                                         "\nTOLLGATE_POSTGRES_URL=\n"};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        cr_assert(strstr(written, secret[i]), "%s", secret[i]);
    unlink(path_of(variable));
}

Test(settings_main, warns_of_secrets_that_are_short_or_stand_in_documents)
{
    given_environment(POSTGRES, "TOLLGATE_VERIFY_TOKEN=Change-Me-Now-Or-Never",
                      "TOLLGATE_APP_SECRETS=0f5d86a1c37e4b29,0f5d86a1c37e4b2,aaaaaaaaaaaaaaaaaaaa,"
                      "A-LONG-TEXT-OF-YOURS");
    const char *written;
    char *argv[] = {"tollgate", NULL};
    cr_assert_eq(run_main(TG_INGRESS, stderr, &written, 1, argv), TG_SETTINGS_RUN);
    int warnings = 0;
    for (const char *at = written; (at = strstr(at, " event=weak_secret ")); at++)
        warnings++;
    cr_assert_eq(warnings, 4, "%s", written);
    cr_assert(strstr(written, "name=TOLLGATE_APP_SECRETS why=\"shorter than 16 characters\"\n"));
    cr_assert(strstr(written, "name=TOLLGATE_APP_SECRETS why=\"a stand-in\"\n"));
    cr_assert(strstr(written, "name=TOLLGATE_VERIFY_TOKEN why=\"a stand-in\"\n"));
    cr_assert_null(strstr(written, "0f5d"));
}

Test(settings_main, check_and_connect_is_the_daemon_s_to_go_on_with)
{
    given_environment(REQUIRED);
    const char *written;
    cr_assert_eq(run(TG_INGRESS, stdout, &written, "--check", "--connect"), TG_SETTINGS_CONNECT);
    given_environment(REQUIRED, "TOLLGATE_LANES=none");
    cr_assert_eq(run(TG_INGRESS, stderr, &written, "--check", "--connect"), TG_EXIT_SETTINGS);
}

// numbers[] has them all.
Test(settings_main, no_other_setting_is_a_whole_number)
{
    static const char said[] = "Must be a whole number from ";
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--env-example"), 0);
    size_t found = 0;
    for (const char *at = written; (at = strstr(at, said)); at += strlen(said))
        found++;
    cr_assert_eq(found, NUMBERS);
}

Test(settings_main, the_committed_env_example_is_what_the_program_prints)
{
    static char committed[CAPTURE_MAX];
    FILE *file = fopen(TOLLGATE_SOURCE_DIR "/.env.example", "re");
    cr_assert(file, "tollgate-ingress --env-example > .env.example makes it");
    committed[fread(committed, 1, sizeof committed - 1, file)] = '\0';
    (void)fclose(file);
    const char *written;
    cr_assert_eq(run(TG_WORKER, stdout, &written, "--env-example"), 0);
    cr_assert_str_eq(written, committed);
}
