// tollgate-ingress: validates, reserves the fee, publishes a job, answers.

#include "common/health/connect.h"
#include "common/health/health.h"
#include "common/health/media_store.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "common/settings/settings.h"
#include "ingress/accept/job_writer.h"
#include "ingress/accept/lane.h"
#include "ingress/accept/results.h"
#include "ingress/admin/endpoints.h"
#include "ingress/admin/probes.h"
#include "ingress/api/endpoints.h"
#include "ingress/api/own_endpoints.h"
#include "ingress/api/sends.h"
#include "ingress/cloud/manner.h"
#include "ingress/db/pool.h"
#include "ingress/describe/endpoints.h"
#include "ingress/describe/print.h"
#include "ingress/feed/feeds.h"
#include "ingress/http/server.h"
#include "ingress/media/lender.h"
#include "ingress/media/media.h"
#include "ingress/meta/callback.h"
#include "ingress/meta/webhook_writer.h"
#include "ingress/relay/relay.h"
#include "ingress/relay/table.h"
#include "ingress/route/router.h"
#include "ingress/statement/statement.h"
#include "ingress/who/api_key.h"
#include "ingress/who/watch.h"

#include <stdlib.h>

// What a request meets behind the server; all of it outlives the server.
struct stops {
    struct pool *pool;
    struct pool *look_ups;
    struct pool *strangers;
    struct results *results;
    struct feeds *feeds;
    struct job_writer *jobs;
    struct lanes *lanes;
    struct sends sends;
    struct own_endpoints endpoints;
    struct webhook_writer *webhooks;
    struct callback callback;
    struct jwks *jwks;
    struct jwt *jwt;
    struct pool *readers;
    struct keys *keys;
    struct rates *rates;
    struct watch *watch;
    struct relay *relay; // NULL: nothing is relayed
    struct media_context media;
    struct router *router;
    struct told told;
};

// NULL where a setting is not set.
static const char *text_if(const char *text)
{
    return *text ? text : NULL;
}

static void start_jwt(struct stops *stops, const struct tg_settings *settings)
{
    if (!tg_settings_take_jwts(settings))
        return;
    if (*settings->jwks_file || *settings->jwks_url)
        stops->jwks = jwks_create(text_if(settings->jwks_file), text_if(settings->jwks_url),
                                  text_if(settings->jwks_ca_file));
    stops->jwt = jwt_create(&(const struct jwt_terms){.secret = settings->jwt_secret,
                                                      .jwks = stops->jwks,
                                                      .issuer = settings->jwt_issuer,
                                                      .audience = settings->jwt_audience,
                                                      .org_claims = settings->jwt_org_claim,
                                                      .rights_claim = settings->jwt_rights_claim,
                                                      .rights = settings->jwt_rights,
                                                      .anonymous = settings->jwt_anonymous});
    stops->readers = pool_start(settings->postgres_url, "readers", 1, TG_JWT_ASKERS_MAX);
}

// The admin listener, and what is behind it. It is there before the rest, and after it.
struct office {
    struct probes probes;
    struct operators operators;
    struct rates *rates;
    struct pool *pool; // of operators; NULL: there are none
    struct router *router;
    struct told told;
    struct server *server;
};

static void add_desk(struct router *router, struct tg_settings *settings)
{
    for (const struct endpoint *const *table = desk_tables; *table; table++)
        router_add(router, *table, settings);
}

// What each listener takes. (The settings may be none, where it is only described.)
static void add_to_office(struct office *office, struct tg_settings *settings, bool has_desk)
{
    router_add(office->router, probe_endpoints, &office->probes);
    if (has_desk) {
        add_desk(office->router, settings);
        router_add(office->router, desk_statement_endpoints, office->pool);
    }
    if (settings->docs)
        router_add(office->router, description_endpoints, &office->told);
}

static bool needs_sends(const struct endpoint *table)
{
    return table == send_endpoints || table == conversation_endpoints ||
           table == contact_endpoints || table == campaign_endpoints;
}

