#include "common/health/health.h"

#include "common/limits.h"
#include "common/service/listen.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tg_health {
    struct MHD_Daemon *daemon;
    tg_health_probe *probe;
    void *context;
};

// Appends the body of /healthz, /readyz or /metrics; returns the HTTP status, 404 for any other
// path.
static unsigned answer_body(const struct tg_health *health, const char *path, struct tg_text *body,
                            const char **content_type)
{
    *content_type = "text/plain; charset=utf-8";
    if (strcmp(path, "/healthz") == 0) {
        tg_text_append_string(body, "ok\n");
        return MHD_HTTP_OK;
    }
    if (strcmp(path, "/metrics") == 0) {
        *content_type = "text/plain; version=0.0.4";
        tg_metrics_render(body);
        return MHD_HTTP_OK;
    }
    if (strcmp(path, "/readyz") == 0) {
        *content_type = "application/json";
        TG_TEXT_AUTO missing = {0};
        health->probe(health->context, &missing);
        bool ready = missing.length == 0;
        if (ready)
            tg_text_append_string(body, "{\"ready\":true}\n");
        else
            tg_text_append_format(body, "{\"ready\":false,\"missing\":[%s]}\n",
                                  tg_text_string(&missing));
        return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    tg_text_append_string(body, "there are /healthz, /readyz and /metrics here\n");
    return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_data_size, // NOLINT(readability-non-const-parameter)
                              void **request_context)
{
    (void)version;
    (void)upload_data;
    (void)upload_data_size;
    (void)request_context;
    bool allowed =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    TG_TEXT_AUTO body = {0};
    const char *content_type = "text/plain; charset=utf-8";
    unsigned status = MHD_HTTP_METHOD_NOT_ALLOWED;
    if (allowed)
        status = answer_body(context, path, &body, &content_type);
    else
        tg_text_append_string(&body, "only GET and HEAD are allowed here\n");

    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.length, body.data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (!allowed)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

struct tg_health *tg_health_start(const struct tg_address *address, tg_health_probe *probe,
                                  void *context, struct tg_error *error)
{
    char text[TG_ADDRESS_TEXT_SIZE];
    int listener = tg_listen(address, TG_HEALTH_BACKLOG, "TOLLGATE_ADMIN_LISTEN", text, error);
    if (listener < 0)
        return NULL;
    struct tg_health *health = calloc(1, sizeof *health);
    if (!health)
        abort();
    health->probe = probe;
    health->context = context;
    // Once it has started, the socket is libmicrohttpd's, which also closes it.
    health->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle,
        health, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)TG_HEALTH_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)TG_HEALTH_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)TG_HEALTH_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!health->daemon) {
        tg_error_set(error, "listen_failed", "TOLLGATE_ADMIN_LISTEN",
                     "TOLLGATE_ADMIN_LISTEN: the listener on %s could not be started", text);
        close(listener);
        free(health);
        return NULL;
    }
    tg_log(TG_LOG_INFO, "admin_listening", TG_LOG_TEXT("address", text));
    return health;
}

void tg_health_stop(struct tg_health *health)
{
    if (health)
        MHD_stop_daemon(health->daemon);
}

void tg_health_free(struct tg_health *health)
{
    free(health);
}
