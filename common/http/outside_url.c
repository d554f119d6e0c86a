#include "common/http/outside_url.h"

#include "common/base/outside.h"
#include "common/limits.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_OF_HTTPS = 443, PORTS_OF_USERS = 1024 };

static void free_part(char **part)
{
    curl_free(*part);
}
#define PART_AUTO __attribute__((cleanup(free_part))) char *

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
}
#define URL_AUTO __attribute__((cleanup(free_url))) CURLU *

static CURLU *make(void)
{
    CURLU *url = curl_url();
    if (!url)
        abort();
    return url;
}

static bool has(CURLU *url, CURLUPart which)
{
    PART_AUTO part = NULL;
    return curl_url_get(url, which, &part, 0) == CURLUE_OK && part;
}

static bool is_plain(const char *text)
{
    while (*text > ' ' && *text <= '~' && *text != '\\')
        text++;
    return *text == '\0';
}

static bool has_good_port(CURLU *url)
{
    PART_AUTO port = NULL;
    if (curl_url_get(url, CURLUPART_PORT, &port, 0) != CURLUE_OK)
        return true;
    long number = strtol(port, NULL, 10);
    return number == PORT_OF_HTTPS || number >= PORTS_OF_USERS;
}

// (libcurl decodes %XX there: what comes of it may be anything, also an @.)
static bool has_plain_host(CURLU *url)
{
    static const char good[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._[]:";
    PART_AUTO host = NULL;
    return curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
           host[strspn(host, good)] == '\0';
}

// libcurl has written an address of IPv4 in four numbers by now, however it was spelt.
static bool has_good_host(CURLU *url, const struct tg_networks *or_of)
{
    PART_AUTO host = NULL;
    struct tg_ip ip;
    if (has(url, CURLUPART_ZONEID) || curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    return !tg_ip_read(host, strlen(host), &ip) || tg_ip_is_outside(ip) ||
           tg_networks_hold(or_of, ip);
}

// (libcurl forgives a third slash.)
static bool is_https(const char *text)
{
    return strncasecmp(text, "https://", strlen("https://")) == 0 &&
           text[strlen("https://")] != '/';
}

bool tg_outside_url_read(const char *text, const struct tg_networks *or_of, const char *field,
                         struct tg_text *read, struct tg_error *error)
{
    URL_AUTO url = make();
    PART_AUTO whole = NULL;
    const char *must = NULL;
    if (!is_plain(text) || !is_https(text) ||
        curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        must = "be an https:// URL";
    else if (has(url, CURLUPART_USER) || has(url, CURLUPART_PASSWORD) || strchr(text, '@'))
        must = "have no user, no password and no @";
    else if (strchr(text, '#'))
        must = "have no fragment (#)";
    else if (!has_plain_host(url))
        must = "have a host of letters, digits, dots and hyphens";
    else if (!has_good_port(url))
        must = "have port 443, or one above 1023";
    else if (!has_good_host(url, or_of))
        must = "lead to the internet";
    else if (curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK ||
             strlen(whole) > TG_ENDPOINT_URL_MAX)
        must = "have up to 2,048 characters";
    if (must)
        return tg_error_set(error, "invalid_field", field, "%s must %s", field, must);
    tg_text_append_string(read, whole);
    return true;
}

void tg_outside_url_append(const char *text, const char *const *pairs, struct tg_text *all)
{
    URL_AUTO url = make();
    PART_AUTO whole = NULL;
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        abort();
    for (size_t i = 0; pairs[i]; i += 2) {
        TG_SECRET_AUTO pair = {0};
        tg_text_reserve(&pair, strlen(pairs[i]) + strlen(pairs[i + 1]) + 2);
        tg_text_append_format(&pair, "%s=%s", pairs[i], pairs[i + 1]);
        if (curl_url_set(url, CURLUPART_QUERY, pair.data, CURLU_APPENDQUERY | CURLU_URLENCODE) !=
            CURLUE_OK)
            abort();
    }
    if (curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        abort();
    tg_text_append_string(all, whole);
}