static void *context_of(struct stops *stops, const struct endpoint *table)
{
    if (table == own_endpoint_endpoints)
        return &stops->endpoints;
    return needs_sends(table) ? &stops->sends : NULL;
}

static void add_to_stops(struct stops *stops, const struct tg_settings *settings)
{
    stops->endpoints = (struct own_endpoints){settings->token_keys, &settings->notify_networks};
    for (const struct endpoint *const *table = api_tables; *table; table++)
        router_add(stops->router, *table, context_of(stops, *table));
    router_add(stops->router, event_endpoints, stops->feeds);
    router_add(stops->router, statement_endpoints, stops->pool);
    router_add(stops->router, media_endpoints, &stops->media);
    router_add(stops->router, link_endpoints, NULL);
    router_add(stops->router, callback_endpoints, &stops->callback);
    router_add(stops->router, cloud_send_endpoints, &stops->sends);
    if (settings->relay)
        router_add(stops->router, relay_endpoints, stops->relay);
    if (settings->relay)
        router_add(stops->router, template_change_endpoints, stops->relay);
    if (settings->docs)
        router_add(stops->router, description_endpoints, &stops->told);
}

static void stop_office(struct office *office)
{
    if (office->server)
        server_close(office->server);
    if (office->pool)
        pool_stop(office->pool);
    pool_stop(office->probes.pool);
    if (office->server)
        server_stop(office->server);
    router_free(office->router);
    told_finish(&office->told);
    rates_free(office->rates);
    server_free(office->server);
    pool_free(office->pool);
    pool_free(office->probes.pool);
}

// Returns false, with the reason logged, if the address cannot be had.
static bool start_office(struct office *office, struct tg_settings *settings,
                         struct tg_health *health)
{
    static const _Atomic int64_t any = 0; // operators may call as often as they like
    struct tg_error error;
    bool has_desk = tg_settings_has_desk(settings);
    bool is_exposed = !tg_address_is_loopback(&settings->admin_listen) && !settings->admin_tls &&
                      !settings->admin_insecure;
    *office =
        (struct office){.probes = {health, pool_start("", "probes", 1, TG_HEALTH_CONNECTIONS_MAX)},
                        .operators = operators_of(settings->admin_token, is_exposed),
                        .rates = rates_create((const _Atomic int64_t *const[RATES]){
                            &any, &any, &any, &settings->rate_of_failures})};
    if (has_desk)
        office->pool = pool_start(settings->operator_postgres_url, "operators",
                                  TG_ADMIN_POOL_THREADS, TG_ADMIN_QUEUE_MAX);
    office->router = router_create(&(struct router_parts){.operators = &office->operators,
                                                          .rates = office->rates,
                                                          .pool = office->pool,
                                                          .origins = {.allowed = ""}});
    add_to_office(office, settings, has_desk);
    if (settings->docs)
        told_make(&office->told, office->router, LISTENER_ADMIN);
    struct server_handler handler = router_handler(office->router);
    const struct server_place place = {.address = settings->admin_listen,
                                       .listener = TG_LISTEN_NONE,
                                       .is_admin = true,
                                       .tls = settings->admin_tls};
    office->server = server_start(&place, 1, &handler, &error);
    if (!office->server) {
        tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
        stop_office(office);
    } else if (has_desk && is_exposed) {
        tg_log(TG_LOG_WARN, "operators_kept_out",
               TG_LOG_TEXT("reason", "TOLLGATE_ADMIN_LISTEN is no loopback address, has no TLS, "
                                     "and TOLLGATE_ADMIN_INSECURE is not yes"));
    }
    return office->server != NULL;
}

