// Where strangers may have us call: the walls before our own network.
#include "common/base/outside.h"

#include "common/base/clock.h"
#include "common/http/client.h"
#include "common/http/outside_url.h"
#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { DEADLINE_MS = 10000 };

static bool is_outside(const char *text)
{
    struct tg_ip ip;
    cr_assert(tg_ip_read(text, strlen(text), &ip), "%s", text);
    return tg_ip_is_outside(ip);
}

// The first and the last of each range, and their neighbours outside of it.
Test(outside, is_not_where_no_internet_is)
{
    static const char *const inner[] = {
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
        "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254",
        "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0",
        "192.0.2.255", "192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255",
        "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0",
        "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255", //
        "::", "::1", "::7f00:1", "fc00::", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1",
        "feff::1", "ff00::", "ff02::1", "ffff:ffff::1", "2001:db8::", "2001:db8:ffff::1", "2001::1",
        "2001:2::1", "2001:10::1", "2001:20::1", "3fff::1", "5f00::1", "100::1", "64:ff9b:1::1",
        // By the address of IPv4 in them.
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b::c0a8:101", "2002:7f00:1::", "2002:a00:1::1",
        "2002:a9fe:a9fe::1"};
    static const char *const outer[] = {
        "1.0.0.0",          "9.255.255.255",     "11.0.0.0",
        "100.63.255.255",   "100.128.0.0",       "126.255.255.255",
        "128.0.0.0",        "169.253.255.255",   "169.255.0.0",
        "172.15.255.255",   "172.32.0.0",        "191.255.255.255",
        "192.0.1.0",        "192.0.3.0",         "192.88.98.255",
        "192.88.100.0",     "192.167.255.255",   "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",        "198.51.99.255",
        "198.51.101.0",     "203.0.112.255",     "203.0.114.0",
        "223.255.255.255", //
        "2606:4700::1111",  "2a00:1450:4001::1", "2001:4860:4860::8888",
        "2001:db7:ffff::1", "2001:db9::1",       "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        cr_expect_not(is_outside(inner[i]), "%s", inner[i]);
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        cr_expect(is_outside(outer[i]), "%s", outer[i]);
}

Test(outside, is_only_of_the_internets_families)
{
    struct tg_networks none = {0};
    struct tg_networks all;
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    cr_assert(tg_networks_read("0.0.0.0/0,::/0", &all));
    cr_expect_not(tg_is_outside((const struct sockaddr *)(const void *)&local, &none));
    cr_expect_not(tg_is_outside((const struct sockaddr *)(const void *)&local, &all));
}

struct address_case {
    const char *url;
    const char *read; // NULL: refused
};

static void check(const struct address_case *cases, size_t n, const char *allowed)
{
    struct tg_networks networks;
    cr_assert(tg_networks_read(allowed, &networks));
    for (size_t i = 0; i < n; i++) {
        TG_TEXT_AUTO read = {0};
        struct tg_error error = {0};
        bool good = tg_outside_url_read(cases[i].url, &networks, "url", &read, &error);
        cr_expect_eq(good, cases[i].read != NULL, "%s: %s", cases[i].url, error.message);
        if (good && cases[i].read)
            cr_expect_str_eq(tg_text_string(&read), cases[i].read);
        else
            cr_expect_str_eq(error.field, "url", "%s", cases[i].url);
    }
}
#define CHECK(cases, allowed) check(cases, sizeof(cases) / sizeof *(cases), allowed)

Test(outside_url, is_https_with_nothing_that_hides_where_it_leads)
{
    static const struct address_case cases[] = {
        {"https://example.com", "https://example.com/"},
        {"https://example.com/hook?a=b&c", "https://example.com/hook?a=b&c"},
        {"HTTPS://example.com:443/", "https://example.com:443/"},
        {"https://example.com:1024/", "https://example.com:1024/"},
        {"https://example.com:65535/", "https://example.com:65535/"},
        {"https://8.8.8.8/x", "https://8.8.8.8/x"},
        {"https://[2606:4700::1111]/", "https://[2606:4700::1111]/"},
        {"http://example.com/", NULL},
        {"ftp://example.com/", NULL},
        {"file:///etc/passwd", NULL},
        {"gopher://example.com/", NULL},
        {"example.com/", NULL},
        {"//example.com/", NULL},
        {"", NULL},
        {"https://", NULL},
        {"https:///path", NULL},
        {"https://user:pass@example.com/", NULL},
        {"https://user@example.com/", NULL},
        {"https://@example.com/", NULL},
        {"https://:pass@example.com/", NULL},
        {"https://example.com@127.0.0.1/", NULL},
        {"https://example.com/#fragment", NULL},
        {"https://example.com/#", NULL},
        {"https://example.com:80/", NULL},
        {"https://example.com:22/", NULL},
        {"https://example.com:0/", NULL},
        {"https://example.com:1023/", NULL},
        {"https://example.com:65536/", NULL},
        {"https://exa mple.com/", NULL},
        {"https://example.com/\r\nX: y", NULL},
        {"https://example.com\\@127.0.0.1/", NULL},
        {"https://ex\xc3\xa4mple.com/", NULL},
        {"https://ex%C3%A4mple.com/", NULL},
        {"https://ex%dd/", NULL},
        {"https://user%40example.com/", NULL},
        {"https://exa%20mple.com/", NULL},
        {"https://ex%61mple.com/", "https://example.com/"},
    };
    CHECK(cases, "");
}

Test(outside_url, is_not_to_an_inner_address_however_it_is_spelt)
{
    static const struct address_case cases[] = {
        {"https://127.0.0.1/", NULL},
        {"https://127.0.0.1:8443/", NULL},
        {"https://0x7f.1/", NULL},
        {"https://0x7f000001/", NULL},
        {"https://2130706433/", NULL},
        {"https://0177.0.0.1/", NULL},
        {"https://127.1/", NULL},
        {"https://0/", NULL},
        {"https://169.254.169.254/latest/meta-data/", NULL},
        {"https://[::1]/", NULL},
        {"https://[::]/", NULL},
        {"https://[::ffff:127.0.0.1]/", NULL},
        {"https://[::ffff:7f00:1]/", NULL},
        {"https://[64:ff9b::127.0.0.1]/", NULL},
        {"https://[fe80::1%25eth0]/", NULL},
        {"https://[fe80::1]/", NULL},
        {"https://%31%32%37.0.0.1/", NULL},
        {"https://%5B::1%5D/", NULL},
    };
    CHECK(cases, "");
}

Test(outside_url, may_be_to_a_network_that_is_allowed_all_the_same)
{
    static const struct address_case cases[] = {{"https://127.0.0.1:8443/", //
                                                 "https://127.0.0.1:8443/"},
                                                {"https://2130706433/", "https://127.0.0.1/"},
                                                {"https://127.0.0.2/", NULL},
                                                {"https://10.0.0.1/", NULL}};
    CHECK(cases, "127.0.0.1/32");
}

Test(outside_url, has_2048_characters_at_the_most)
{
    char url[2100] = "https://example.com/";
    TG_TEXT_AUTO read = {0};
    struct tg_error error;
    const struct tg_networks none = {0};
    memset(url + strlen(url), 'a', 2048 - strlen(url));
    cr_expect(tg_outside_url_read(url, &none, "url", &read, &error));
    url[2048] = 'a';
    cr_expect_not(tg_outside_url_read(url, &none, "url", &read, &error));
}

Test(outside_url, gets_further_members_of_its_query)
{
    TG_TEXT_AUTO bare = {0};
    TG_TEXT_AUTO more = {0};
    const char *const pairs[] = {"hub.mode", "subscribe", "hub.verify_token", "a&b=c d\xc3\xa4#",
                                 NULL};
    tg_outside_url_append("https://example.com/hook", pairs, &bare);
    tg_outside_url_append("https://example.com/hook?a=b", pairs, &more);
    cr_expect_str_eq(bare.data, "https://example.com/hook?hub.mode=subscribe&hub.verify_token="
                                "a%26b%3dc+d%c3%a4%23");
    cr_expect_str_eq(more.data, "https://example.com/hook?a=b&hub.mode=subscribe&hub.verify_token="
                                "a%26b%3dc+d%c3%a4%23");
}

// What names lead to, in place of the system's resolver, which knows all others.
static const char *leads_to[2];

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    resolver *real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || !strstr(name, ".stranger.test"))
        return real(name, service, hints, result);
    struct addrinfo *first = NULL;
    for (int i = 1; i >= 0; i--) {
        struct addrinfo *one = NULL;
        if (!leads_to[i])
            continue;
        int status = real(leads_to[i], service, hints, &one);
        if (status != 0)
            return status;
        for (struct addrinfo *last = one; first; last = last->ai_next) {
            if (last->ai_next)
                continue;
            last->ai_next = first;
            break;
        }
        first = one;
    }
    *result = first;
    return 0;
}

