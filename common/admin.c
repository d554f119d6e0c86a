#include "common/admin.h"

#include "common/log.h"
#include "common/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // Prometheus, a service manager's probes and a person or two.
    ADMIN_CONNECTIONS_MAX = 32,
    ADMIN_CONNECTION_MEMORY_BYTES = 8 * 1024,
    ADMIN_IDLE_S = 10,
    ADMIN_BACKLOG = 16,
};

struct tg_admin {
    struct MHD_Daemon *daemon;
    tg_admin_probe *probe;
    void *context;
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

// Appends the body of /healthz, /readyz or /metrics; returns the HTTP status, 404 for any other
// path.
static unsigned answer_body(const struct tg_admin *admin, const char *path, struct tg_text *body,
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
        admin->probe(admin->context, &missing);
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

// Returns a listening socket, -1 with errno if the address cannot be had.
static int listen_on(const struct tg_address *address)
{
    union socket_address at = {0};
    socklen_t size = sizeof at.v4;
    if (inet_pton(AF_INET, address->host, &at.v4.sin_addr) == 1) {
        at.v4.sin_family = AF_INET;
        at.v4.sin_port = htons(address->port);
    } else if (inet_pton(AF_INET6, address->host, &at.v6.sin6_addr) == 1) {
        at.v6.sin6_family = AF_INET6;
        at.v6.sin6_port = htons(address->port);
        size = sizeof at.v6;
    } else {
        errno = EINVAL;
        return -1;
    }
    int listener = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    int yes = 1; // a restart does not wait for old connections to time out
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, &at.any, size) == 0 && listen(listener, ADMIN_BACKLOG) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

// The port that the kernel chose where port 0 was asked for.
static unsigned bound_port(int listener)
{
    union socket_address at = {0};
    socklen_t size = sizeof at;
    if (getsockname(listener, &at.any, &size) != 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

struct tg_admin *tg_admin_start(const struct tg_address *address, tg_admin_probe *probe,
                                void *context, struct tg_error *error)
{
    bool v6 = strchr(address->host, ':') != NULL;
    char text[sizeof address->host + 16];
    int listener = listen_on(address);
    unsigned port = listener < 0 ? address->port : bound_port(listener);
    snprintf(text, sizeof text, v6 ? "[%s]:%u" : "%s:%u", address->host, port);
    if (listener < 0) {
        tg_error_set(error, MHD_HTTP_INTERNAL_SERVER_ERROR, "admin_unavailable", NULL,
                     "TOLLGATE_ADMIN_LISTEN: cannot listen on %s: %s", text,
                     strerrordesc_np(errno));
        return NULL;
    }
    struct tg_admin *admin = calloc(1, sizeof *admin);
    if (!admin)
        abort();
    admin->probe = probe;
    admin->context = context;
    // From here on the socket is libmicrohttpd's, which also closes it.
    admin->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle,
        admin, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)ADMIN_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)ADMIN_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)ADMIN_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!admin->daemon) {
        tg_error_set(error, MHD_HTTP_INTERNAL_SERVER_ERROR, "admin_unavailable", NULL,
                     "TOLLGATE_ADMIN_LISTEN: the listener on %s could not be started", text);
        free(admin);
        return NULL;
    }
    tg_log(TG_LOG_INFO, "admin_listening", TG_LOG_TEXT("address", text));
    return admin;
}

void tg_admin_stop(struct tg_admin *admin)
{
    if (!admin)
        return;
    MHD_stop_daemon(admin->daemon);
    free(admin);
}
