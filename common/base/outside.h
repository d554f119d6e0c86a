// Where the internet is: what a stranger writes must not lead us to our own machines, nor to those
// beside them. Thread-safe.
#pragma once

#include "common/base/network.h"

struct sockaddr;

// Is it an address of the internet's, and of one machine? Not if IANA's registries of special
// addresses have it for this machine, a private network, a link (where clouds have their metadata),
// documentation, measuring, many receivers or a time to come. One of IPv6 that stands for one of
// IPv4 (mapped, NAT64, 6to4) is what that is.
bool tg_ip_is_outside(struct tg_ip ip);

// Is it one of IPv4 or IPv6 that is outside, or in one of those networks?
bool tg_is_outside(const struct sockaddr *address, const struct tg_networks *or_of);