// A request to the peer's port, by that host, to where the walls let it.
static struct tg_http_answer ask(struct peer *peer, const char *host, const char *allowed)
{
    struct tg_networks networks;
    struct tg_http_answer answer = {0};
    char url[128];
    bool ended = false;
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    cr_assert(tg_networks_read(allowed, &networks));
    struct tg_http *http = tg_http_create(&(const struct tg_http_options){
        .calls_max = 2, .silence_ms = DEADLINE_MS, .outside_and = &networks});
    snprintf(url, sizeof url, "http://%s%s/", host, strrchr(peer->url, ':'));
    tg_http_begin(http, &(const struct tg_http_request){.method = "GET",
                                                        .url = url,
                                                        .connect_timeout_ms = 2000,
                                                        .timeout_ms = 2000,
                                                        .answer_max = 64});
    while (!(ended = tg_http_take(http, &answer)) && tg_now_ms() < deadline_ms) {
        tg_http_run(http, 5);
        peer_look(peer);
    }
    cr_assert(ended);
    answer.body.data = NULL;
    tg_http_destroy(http);
    return answer;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void expect_wall(const char *host, const char *allowed)
{
    struct peer *peer = given_peer("\r\n\r\n", OK);
    struct tg_http_answer answer = ask(peer, host, allowed);
    cr_expect_neq(answer.end, TG_HTTP_ANSWERED, "%s", host);
    cr_expect(answer.inside && !answer.sent, "%s", host);
    cr_expect_eq(peer->connections, 0, "%s", host);
    peer_end(peer);
}

Test(outside_call, is_not_made_to_an_inner_address)
{
    expect_wall("127.0.0.1", "");
    expect_wall("localhost", "");
    expect_wall("0x7f.1", "");
    expect_wall("2130706433", "");
    expect_wall("0", "");
    expect_wall("[::ffff:127.0.0.1]", "");
    expect_wall("127.0.0.1", "127.0.0.2/32,10.0.0.0/8");
}

Test(outside_call, is_made_where_it_is_allowed_all_the_same)
{
    struct peer *peer = given_peer("\r\n\r\n", OK);
    struct tg_http_answer answer = ask(peer, "127.0.0.1", "127.0.0.0/8");
    cr_expect_eq(answer.status, 200);
    cr_expect_not(answer.inside);
    peer_end(peer);
}

Test(outside_call, looks_at_what_a_name_leads_to)
{
    leads_to[0] = "127.0.0.1";
    expect_wall("inner.stranger.test", "");
    leads_to[0] = "10.1.2.3";
    expect_wall("inner.stranger.test", "127.0.0.0/8");
}

// 127.0.0.2 is the private one, at which the peer would be heard by nobody; 127.0.0.1 stands for a
// public one.
Test(outside_call, of_two_addresses_goes_to_none_that_is_inside)
{
    struct peer *peer = given_peer("\r\n\r\n", OK);
    leads_to[0] = "10.1.2.3";
    leads_to[1] = "127.0.0.1";
    struct tg_http_answer answer = ask(peer, "both.stranger.test", "127.0.0.1/32");
    cr_expect_eq(answer.status, 200);
    cr_expect(answer.inside); // it was tried
    peer_end(peer);
    leads_to[1] = "192.168.1.1";
    expect_wall("both.stranger.test", "127.0.0.1/32");
}

// Saved while it led outside.
Test(outside_call, looks_each_time_as_a_name_may_lead_elsewhere_by_now)
{
    struct peer *peer = given_peer("\r\n\r\n", OK);
    leads_to[0] = "127.0.0.1";
    cr_expect_eq(ask(peer, "moves.stranger.test", "127.0.0.1/32").status, 200);
    peer_end(peer);
    leads_to[0] = "127.0.0.2";
    expect_wall("moves.stranger.test", "127.0.0.1/32");
}

Test(outside_call, does_not_follow_a_redirect)
{
    struct peer *peer =
        given_peer("\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\n"
                               "Content-Length: 0\r\n\r\n");
    struct tg_http_answer answer = ask(peer, "127.0.0.1", "127.0.0.0/8");
    cr_expect_eq(answer.status, 302);
    cr_expect_eq(peer->connections, 1);
    peer_end(peer);
}
