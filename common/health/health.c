#include "common/health/health.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/tokens.h"
#include "common/streams/job.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

// Between two looks whether all is there that the daemon needs.
enum { LOOK_MS = 5000 };

struct tg_health {
    struct MHD_Daemon *daemon;
    enum tg_calls_of calls;
    bool allow_owner;
    atomic_bool listens;    // to clients, if there is to be a listener for them
    atomic_bool has_stores; // as they were looked at last
    pthread_t thread;       // looks whether all is there
    bool looks;             // it was started
    bool hangs;             // it does, as the daemon ends: what it has is left to it
    pthread_mutex_t lock;   // what follows is for one thread at a time
    pthread_cond_t stop;
    atomic_bool stopping;
    struct tg_pg *pg;
    struct tg_pg *operators; // for operators; NULL: there are none
    struct tg_stream *stream;
    bool is_admitted; // we are nobody who may do anything,
    bool are_operators_admitted;
    struct tg_misfit misfit; // as it was logged
};

static void append_name(struct tg_text *missing, const char *name)
{
    tg_text_append_format(missing, "%s\"%s\"", missing->length > 0 ? "," : "", name);
}

static void probe_postgresql(struct tg_health *health, struct tg_text *missing)
{
    struct tg_misfit misfit;
    enum tg_pg_status status = tg_store_check_schema(health->pg, health->calls, &misfit);
    if (status == TG_PG_OK && strcmp(misfit.what, "restored") == 0)
        append_name(missing, misfit.call);
    else if (status == TG_PG_REFUSED || (status == TG_PG_OK && misfit.call[0] != '\0'))
        append_name(missing, "schema");
    else if (status != TG_PG_OK)
        append_name(missing, "postgresql");
    if (status != TG_PG_OK || memcmp(&misfit, &health->misfit, sizeof misfit) == 0)
        return;
    if (misfit.call[0] != '\0')
        tg_log(TG_LOG_WARN, "schema_missed", TG_LOG_TEXT("call", misfit.call),
               TG_LOG_TEXT("misfit", misfit.what));
    health->misfit = misfit;
}

static void probe_redis(struct tg_stream *stream, struct tg_text *missing)
{
    // The first ping may only find out that the connection has died since the last probe.
    bool answered = tg_stream_ping(stream);
    if (!answered)
        answered = tg_stream_ping(stream);
    if (!answered)
        append_name(missing, "redis");
}

// Appends what is missing. Under the lock.
static void probe(struct tg_health *health, struct tg_text *missing)
{
    probe_postgresql(health, missing);
    probe_redis(health->stream, missing);
    atomic_store(&health->has_stores, missing->length == 0);
    if (!atomic_load(&health->listens))
        append_name(missing, "listener");
    tg_gauge_set(TG_READY, missing->length == 0);
}

// Without the lock: who holds it may wait for a server that hangs.
void tg_health_listens(struct tg_health *health, bool listens)
{
    atomic_store(&health->listens, listens);
    tg_gauge_set(TG_READY, listens && atomic_load(&health->has_stores));
}

// Once it is known who we are that is asked no more: another role wants another start. Under the
// lock.
static bool admits(struct tg_pg *pg, const char *setting, const char *ours, bool *is_admitted)
{
    struct tg_login role;
    if (*is_admitted || tg_store_find_login(pg, &role) != TG_PG_OK)
        return true;
    *is_admitted = role.too_mighty[0] == '\0';
    if (*is_admitted)
        return true;
    TG_TEXT_AUTO reason = {0};
    tg_text_append_format(&reason,
                          "%s: the role %s %s; connect as tollgate_%s, which deploy/migrate makes, "
                          "or set TOLLGATE_ALLOW_OWNER=yes",
                          setting, role.name, role.too_mighty, ours);
    tg_log(TG_LOG_ERROR, "start_refused", TG_LOG_TEXT("reason", tg_text_string(&reason)));
    return false;
}

// An ingress opens none, and says all the same that they lie there: a worker with keys is about to
// seal them, and one without has said so by itself. Under the lock.
static void tell_of_open_tokens(struct tg_health *health)
{
    int64_t open = 0;
    if (health->calls == TG_CALLS_OF_INGRESS &&
        tg_store_count_open_tokens(health->pg, &open) == TG_PG_OK && open > 0)
        tg_log(TG_LOG_WARN, "tokens_lie_open", TG_LOG_NUMBER("tokens", open));
}

static bool admits_roles(struct tg_health *health)
{
    const char *ours = health->calls == TG_CALLS_OF_INGRESS ? "ingress" : "worker";
    if (health->allow_owner)
        return true;
    return admits(health->pg, "TOLLGATE_POSTGRES_URL", ours, &health->is_admitted) &&
           (!health->operators || admits(health->operators, "TOLLGATE_OPERATOR_POSTGRES_URL",
                                         "operator", &health->are_operators_admitted));
}

// So that the gauge is true although nobody asks for readiness.
static void *look(void *argument)
{
    struct tg_health *health = argument;
    pthread_mutex_lock(&health->lock);
    while (!atomic_load(&health->stopping)) {
        TG_TEXT_AUTO missing = {0};
        struct timespec next = tg_cond_deadline(LOOK_MS);
        while (!atomic_load(&health->stopping) &&
               pthread_cond_timedwait(&health->stop, &health->lock, &next) != ETIMEDOUT)
            ;
        if (atomic_load(&health->stopping))
            break;
        probe(health, &missing);
        if (!admits_roles(health)) // PostgreSQL was away at the start
            (void)kill(getpid(), SIGTERM);
    }
    pthread_mutex_unlock(&health->lock);
    return NULL;
}

