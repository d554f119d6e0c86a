#include "common/base/network.h"
#include "common/base/text.h"
#include "ingress/http/forwarded.h"

#include <criterion/criterion.h>
#include <string.h>

static struct tg_ip ip_of(const char *text)
{
    struct tg_ip ip;
    cr_assert(tg_ip_read(text, strlen(text), &ip), "%s", text);
    return ip;
}

static bool same(struct tg_ip a, struct tg_ip b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

Test(network, an_address_is_read_as_proxies_write_it)
{
    static const char *const four[] = {"192.0.2.7", "192.0.2.7:80", "::ffff:192.0.2.7",
                                       "[::ffff:192.0.2.7]:80"};
    for (size_t i = 0; i < sizeof four / sizeof *four; i++)
        cr_assert(same(ip_of(four[i]), tg_ip_of_v4("\xc0\x00\x02\x07")), "%s", four[i]);
    static const char *const six[] = {"2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:443"};
    for (size_t i = 0; i < sizeof six / sizeof *six; i++)
        cr_assert(same(ip_of(six[i]), ip_of("2001:db8:0:0::0:7")), "%s", six[i]);
    cr_assert_not(tg_ip_is_v4(ip_of("2001:db8::7")));
    static const char *const none[] = {"",       "unknown", "192.0.2",    "192.0.2.256",
                                       "_x",     "[::1",    "192.0.2.7 ", "192.0.2.7/8",
                                       "::1%lo", "1:2:3",   "localhost",  "0192.0.2.7"};
    struct tg_ip ip;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(tg_ip_read(none[i], strlen(none[i]), &ip), "%s", none[i]);
    cr_assert_not(tg_ip_read("::1\0", 4, &ip));
}

Test(network, holds_what_has_its_first_bits)
{
    static const struct {
        const char *networks;
        const char *ip;
        bool held;
    } cases[] = {
        {"", "192.0.2.7", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.0/25", "192.0.2.127", true},
        {"192.0.2.0/25", "192.0.2.128", false},
        {"10.0.0.0/8,192.0.2.0/24", "192.0.2.1", true},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "192.0.2.7", true},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1/128", "2001:db8::1", true},
        {"::10.0.0.0/104", "10.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tg_networks networks;
        cr_assert(tg_networks_read(cases[i].networks, &networks), "%s", cases[i].networks);
        cr_assert_eq(tg_networks_hold(&networks, ip_of(cases[i].ip)), cases[i].held, "%s %s",
                     cases[i].networks, cases[i].ip);
    }
}

Test(network, that_is_not_written_well_is_none)
{
    static const char *const none[] = {"10.0.0.0/33",  "10.0.0.1/8",    "10.0.0.0/",
                                       "10.0.0.0/-1",  "10.0.0.0/8,",   ",10.0.0.0/8",
                                       "10.0.0.0/8, ", "::1/129",       "2001:db8::1/32",
                                       "10/8",         "10.0.0.0/1000", "proxy.example.com"};
    struct tg_networks networks;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(tg_networks_read(none[i], &networks), "%s", none[i]);
    TG_TEXT_AUTO many = {0};
    for (int i = 0; i < TG_NETWORKS_MAX; i++)
        tg_text_append_format(&many, "%s1.2.3.4", i > 0 ? "," : "");
    cr_assert(tg_networks_read(many.data, &networks));
    cr_assert_eq(networks.count, TG_NETWORKS_MAX);
    tg_text_append_string(&many, ",1.2.3.4");
    cr_assert_not(tg_networks_read(many.data, &networks));
}

// 10.0.0.0/8 are our proxies, 10.9.9.9 is who is connected.
Test(network, who_was_passed_on_is_the_last_who_is_no_proxy)
{
    static const struct {
        const char *list;
        const char *ip;
    } cases[] = {
        {"", "10.9.9.9"},
        {"192.0.2.7", "192.0.2.7"},
        {"198.51.100.1, 192.0.2.7", "192.0.2.7"},
        {"198.51.100.1,192.0.2.7,\t10.1.1.1", "192.0.2.7"},
        {"198.51.100.1, 192.0.2.7, 10.1.1.1, 10.2.2.2", "192.0.2.7"},
        {"10.3.3.3, 10.1.1.1", "10.3.3.3"},
        {"2001:db8::7, 10.1.1.1:8080", "2001:db8::7"},
        {"192.0.2.7, unknown, 10.1.1.1", "10.1.1.1"},
        {"192.0.2.7, unknown", "10.9.9.9"},
        {",192.0.2.7,,", "192.0.2.7"},
        {"192.0.2.7 evil, 10.1.1.1", "192.0.2.7"},
        {",", "10.9.9.9"},
    };
    struct tg_networks proxies;
    cr_assert(tg_networks_read("10.0.0.0/8", &proxies));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tg_ip ip = ip_of("10.9.9.9");
        forwarded_for(cases[i].list, &proxies, &ip);
        cr_assert(same(ip, ip_of(cases[i].ip)), "%s", cases[i].list);
    }
    struct tg_ip stranger = ip_of("203.0.113.1");
    forwarded_for("192.0.2.7", &proxies, &stranger);
    cr_assert(same(stranger, ip_of("203.0.113.1")));
}
