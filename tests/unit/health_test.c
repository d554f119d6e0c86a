#include "common/health/health.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(health, .timeout = 60);

// Neither PostgreSQL nor Redis is anywhere.
static struct tg_health *given_health(enum tg_calls_of calls)
{
    static const struct tg_settings settings = {
        .postgres_url = "postgresql://127.0.0.1:1/tollgate?connect_timeout=1",
        .redis_url = "redis://127.0.0.1:1",
        .partitions = 1,
        .allow_owner = true};
    return tg_health_create(&settings, calls);
}

static bool lacks_listener(struct tg_health *health)
{
    TG_TEXT_AUTO body = {0};
    const char *type;
    cr_assert_eq(tg_health_answer(health, "/readyz", &body, &type), 503);
    cr_assert(strstr(tg_text_string(&body), "\"redis\""), "%s", tg_text_string(&body));
    return strstr(tg_text_string(&body), "\"listener\"") != NULL;
}

// Else whoever waits for it to be ready may come before there is anything to come to.
Test(health, an_ingress_is_not_ready_while_it_does_not_listen)
{
    struct tg_health *health = given_health(TG_CALLS_OF_INGRESS);
    cr_assert(lacks_listener(health));
    tg_health_listens(health, true);
    cr_assert(!lacks_listener(health));
    tg_health_listens(health, false);
    cr_assert(lacks_listener(health));
    tg_health_free(health);
}

Test(health, a_worker_has_no_listener_to_lack)
{
    struct tg_health *health = given_health(TG_CALLS_OF_WORKER);
    cr_assert(!lacks_listener(health));
    tg_health_free(health);
}
