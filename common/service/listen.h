// A listening TCP socket, as both listeners of a daemon want it.
#pragma once

#include "common/service/settings.h"

enum { TG_ADDRESS_TEXT_SIZE = 80 };

// Binds `address` and listens. Returns the socket, which the caller owns, and writes to `text`
// where it listens ("127.0.0.1:3000", "[::1]:3000": with the port that the kernel chose for port
// 0). -1 and `error`, which names `setting`, if the address cannot be had.
int tg_listen(const struct tg_address *address, int backlog, const char *setting,
              char text[static TG_ADDRESS_TEXT_SIZE], struct tg_error *error) TG_MUST_CHECK;
