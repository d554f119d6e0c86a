// tollgate-ingress: validates, reserves the fee, publishes a job, answers.

#include "common/admin.h"
#include "common/log.h"
#include "common/readiness.h"
#include "common/service.h"
#include "ingress/routes.h"

#include <stdlib.h>

// The process ends with main, and all threads with it.
static int end_start(const struct tg_error *error)
{
    tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error->message));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct tg_settings settings;
    struct tg_error error;
    tg_service_start();
    int status = tg_settings_main(TG_INGRESS, argc, argv, &settings);
    if (status >= 0)
        return status;
    tg_log_start("ingress", settings.log_level, settings.log_format);

    struct tg_readiness *readiness = tg_readiness_create(&settings);
    struct tg_admin *admin =
        tg_admin_start(&settings.admin_listen, tg_readiness_probe, readiness, &error);
    if (!admin)
        return end_start(&error);
    struct query_pool *queries = query_pool_start(&settings);
    struct waiters *waiters = waiters_start(&settings, queries);
    struct lanes *lanes = lanes_start(&settings, waiters);
    struct auth *auth = auth_create(settings.auth);
    struct routes routes = {.auth = auth, .queries = queries, .lanes = lanes};
    struct server_handler handler = {routes_body_max, routes_handle, &routes};
    struct server *server = server_start(&settings, &handler, &error);
    if (!server)
        return end_start(&error);

    tg_service_ready();
    tg_service_wait_for_stop();

    // In the flow's order: take nothing new, accept what is queued, answer who waits, close.
    server_drain(server);
    lanes_stop(lanes);
    waiters_stop(waiters);
    query_pool_stop(queries);
    server_stop(server);
    auth_destroy(auth);
    lanes_free(lanes);
    waiters_free(waiters);
    query_pool_free(queries);
    tg_admin_stop(admin);
    tg_readiness_destroy(readiness);
    return EXIT_SUCCESS;
}
