#include "ingress/route/origin.h"

#include <string.h>
#include <strings.h>

static bool is_allowed(const struct origins *origins, const char *origin)
{
    size_t length = strlen(origin);
    for (const char *at = origins->allowed; *at; at += strspn(at, ",")) {
        size_t allowed = strcspn(at, ",");
        if (allowed == length && strncasecmp(at, origin, length) == 0)
            return true;
        at += allowed;
    }
    return false;
}

// NULL: the request comes from no page that may call.
static const char *allowed_origin(const struct origins *origins, const struct request *request)
{
    const char *origin = *origins->allowed ? request_header(request, "Origin", NULL) : NULL;
    return origin && is_allowed(origins, origin) ? origin : NULL;
}

void origins_mark(const struct origins *origins, struct request *request)
{
    const char *origin = allowed_origin(origins, request);
    if (*origins->allowed)
        request_add_header(request, "Vary", "Origin");
    if (!origin)
        return;
    request_add_header(request, "Access-Control-Allow-Origin", origin);
    request_add_header(request, "Access-Control-Expose-Headers",
                       "Idempotency-Replayed, Retry-After");
}

bool origins_answer_preflight(const struct origins *origins, struct request *request,
                              const char *methods)
{
    if (strcmp(request->method, "OPTIONS") != 0 || !allowed_origin(origins, request) ||
        !request_header(request, "Access-Control-Request-Method", NULL))
        return false;
    request_add_header(request, "Access-Control-Allow-Methods", methods);
    request_add_header(request, "Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Idempotency-Key, Prefer");
    request_add_header(request, "Access-Control-Max-Age", "600");
    request_answer(request, &(struct answer){.status = 204});
    return true;
}

static bool is_listen_address(const struct origins *origins, const char *host, size_t length)
{
    char listen[TG_ADDRESS_TEXT_SIZE];
    tg_address_format(&origins->listen, listen);
    return strncmp(listen, host, length) == 0 && listen[length] == ':';
}

// "localhost", a loopback address or the listener's own, with or without a port.
static bool is_our_name(const struct origins *origins, const char *host)
{
    struct tg_address address;
    char text[TG_ADDRESS_TEXT_SIZE];
    size_t name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (name >= sizeof text - sizeof ":0" || strlen(host) < name)
        return false;
    if (name == strlen("localhost") && strncasecmp(host, "localhost", name) == 0)
        return true;
    memcpy(text, host, name);
    memcpy(text + name, ":0", sizeof ":0");
    if (!tg_address_parse(text, &address))
        return false;
    return tg_address_is_loopback(&address) || is_listen_address(origins, host, name);
}

// A cookie of ours is for https alone, and for this machine.
static bool is_ours(const char *origin, const char *host)
{
    static const char *const here[] = {"localhost", "127.0.0.1", "[::1]"};
    bool loopback = false;
    for (size_t i = 0; i < sizeof here / sizeof *here && !loopback; i++) {
        size_t length = strlen(here[i]);
        loopback = strncasecmp(host, here[i], length) == 0 && strchr(":", host[length]);
    }
    if (strncmp(origin, "https://", 8) == 0)
        return strcasecmp(origin + 8, host) == 0;
    return loopback && strncmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, host) == 0;
}

bool origins_are_ours(const struct request *request, struct tg_error *error)
{
    int origins;
    const char *origin = request_header(request, "Origin", &origins);
    const char *host = request_header(request, "Host", NULL);
    const char *site = request_header(request, "Sec-Fetch-Site", NULL);
    bool reads = strcmp(request->method, "GET") == 0;
    bool good = origin ? origins == 1 && host && is_ours(origin, host) : reads;
    if (good && site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return tg_error_set(error, "wrong_origin", "Sec-Fetch-Site",
                            "A session is for pages of this address alone");
    return good || tg_error_set(error, "wrong_origin", "Origin",
                                "A session is for pages of this address alone");
}

static bool refuse(struct tg_error *error, const char *header)
{
    return tg_error_set(error, "not_trusted", header,
                        "TOLLGATE_AUTH=trusted takes no request with such a header (%s)", header);
}

bool origins_trust(const struct origins *origins, const struct request *request,
                   struct tg_error *error)
{
    static const char *const passed_on[] = {"X-Forwarded-For",   "X-Forwarded-Host",
                                            "X-Forwarded-Proto", "X-Real-IP",
                                            "Forwarded",         "Via"};
    bool allowed = allowed_origin(origins, request) != NULL;
    if (!allowed && request_header(request, "Origin", NULL))
        return refuse(error, "Origin");
    const char *site = request_header(request, "Sec-Fetch-Site", NULL);
    if (!allowed && site && strcmp(site, "none") != 0)
        return refuse(error, "Sec-Fetch-Site");
    if (origins->anywhere)
        return true;
    const char *host = request_header(request, "Host", NULL);
    if (host && !is_our_name(origins, host))
        return refuse(error, "Host");
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        if (request_header(request, passed_on[i], NULL))
            return refuse(error, passed_on[i]);
    }
    return true;
}
