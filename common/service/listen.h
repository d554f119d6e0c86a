// A listening TCP socket, as the listeners of the daemons want it.
#pragma once

#include "common/base/error.h"

#include <stdint.h>

struct tg_address {
    char host[64]; // an IPv4 or IPv6 address, without brackets
    uint16_t port; // 0: any free port
};

// "127.0.0.1:3000" or "[::1]:3000" to an address. false: neither.
bool tg_address_parse(const char *text, struct tg_address *address) TG_MUST_CHECK;

// Is the address one of this machine only (127.0.0.0/8 or ::1)?
bool tg_address_is_loopback(const struct tg_address *address);

enum { TG_ADDRESS_TEXT_SIZE = 80 };

// Binds `address` and listens. Returns the socket, which the caller owns, and writes to `text`
// where it listens ("127.0.0.1:3000", "[::1]:3000": with the port that the kernel chose for port
// 0). -1 and `error`, which names `setting`, if the address cannot be had.
int tg_listen(const struct tg_address *address, int backlog, const char *setting,
              char text[static TG_ADDRESS_TEXT_SIZE], struct tg_error *error) TG_MUST_CHECK;
