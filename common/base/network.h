// Addresses of the internet, and networks of them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// One of IPv6; one of IPv4 stands as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
struct tg_ip {
    unsigned char bytes[16];
};

bool tg_ip_is_v4(struct tg_ip ip);
struct tg_ip tg_ip_of_v4(const void *four_bytes);

// Reads one as a proxy writes it: with or without a port and, IPv6, brackets. false: it is none.
bool tg_ip_read(const char *text, size_t length, struct tg_ip *ip);

enum { TG_NETWORKS_MAX = 32 };
struct tg_network {
    struct tg_ip ip;
    unsigned char bits; // of the 128 that count
};
struct tg_networks {
    size_t count;
    struct tg_network of[TG_NETWORKS_MAX];
};

// Reads "10.0.0.0/8,2001:db8::/32,192.0.2.1", "" for none. false: something else, more than
// TG_NETWORKS_MAX, or an address with bits behind those that count.
bool tg_networks_read(const char *text, struct tg_networks *networks);

bool tg_networks_hold(const struct tg_networks *networks, struct tg_ip ip);
