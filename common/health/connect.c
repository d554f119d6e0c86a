#include "common/health/connect.h"

#include "common/redis/redis.h"
#include "common/store/tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// By security_invoker views, and what of its own catalogue the schema reads.
enum { POSTGRES_LEAST = 150000 };

// What stands in the line that says why nobody gets in, and what to do about it.
struct cure {
    const char *says;
    const char *cure;
};

static const struct cure postgres_cures[] = {
    {"password authentication failed",
     "deploy/migrate sets the roles' passwords from TOLLGATE_INGRESS_PASSWORD, "
     "TOLLGATE_WORKER_PASSWORD and TOLLGATE_OPERATOR_PASSWORD"},
    {"no password supplied", "TOLLGATE_POSTGRES_URL needs the role's password"},
    {"certificate verify failed",
     "sslrootcert in TOLLGATE_POSTGRES_URL must name the file of PostgreSQL's own authority"},
    {"does not match host name",
     "the host in TOLLGATE_POSTGRES_URL must be a name in PostgreSQL's certificate"},
    {"root certificate", "sslrootcert in TOLLGATE_POSTGRES_URL must name the authority's file"},
    {"does not support SSL", "PostgreSQL must have ssl = on and a certificate"},
    {"no encryption", "pg_hba.conf may want TLS: sslmode=verify-full in TOLLGATE_POSTGRES_URL"},
    {"pg_hba.conf", "a line of pg_hba.conf must let the role in from here"},
    {"permission denied for database", "deploy/migrate grants the daemons' roles CONNECT"},
    {"too many connections", "look at the CONNECTION LIMIT of the role and of the database"},
    {"too many clients", "raise max_connections: each daemon needs several"},
    {"connection slots", "raise max_connections: each daemon needs several"},
    {"role \"", "deploy/migrate makes the roles tollgate_ingress and tollgate_worker"},
    {"database \"", "make the database, and run deploy/migrate"},
    {"unrecognized configuration parameter", "Tollgate needs PostgreSQL 15 or newer"},
    {"could not translate host name", "no such host is known here: look at TOLLGATE_POSTGRES_URL"},
    {"read-only", "TOLLGATE_POSTGRES_URL must name the primary"},
    {"hot standby", "TOLLGATE_POSTGRES_URL must name the primary"},
    {"", "look whether it runs there, and whether this machine reaches it"}};

static const struct cure redis_cures[] = {
    {"WRONGPASS", "user and password of TOLLGATE_REDIS_URL are not Redis's"},
    {"AUTH", "look at user and password in TOLLGATE_REDIS_URL"},
    {"NOPERM", "the user of TOLLGATE_REDIS_URL needs more rights: deploy/redis.acl"},
    {"READONLY", "TOLLGATE_REDIS_URL must name the primary"},
    {"not known", "no such host is known here: look at TOLLGATE_REDIS_URL"},
    {"resol", "no such host is known here: look at TOLLGATE_REDIS_URL"},
    {"", "look whether it runs there, and whether this machine reaches it"}};

static const char *cure_of(const struct cure *cures, const char *trouble)
{
    while (!strstr(trouble, cures->says))
        cures++;
    return cures->cure;
}

static bool complain(const char *of, const char *trouble, const char *cure)
{
    printf("%s is not good: %s; %s\n", of, trouble, cure);
    return false;
}

static bool admit_role(const struct tg_login *role, const struct tg_settings *settings,
                       enum tg_calls_of calls)
{
    char trouble[sizeof role->name + sizeof role->too_mighty + 32];
    if (role->server_number < POSTGRES_LEAST) {
        snprintf(trouble, sizeof trouble, "it is of version %s", role->server);
        return complain("PostgreSQL", trouble, "Tollgate needs 15 or newer");
    }
    if (role->too_mighty[0] == '\0' || settings->allow_owner)
        return true;
    snprintf(trouble, sizeof trouble, "the role %s %s", role->name, role->too_mighty);
    static const char *const cures[] = {
        [TG_CALLS_OF_INGRESS] = "connect as tollgate_ingress, or set TOLLGATE_ALLOW_OWNER=yes",
        [TG_CALLS_OF_WORKER] = "connect as tollgate_worker, or set TOLLGATE_ALLOW_OWNER=yes",
        [TG_CALLS_OF_OPERATOR] = "connect as tollgate_operator, or set TOLLGATE_ALLOW_OWNER=yes"};
    return complain("PostgreSQL", trouble, cures[calls]);
}