static void start_stops(struct stops *stops, struct tg_settings *settings)
{
    int partitions = (int)settings->partitions;
    stops->pool = pool_start(settings->postgres_url, "pool", TG_POOL_THREADS, TG_POOL_QUEUE_MAX);
    stops->look_ups = pool_start_batches(settings->postgres_url, "look-ups", TG_KEY_ASKERS_MAX,
                                         router_look_up, TG_LOOK_UPS_AT_ONCE);
    stops->strangers = pool_start_batches(settings->postgres_url, "strangers", TG_STRANGERS_MAX,
                                          router_look_up, TG_LOOK_UPS_AT_ONCE);
    stops->results = results_start(settings->redis_url, partitions, stops->pool);
    stops->feeds = feeds_start(settings->redis_url, partitions, stops->pool);
    stops->jobs = job_writer_start(settings->redis_url, partitions);
    stops->lanes =
        lanes_start(settings->postgres_url, (size_t)settings->lanes, stops->results, stops->jobs);
    errands_start(&stops->media.errands, settings, stops->media.files);
    stops->sends = (struct sends){.lanes = stops->lanes,
                                  .homes = homes_create(),
                                  .pool = stops->pool,
                                  .lender = lender_create(&stops->media.errands),
                                  .unless_said_s = &settings->send_waits_s,
                                  .cloud_unless_said_s = &settings->cloud_waits_s,
                                  .results = stops->results,
                                  .repeats = repeats_create(request_client_has_left),
                                  .joins_repeats = settings->cloud_repeats == TG_REPEATS_JOIN};
    stops->webhooks = webhook_writer_start(settings->redis_url, partitions);
    stops->callback =
        (struct callback){settings->app_secrets, settings->verify_token, stops->webhooks};
    start_jwt(stops, settings);
    stops->keys = keys_create(settings->auth == TG_AUTH_TRUSTED, stops->jwt);
    stops->rates = rates_create((const _Atomic int64_t *const[RATES]){
        [RATE_CREDENTIAL] = &settings->rate_per_key,
        [RATE_ORG] = &settings->rate_per_org,
        [RATE_ADDRESS] = &settings->rate_per_address,
        [RATE_FAILURES] = &settings->rate_of_failures,
    });
    stops->watch = watch_start(settings->postgres_url, stops->keys);
    stops->router = router_create(&(struct router_parts){
        .keys = stops->keys,
        .pool = stops->pool,
        .look_ups = stops->look_ups,
        .strangers = stops->strangers,
        .jwt = stops->jwt,
        .readers = stops->readers,
        .origins = {settings->cors_origins, settings->auth_trusted_anywhere, settings->listen},
        .rates = stops->rates,
        .metas = &cloud_manner});
    stops->relay = relay_start(settings);
    stops->media.reader = reader_start(settings, stops->media.files);
    add_to_stops(stops, settings);
    if (settings->docs)
        told_make(&stops->told, stops->router, LISTENER_PUBLIC);
}

// In the flow's order: accept and publish what is queued, answer who waits, run what is asked. Both
// who write to Redis are told before either is waited for: if it hangs, they wait side by side.
static void stop_stops(struct stops *stops)
{
    webhook_writer_close(stops->webhooks);
    relay_close(stops->relay);
    watch_stop(stops->watch);
    pool_stop(stops->strangers);
    pool_stop(stops->look_ups);
    if (stops->readers)
        pool_stop(stops->readers);
    results_close(stops->results);
    errands_stop(&stops->media.errands);
    lanes_stop(stops->lanes);
    job_writer_close(stops->jobs);
    webhook_writer_stop(stops->webhooks);
    job_writer_stop(stops->jobs);
    results_stop(stops->results);
    feeds_stop(stops->feeds);
    relay_stop(stops->relay);
    pool_stop(stops->pool);
    reader_stop(stops->media.reader);
}

