#include "common/base/network.h"

#include "common/base/digits.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

enum { V4_BITS = 96 }; // those before an address of IPv4

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool tg_ip_is_v4(struct tg_ip ip)
{
    return memcmp(ip.bytes, v4_prefix, sizeof v4_prefix) == 0;
}

struct tg_ip tg_ip_of_v4(const void *four_bytes)
{
    struct tg_ip ip;
    memcpy(ip.bytes, v4_prefix, sizeof v4_prefix);
    memcpy(ip.bytes + sizeof v4_prefix, four_bytes, 4);
    return ip;
}

static bool read_bare(const char *text, size_t length, struct tg_ip *ip)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (length >= sizeof copy || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET6, copy, ip->bytes) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &v4) != 1)
        return false;
    *ip = tg_ip_of_v4(&v4);
    return true;
}

bool tg_ip_read(const char *text, size_t length, struct tg_ip *ip)
{
    const char *end = memchr(text, ']', length);
    if (length > 0 && *text == '[')
        return end && read_bare(text + 1, (size_t)(end - text) - 1, ip);
    const char *colon = memchr(text, ':', length);
    bool port = colon && !memchr(colon + 1, ':', length - (size_t)(colon - text) - 1);
    return read_bare(text, port ? (size_t)(colon - text) : length, ip);
}

static bool is_in(const struct tg_network *network, struct tg_ip ip)
{
    size_t whole = network->bits / 8;
    unsigned char mask = (unsigned char)(0xff00U >> network->bits % 8);
    return memcmp(network->ip.bytes, ip.bytes, whole) == 0 &&
           (whole == sizeof ip.bytes || ((network->ip.bytes[whole] ^ ip.bytes[whole]) & mask) == 0);
}

// Has the address nothing but zeros behind the bits that count?
static bool ends_there(const struct tg_network *network)
{
    for (size_t bit = network->bits; bit < 8 * sizeof network->ip.bytes; bit++) {
        if (network->ip.bytes[bit / 8] & (0x80U >> bit % 8))
            return false;
    }
    return true;
}

static bool read_network(const char *text, size_t length, struct tg_network *network)
{
    const char *slash = memchr(text, '/', length);
    size_t address = slash ? (size_t)(slash - text) : length;
    int64_t bits;
    char digits[4] = "";
    if (!read_bare(text, address, &network->ip))
        return false;
    size_t before = memchr(text, ':', address) ? 0 : V4_BITS;
    network->bits = 128;
    if (!slash)
        return true;
    if (length - address - 1 >= sizeof digits)
        return false;
    memcpy(digits, slash + 1, length - address - 1);
    if (!tg_decimal_read(digits, 128 - (int64_t)before, &bits))
        return false;
    network->bits = (unsigned char)(before + (size_t)bits);
    return ends_there(network);
}

bool tg_networks_read(const char *text, struct tg_networks *networks)
{
    networks->count = 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        if (networks->count == TG_NETWORKS_MAX ||
            !read_network(text, length, &networks->of[networks->count++]))
            return false;
        text += length;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    return true;
}

bool tg_networks_hold(const struct tg_networks *networks, struct tg_ip ip)
{
    size_t at = 0;
    while (at < networks->count && !is_in(&networks->of[at], ip))
        at++;
    return at < networks->count;
}
