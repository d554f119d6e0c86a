#include "common/base/outside.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { V4_BITS = 96 }; // those before an address of IPv4

// clang-format off
#define V4(a, b, c, d, bits_) \
    {{{[10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b), [14] = (c), [15] = (d)}}, V4_BITS + (bits_)}
#define V6(a, b, bits_) {{{[0] = (a) >> 8, [1] = (a) & 0xff, [2] = (b) >> 8, [3] = (b) & 0xff}}, (bits_)}
// clang-format on

// The registries: iana-ipv4-special-registry, iana-ipv6-special-registry.
static const struct tg_networks inside_v4 = {
    .count = 15,
    .of = {
        V4(0, 0, 0, 0, 8),       // this network
        V4(10, 0, 0, 0, 8),      // private
        V4(100, 64, 0, 0, 10),   // behind a carrier's NAT
        V4(127, 0, 0, 0, 8),     // this machine
        V4(169, 254, 0, 0, 16),  // the link, and clouds' metadata
        V4(172, 16, 0, 0, 12),   // private
        V4(192, 0, 0, 0, 24),    // protocols'
        V4(192, 0, 2, 0, 24),    // documentation
        V4(192, 88, 99, 0, 24),  // relays of 6to4
        V4(192, 168, 0, 0, 16),  // private
        V4(198, 18, 0, 0, 15),   // measuring
        V4(198, 51, 100, 0, 24), // documentation
        V4(203, 0, 113, 0, 24),  // documentation
        V4(224, 0, 0, 0, 4),     // many receivers
        V4(240, 0, 0, 0, 4),     // a time to come, and all receivers
    }};
static const struct tg_networks inside_v6 = {
    .count = 13,
    .of = {
        V6(0x0000, 0, 8),       // unspecified, this machine, IPv4 "compatible"
        V6(0x0064, 0xff9b, 32), // NAT64 of some network
        V6(0x0100, 0, 8),       // thrown away, and a time to come
        V6(0x2001, 0x0000, 32), // Teredo
        V6(0x2001, 0x0002, 48), // measuring
        V6(0x2001, 0x0010, 28), // ORCHID
        V6(0x2001, 0x0020, 28), // ORCHIDv2
        V6(0x2001, 0x0db8, 32), // documentation
        V6(0x3fff, 0x0000, 20), // documentation
        V6(0x5f00, 0, 16),      // segments
        V6(0xfc00, 0, 7),       // private
        V6(0xfe00, 0, 8),       // the link, sites
        V6(0xff00, 0, 8),       // many receivers
    }};

// Of IPv6, what stands for one of IPv4 is that.
static struct tg_ip meant(struct tg_ip ip)
{
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(ip.bytes, nat64, sizeof nat64) == 0)
        return tg_ip_of_v4(ip.bytes + sizeof nat64);
    if (ip.bytes[0] == 0x20 && ip.bytes[1] == 0x02)
        return tg_ip_of_v4(ip.bytes + 2);
    return ip;
}

bool tg_ip_is_outside(struct tg_ip ip)
{
    struct tg_ip at = meant(ip);
    return !tg_networks_hold(tg_ip_is_v4(at) ? &inside_v4 : &inside_v6, at);
}

bool tg_is_outside(const struct sockaddr *address, const struct tg_networks *or_of)
{
    struct tg_ip ip;
    if (address->sa_family == AF_INET)
        ip = tg_ip_of_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    else if (address->sa_family == AF_INET6)
        memcpy(ip.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
               sizeof ip.bytes);
    else
        return false;
    return tg_ip_is_outside(ip) || tg_networks_hold(or_of, ip);
}