// Appends the body; returns the HTTP status.
static unsigned answer_ready(struct tg_health *health, struct tg_text *body)
{
    TG_TEXT_AUTO missing = {0};
    pthread_mutex_lock(&health->lock);
    probe(health, &missing);
    pthread_mutex_unlock(&health->lock);
    if (missing.length == 0) {
        tg_text_append_string(body, "{\"ready\":true}\n");
        return MHD_HTTP_OK;
    }
    tg_text_append_format(body, "{\"ready\":false,\"missing\":[%s]}\n", tg_text_string(&missing));
    return MHD_HTTP_SERVICE_UNAVAILABLE;
}

unsigned tg_health_answer(struct tg_health *health, const char *path, struct tg_text *body,
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
        return answer_ready(health, body);
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
        status = tg_health_answer(context, path, &body, &content_type);
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

static bool start_listening(struct tg_health *health, const struct tg_address *address,
                            const struct tg_tls *tls, struct tg_error *error)
{
    static const char setting[] = "TOLLGATE_ADMIN_LISTEN";
    char text[TG_ADDRESS_TEXT_SIZE];
    int listener = tg_listen(address, TG_HEALTH_BACKLOG, setting, text, error);
    if (listener < 0)
        return false;
    struct MHD_OptionItem by_tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls ? tg_tls_chooser(tls) : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, tg_tls_priorities},
        {MHD_OPTION_END, 0, NULL}};
    // Once it has started, the socket is libmicrohttpd's, which also closes it.
    health->daemon = MHD_start_daemon(
        // By poll(): select() ends at 1,024 descriptors, of which requests may take more.
        MHD_USE_POLL | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            (tls ? MHD_USE_TLS : 0),
        0, NULL, NULL, handle, health, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)TG_HEALTH_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)TG_HEALTH_CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TG_HEALTH_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, by_tls + (tls ? 0 : 2), MHD_OPTION_END);
    if (!health->daemon) {
        close(listener);
        return tg_error_set(error, "listen_failed", setting,
                            "%s: the listener on %s could not be started", setting, text);
    }
    tg_log(TG_LOG_INFO, "admin_listening", TG_LOG_TEXT("address", text),
           TG_LOG_NUMBER("tls", tls != NULL));
    return true;
}

struct tg_health *tg_health_create(const struct tg_settings *settings, enum tg_calls_of calls)
{
    struct tg_health *health = tg_alloc(sizeof *health);
    health->calls = calls;
    atomic_init(&health->listens, calls != TG_CALLS_OF_INGRESS);
    health->allow_owner = settings->allow_owner;
    pthread_mutex_init(&health->lock, NULL);
    tg_cond_init(&health->stop);
    tg_metrics_start(calls == TG_CALLS_OF_INGRESS ? "ingress" : "worker");
    health->pg = tg_pg_create(settings->postgres_url, "tollgate readiness");
    if (tg_settings_has_desk(settings))
        health->operators =
            tg_pg_create(settings->operator_postgres_url, "tollgate readiness operators");
    health->stream = tg_stream_create(settings->redis_url, (int)settings->partitions, tg_job_work);
    return health;
}

struct tg_health *tg_health_start(const struct tg_settings *settings, enum tg_calls_of calls)
{
    struct tg_error error;
    struct tg_health *health = tg_health_create(settings, calls);
    if (start_listening(health, &settings->admin_listen, settings->admin_tls, &error))
        return health;
    tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
    tg_health_free(health);
    return NULL;
}

bool tg_health_look(struct tg_health *health)
{
    TG_TEXT_AUTO missing = {0};
    pthread_mutex_lock(&health->lock);
    bool admitted = admits_roles(health);
    if (admitted)
        probe(health, &missing);
    if (admitted && atomic_load(&health->has_stores))
        tell_of_open_tokens(health);
    pthread_mutex_unlock(&health->lock);
    health->looks = admitted;
    if (admitted)
        health->thread = tg_service_thread("readiness", look, health);
    return admitted;
}

// The detached thread's stack is where no leak checker looks for it.
static void leave_to_thread(struct tg_health *health)
{
    static struct tg_health *left;
    left = health;
    pthread_detach(left->thread);
}

void tg_health_stop(struct tg_health *health)
{
    if (!health)
        return;
    if (health->daemon)
        MHD_stop_daemon(health->daemon);
    if (!health->looks)
        return;
    atomic_store(&health->stopping, true);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec++;
    health->hangs = pthread_mutex_timedlock(&health->lock, &deadline) != 0;
    if (health->hangs) {
        leave_to_thread(health);
        return;
    }
    pthread_cond_signal(&health->stop);
    pthread_mutex_unlock(&health->lock);
    pthread_join(health->thread, NULL);
}

void tg_health_free(struct tg_health *health)
{
    if (!health || health->hangs)
        return;
    tg_stream_destroy(health->stream);
    tg_pg_destroy(health->operators);
    tg_pg_destroy(health->pg);
    pthread_cond_destroy(&health->stop);
    pthread_mutex_destroy(&health->lock);
    free(health);
}
