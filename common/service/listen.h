// A listening TCP socket, as the listeners of the daemons want it: their own, or one that the
// service manager holds, so that several daemons share it and one that stops refuses nobody.
#pragma once

#include "common/base/error.h"

#include <netinet/in.h>

// An address of IPv4 or IPv6, by any.sa_family, and a port; port 0: any free one.
struct tg_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

// "127.0.0.1:3000" or "[::1]:3000" to an address, and back. false: neither.
enum { TG_ADDRESS_TEXT_SIZE = 80 };
bool tg_address_parse(const char *text, struct tg_address *address) TG_MUST_CHECK;
void tg_address_format(const struct tg_address *address, char text[static TG_ADDRESS_TEXT_SIZE]);

// Is the address one of this machine only (127.0.0.0/8 or ::1)?
bool tg_address_is_loopback(const struct tg_address *address);

// Binds `address` and listens. Returns the socket, which the caller owns, and writes to `text`
// where it listens, with the port that the kernel chose for port 0. -1 and `error`, which names
// `setting`, if the address cannot be had.
int tg_listen(const struct tg_address *address, int backlog, const char *setting,
              char text[static TG_ADDRESS_TEXT_SIZE], struct tg_error *error) TG_MUST_CHECK;

// The socket that the service manager has passed on (LISTEN_FDS, as sd_listen_fds(3) has it), with
// its address: the caller's to close, which closes it for nobody else. Of one call only: the
// environment forgets it. TG_LISTEN_NONE: it has passed none. TG_LISTEN_WRONG and `error`: several,
// one that is not there, or one that is no listening TCP socket.
enum { TG_LISTEN_NONE = -1, TG_LISTEN_WRONG = -2 };
int tg_listen_passed_on(struct tg_address *address, struct tg_error *error) TG_MUST_CHECK;
