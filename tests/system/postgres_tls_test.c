// PostgreSQL behind TLS: with sslmode=verify-full a daemon talks to the right one alone.
#include "tests/system/certificate.h"
#include "tests/system/org.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(postgres_tls, .timeout = 120);

static void append(const struct postgres *postgres, const char *file, const char *text)
{
    FILE *settings = fopen(text_of("%s/%s", postgres->data, file), "ae");
    cr_assert(settings && fputs(text, settings) >= 0 && fclose(settings) == 0);
}

// In its data directory, since it reads no key that is another's.
static void give_file(const struct postgres *postgres, const char *name, const char *path)
{
    const char *copy = text_of("%s/%s", postgres->data, name);
    cr_assert_eq(command_run(WORDS("install", "--mode", "600", path, copy), NULL).status, 0);
    process_give_to_postgres(copy);
}

// One that is "localhost", by a certificate of its authority.
static struct postgres *given_postgres_with_tls(const struct certificate *certificate)
{
    struct postgres *postgres = postgres_create();
    give_file(postgres, "server.crt", certificate->path);
    give_file(postgres, "server.key", certificate->key);
    append(postgres, "postgresql.conf", "ssl = on\n");
    postgres_start(postgres);
    (void)database_text(database_of("127.0.0.1", postgres->port, "postgres"),
                        "CREATE DATABASE tollgate");
    return postgres;
}

static const char *url(const struct postgres *postgres, const char *role, const char *host,
                       const char *mode, const char *authority)
{
    return text_of("postgresql://%s@%s:%s/tollgate?sslmode=%s&sslrootcert=%s", role, host,
                   postgres->port, mode, authority);
}

static void migrate_by(const char *by)
{
    struct command_result result =
        command_run(WORDS(TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url", by), NULL);
    cr_assert(result.status == 0, "%s%s", result.output, result.errors);
}

Test(postgres_tls, the_right_one_is_worked_with)
{
    const struct certificate right = certificate_create("right", "DNS:localhost");
    struct postgres *postgres = given_postgres_with_tls(&right);
    migrate_by(url(postgres, "postgres", "localhost", "verify-full", right.authority));
    struct database *database = database_of("127.0.0.1", postgres->port, "tollgate");
    struct gateway *gateway =
        given_gateway(.database = database,
                      .ingress_settings = {text_of("TOLLGATE_POSTGRES_URL=%s",
                                                   url(postgres, "tollgate_ingress", "localhost",
                                                       "verify-full", right.authority))},
                      .worker_settings = {text_of("TOLLGATE_POSTGRES_URL=%s",
                                                  url(postgres, "tollgate_worker", "localhost",
                                                      "verify-full", right.authority))});
    eventually(*daemon_missing(&gateway->ingress) == '\0' &&
               *daemon_missing(&gateway->workers[0]) == '\0');
    struct org org = given_org(gateway, .number = "123456");
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM pg_stat_ssl s JOIN "
                                           "pg_stat_activity a USING (pid) WHERE a.usename ~ "
                                           "'^tollgate_' AND NOT s.ssl"),
                 0);
    cr_assert_gt(database_number(database, "SELECT count(*) FROM pg_stat_ssl s JOIN "
                                           "pg_stat_activity a USING (pid) WHERE a.usename ~ "
                                           "'^tollgate_' AND s.ssl"),
                 4);
    stop_gateway(gateway);
    postgres_stop(postgres);
}

static void expect_refused_for(const char *by, const char *said, const char *cure)
{
    struct command_result run = command_run(
        WORDS(testbed_daemon("tollgate-ingress"), "--check", "--connect"),
        WORDS(text_of("TOLLGATE_POSTGRES_URL=%s", by), "TOLLGATE_REDIS_URL=redis://127.0.0.1:1",
              "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET,
              "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN));
    cr_expect_eq(run.status, 1, "%s", run.output);
    cr_expect(strncmp(strstr(run.output, "PostgreSQL"), "PostgreSQL is not good: ", 24) == 0, "%s",
              run.output);
    cr_expect(strstr(run.output, said), "not there: %s: %s", said, run.output);
    cr_expect(strstr(run.output, cure), "not there: %s: %s", cure, run.output);
}

Test(postgres_tls, any_other_is_refused_and_the_reason_told)
{
    const struct certificate right = certificate_create("right", "DNS:localhost");
    const struct certificate other = certificate_create("other", "DNS:localhost");
    struct postgres *postgres = given_postgres_with_tls(&right);
    const char *role = "tollgate_ingress";
    // Another name than those in its certificate, by which it is reached all the same.
    expect_refused_for(url(postgres, role, "127.0.0.1", "verify-full", right.authority),
                       "does not match host name \"127.0.0.1\"",
                       "; the host in TOLLGATE_POSTGRES_URL must be a name in PostgreSQL's "
                       "certificate\n");
    expect_refused_for(url(postgres, role, "localhost", "verify-full", other.authority),
                       "certificate verify failed",
                       "; sslrootcert in TOLLGATE_POSTGRES_URL must name the file of PostgreSQL's "
                       "own authority\n");
    expect_refused_for(url(postgres, role, "localhost", "verify-full", "/nowhere/ca.pem"),
                       "root certificate file \"/nowhere/ca.pem\"",
                       "; sslrootcert in TOLLGATE_POSTGRES_URL must name the authority's file\n");

    // One that lets nobody in without TLS.
    postgres_stop(postgres);
    (void)unlink(text_of("%s/pg_hba.conf", postgres->data));
    append(postgres, "pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
    process_give_to_postgres(text_of("%s/pg_hba.conf", postgres->data));
    append(postgres, "postgresql.conf", "ssl = on\n");
    postgres_start(postgres);
    expect_refused_for(url(postgres, role, "localhost", "disable", right.authority),
                       "no encryption", "; pg_hba.conf may want TLS: sslmode=verify-full in ");

    // And one in whose place somebody answers who speaks none.
    postgres_stop(postgres);
    append(postgres, "postgresql.conf", "ssl = off\n");
    append(postgres, "pg_hba.conf", "host all all 127.0.0.1/32 trust\n");
    postgres_start(postgres);
    expect_refused_for(url(postgres, role, "localhost", "verify-full", right.authority),
                       "server does not support SSL, but SSL was required",
                       "; PostgreSQL must have ssl = on and a certificate\n");
    postgres_stop(postgres);
}
