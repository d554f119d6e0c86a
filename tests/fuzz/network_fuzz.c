#include "common/base/network.h"

#include "ingress/http/forwarded.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <string.h>

static void expect_address(const struct tg_text *input)
{
    struct tg_ip ip;
    struct tg_ip again;
    char text[INET6_ADDRSTRLEN];
    if (!tg_ip_read(tg_text_string(input), input->length, &ip))
        return;
    FUZZ_HOLDS(inet_ntop(AF_INET6, ip.bytes, text, sizeof text) != NULL);
    FUZZ_HOLDS(tg_ip_read(text, strlen(text), &again) && memcmp(&ip, &again, sizeof ip) == 0);
    if (tg_ip_is_v4(ip)) {
        again = tg_ip_of_v4(ip.bytes + 12);
        FUZZ_HOLDS(memcmp(&ip, &again, sizeof ip) == 0);
    }
}

// A network holds where it begins, and not what differs from that in one of the bits that count.
static void expect_network(const struct tg_network *network)
{
    const struct tg_networks alone = {.count = 1, .of = {*network}};
    struct tg_ip ip = network->ip;
    FUZZ_HOLDS(network->bits <= 128);
    FUZZ_HOLDS(tg_networks_hold(&alone, ip));
    if (network->bits == 0)
        return;
    size_t last = network->bits - 1U;
    ip.bytes[last / 8] ^= (unsigned char)(0x80U >> last % 8);
    FUZZ_HOLDS(!tg_networks_hold(&alone, ip));
}

// Whom our proxies have passed on: the last of the list that is none of ours, or else the first.
static void expect_forwarded(const char *list)
{
    const struct tg_networks proxies = {.count = 1, .of = {{.ip.bytes = {0xfd}, .bits = 8}}};
    const struct tg_networks none = {0};
    const struct tg_ip proxy = {.bytes = {0xfd, [15] = 1}};
    struct tg_ip ip = proxy;
    TG_TEXT_AUTO longer = {0};
    forwarded_for(list, &none, &ip);
    FUZZ_HOLDS(memcmp(&ip, &proxy, sizeof ip) == 0);
    forwarded_for(list, &proxies, &ip);
    // What a stranger says of others changes nothing of what a proxy says of the stranger.
    tg_text_append_format(&longer, "%s, 192.0.2.1\t,, fd00::2", list);
    struct tg_ip stranger = proxy;
    struct tg_ip expected;
    FUZZ_HOLDS(tg_ip_read("192.0.2.1", strlen("192.0.2.1"), &expected));
    forwarded_for(tg_text_string(&longer), &proxies, &stranger);
    FUZZ_HOLDS(memcmp(&stranger, &expected, sizeof expected) == 0);
    tg_text_clear(&longer);
    tg_text_append_format(&longer, "%s , fd00::2 ,", list);
    struct tg_ip again = proxy;
    forwarded_for(tg_text_string(&longer), &proxies, &again);
    FUZZ_HOLDS(tg_networks_hold(&proxies, ip) || memcmp(&ip, &again, sizeof ip) == 0);
}

FUZZ_TARGET(network)
{
    struct tg_networks networks = {0};
    expect_address(input);
    expect_forwarded(tg_text_string(input));
    if (!tg_networks_read(tg_text_string(input), &networks))
        return;
    FUZZ_HOLDS(networks.count <= TG_NETWORKS_MAX);
    for (size_t i = 0; i < networks.count; i++)
        expect_network(&networks.of[i]);
}