static void free_stops(struct stops *stops)
{
    router_free(stops->router);
    told_finish(&stops->told);
    relay_free(stops->relay);
    lender_free(stops->sends.lender);
    errands_free(&stops->media.errands);
    reader_free(stops->media.reader);
    rates_free(stops->rates);
    keys_free(stops->keys);
    pool_free(stops->readers);
    jwt_free(stops->jwt);
    jwks_free(stops->jwks);
    webhook_writer_free(stops->webhooks);
    homes_free(stops->sends.homes);
    repeats_free(stops->sends.repeats);
    lanes_free(stops->lanes);
    job_writer_free(stops->jobs);
    results_free(stops->results);
    feeds_free(stops->feeds);
    pool_free(stops->strangers);
    pool_free(stops->look_ups);
    pool_free(stops->pool);
}

// Returns false, with the reason logged, if the server's address cannot be had.
static bool serve(struct tg_settings *settings, struct tg_health *health, struct tg_files *files,
                  int listener)
{
    struct stops stops = {.media.files = files};
    struct tg_error error;
    start_stops(&stops, settings);
    struct server_handler handler = router_handler(stops.router);
    const struct server_place place = {settings->listen, listener, settings->trusted_proxies, false,
                                       settings->tls};
    struct server *server =
        server_start(&place, (unsigned)settings->http_threads, &handler, &error);
    if (server) {
        tg_health_listens(health, true);
        tg_service_ready();
        tg_service_wait_for_stop(tg_settings_reread, settings);
        tg_health_listens(health, false);
        server_close(server);
        server_drain(server);
    } else {
        tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
    }
    stop_stops(&stops);
    if (server)
        server_stop(server);
    free_stops(&stops);
    server_free(server);
    return server != NULL;
}

// A socket that the service manager passes on is where we listen, whatever TOLLGATE_LISTEN says.
static bool take_listener(struct tg_settings *settings, int *listener)
{
    struct tg_error error;
    *listener = tg_listen_passed_on(&settings->listen, &error);
    if (*listener != TG_LISTEN_WRONG && tg_settings_check_trust(settings, &error))
        return true;
    tg_log(TG_LOG_ERROR, "start_refused", TG_LOG_TEXT("reason", error.message));
    return false;
}

// Describes both listeners; nothing is started.
static int print(enum printed what)
{
    static struct tg_settings all = {.docs = true, .relay = true};
    struct stops stops = {.router = router_create(&(struct router_parts){0})};
    struct office office = {.router = router_create(&(struct router_parts){0})};
    add_to_stops(&stops, &all);
    add_to_office(&office, &all, true);
    int status = print_description(what, stops.router, office.router);
    router_free(stops.router);
    router_free(office.router);
    return status;
}

int main(int argc, char **argv)
{
    static struct tg_settings settings;
    enum printed what;
    if (print_asked(argc, argv, &what))
        return print(what);
    // Of a connection's memory mostly a part is ever touched.
    tg_service_start((struct tg_service_memory){.large_bytes = TG_CONNECTION_MEMORY_BYTES,
                                                .kept_bytes = 1024 * 1024});
    int status = tg_settings_main(TG_INGRESS, argc, argv, &settings);
    if (status == TG_SETTINGS_CONNECT)
        return tg_connect_check(&settings, TG_CALLS_OF_INGRESS);
    if (status != TG_SETTINGS_RUN)
        return status;

    int listener;
    if (!take_listener(&settings, &listener))
        return TG_EXIT_SETTINGS;
    struct tg_health *health = tg_health_create(&settings, TG_CALLS_OF_INGRESS);
    struct office office;
    bool opened = start_office(&office, &settings, health);
    struct tg_files *files = NULL;
    bool admitted = opened && tg_health_look(health) && tg_media_store_open(&settings, &files);
    bool served = admitted && serve(&settings, health, files, listener);
    tg_log_catch_up(true);
    if (served)
        tg_log(TG_LOG_INFO, "ingress_stopped");
    if (opened)
        stop_office(&office);
    tg_files_free(files);
    tg_health_stop(health);
    tg_health_free(health);
    tg_settings_forget(&settings);
    return served ? EXIT_SUCCESS : opened && !admitted ? TG_EXIT_SETTINGS : EXIT_FAILURE;
}
