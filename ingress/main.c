// tollgate-ingress: validates, reserves the fee, publishes a job, answers.

#include "common/health/health.h"
#include "common/health/readiness.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "ingress/route/router.h"

#include <stdlib.h>

// What a request meets after the server; all of it outlives the server.
struct stops {
    struct query_pool *queries;
    struct waiters *waiters;
    struct jobs *jobs;
    struct lanes *lanes;
    struct publisher *publisher;
    struct webhook *webhook;
    struct auth *auth;
};

static void start_stops(struct stops *stops, const struct tg_settings *settings)
{
    stops->queries = query_pool_start(settings);
    stops->waiters = waiters_start(settings, stops->queries);
    stops->jobs = jobs_start(settings);
    stops->lanes = lanes_start(settings, stops->waiters, stops->jobs);
    stops->publisher = publisher_start(settings);
    stops->webhook = webhook_create(settings, stops->publisher);
    stops->auth = auth_create(settings->auth);
}

// In the flow's order: publish and accept what is queued, answer who waits, run what is asked. All
// of Redis's users are told first: if it hangs, they wait for it side by side.
static void drain_stops(struct stops *stops)
{
    publisher_close(stops->publisher);
    jobs_close(stops->jobs);
    lanes_close(stops->lanes);
    waiters_close(stops->waiters);
    publisher_stop(stops->publisher);
    lanes_stop(stops->lanes);
    jobs_stop(stops->jobs);
    waiters_stop(stops->waiters);
    query_pool_stop(stops->queries);
}

static void free_stops(struct stops *stops)
{
    auth_destroy(stops->auth);
    webhook_destroy(stops->webhook);
    publisher_free(stops->publisher);
    lanes_free(stops->lanes);
    jobs_free(stops->jobs);
    waiters_free(stops->waiters);
    query_pool_free(stops->queries);
}

// Returns false, with the reason logged, if the server's address cannot be had.
static bool serve(const struct tg_settings *settings)
{
    struct stops stops;
    struct tg_error error;
    start_stops(&stops, settings);
    struct routes routes = {.auth = stops.auth,
                            .queries = stops.queries,
                            .lanes = stops.lanes,
                            .webhook = stops.webhook};
    struct server_handler handler = {routes_body_max, routes_handle, &routes};
    struct server *server = server_start(settings, &handler, &error);
    if (server) {
        tg_service_ready();
        tg_service_wait_for_stop();
        server_drain(server);
    } else {
        tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
    }
    drain_stops(&stops);
    if (server)
        server_stop(server);
    free_stops(&stops);
    return server != NULL;
}

int main(int argc, char **argv)
{
    struct tg_settings settings;
    struct tg_error error;
    tg_service_start();
    int status = tg_settings_main(TG_INGRESS, argc, argv, &settings);
    if (status >= 0)
        return status;

    struct tg_readiness *readiness = tg_readiness_create(
        settings.postgres_url, TG_CALLS_OF_INGRESS, settings.redis_url, (int)settings.partitions);
    struct tg_health *health =
        tg_health_start(&settings.admin_listen, tg_readiness_probe, readiness, &error);
    bool served = health && serve(&settings);
    if (!health)
        tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
    tg_health_stop(health);
    tg_health_free(health);
    tg_readiness_destroy(readiness);
    return served ? EXIT_SUCCESS : EXIT_FAILURE;
}