static bool admit_schema(struct tg_pg *pg, enum tg_calls_of calls)
{
    struct tg_misfit misfit;
    char trouble[sizeof misfit.call + sizeof misfit.what + 64];
    enum tg_pg_status status = tg_store_check_schema(pg, calls, &misfit);
    if (status != TG_PG_OK && status != TG_PG_REFUSED)
        return complain("PostgreSQL", "it went away", "look at its log");
    if (strcmp(misfit.what, "restored") == 0)
        return complain("PostgreSQL", "the database was restored from a backup",
                        "run deploy/after-restore (docs/backup.md)");
    if (status == TG_PG_OK && misfit.call[0] == '\0')
        return true;
    // The daemons' functions are not there for who may not call them either.
    if (strcmp(misfit.what, "version") == 0)
        snprintf(trouble, sizeof trouble, "the schema is older than this daemon");
    else if (misfit.call[0] != '\0')
        snprintf(trouble, sizeof trouble, "%s (%s) is missing, or is another's to call",
                 misfit.call, misfit.what);
    else
        snprintf(trouble, sizeof trouble, "the schema is missing");
    return complain("PostgreSQL", trouble,
                    "run deploy/migrate of this version, and connect as the daemon's own role");
}

// An ingress whose role sees no token sends as ever, and relays nothing.
static bool admit_relay(struct tg_pg *pg, const struct tg_settings *settings)
{
    struct tg_misfit misfit;
    return !settings->relay ||
           (tg_store_check_schema(pg, TG_CALLS_OF_RELAY, &misfit) == TG_PG_OK &&
            misfit.call[0] == '\0') ||
           complain("PostgreSQL", "our role may not relay calls to Meta",
                    "run deploy/migrate without TOLLGATE_RELAY=off, or set that here, too");
}

static bool check_postgresql(const struct tg_settings *settings, const char *url,
                             enum tg_calls_of calls)
{
    struct tg_login role;
    struct tg_pg *pg = tg_pg_create(url, "tollgate check");
    bool good;
    if (tg_store_find_login(pg, &role) == TG_PG_OK)
        good = admit_role(&role, settings, calls) && admit_schema(pg, calls) &&
               (calls != TG_CALLS_OF_INGRESS || admit_relay(pg, settings));
    else
        good =
            complain("PostgreSQL", tg_pg_trouble(pg), cure_of(postgres_cures, tg_pg_trouble(pg)));
    if (good)
        printf("PostgreSQL %s is good, for the role %s\n", role.server, role.name);
    int64_t open = 0;
    if (good && tg_store_count_open_tokens(pg, &open) == TG_PG_OK && open > 0)
        printf("but %" PRId64 " access tokens lie open in it: docs/secrets.md\n", open);
    tg_pg_destroy(pg);
    return good;
}

static bool admit_setting(const struct tg_redis_setting *setting)
{
    char trouble[80];
    char cure[80];
    if (strcmp(setting->value, setting->wanted) == 0)
        return true;
    if (setting->value[0] == '\0') {
        printf("Redis does not tell its %s: it should be %s\n", setting->name, setting->wanted);
        return true;
    }
    snprintf(trouble, sizeof trouble, "%s is %s, so that it may lose jobs and webhooks",
             setting->name, setting->value);
    snprintf(cure, sizeof cure, "set %s to %s", setting->name, setting->wanted);
    return complain("Redis", trouble, cure);
}

static bool admit_partitions(const char *theirs, const struct tg_settings *settings)
{
    char ours[sizeof "-9223372036854775808"];
    char trouble[80];
    snprintf(ours, sizeof ours, "%" PRId64, settings->partitions);
    if (theirs[0] == '\0' || strcmp(theirs, ours) == 0)
        return true;
    snprintf(trouble, sizeof trouble, "the daemons here have %s partitions, and this one %s",
             theirs, ours);
    return complain("Redis", trouble, "give all of them the same TOLLGATE_PARTITIONS");
}

static bool check_redis(const struct tg_settings *settings)
{
    struct tg_redis_setting wanted[TG_REDIS_SETTINGS];
    char partitions[TG_REDIS_PARTITIONS_SIZE];
    struct tg_redis *redis = tg_redis_create(settings->redis_url, 0);
    bool there = tg_redis_connected(redis) && tg_redis_look_at_settings(redis, wanted) &&
                 tg_redis_find_partitions(redis, partitions);
    bool good = there || complain("Redis", tg_redis_trouble(redis),
                                  cure_of(redis_cures, tg_redis_trouble(redis)));
    for (size_t i = 0; there && i < TG_REDIS_SETTINGS; i++)
        good &= admit_setting(&wanted[i]);
    if (there)
        good &= admit_partitions(partitions, settings);
    if (good)
        puts("Redis is good");
    tg_redis_destroy(redis);
    return good;
}

int tg_connect_check(const struct tg_settings *settings, enum tg_calls_of calls)
{
    tg_log_set_level(TG_LOG_NONE);
    bool postgresql = check_postgresql(settings, settings->postgres_url, calls);
    bool desk = !tg_settings_has_desk(settings) ||
                check_postgresql(settings, settings->operator_postgres_url, TG_CALLS_OF_OPERATOR);
    bool redis = check_redis(settings);
    return postgresql && desk && redis && fflush(stdout) == 0 ? 0 : 1;
}
