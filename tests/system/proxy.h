// A TCP proxy between a daemon and one of its servers that does what networks do: delay, hang,
// refuse, reset, swallow answers, cut connections at a chosen moment. It is a thread of the test.
#pragma once

#include "tests/system/testbed.h"

struct proxy;

enum proxy_mode {
    PROXY_PASS,
    PROXY_REFUSE,  // nobody listens, and what was connected is cut
    PROXY_RESET,   // connections are taken and reset at their first byte
    PROXY_HANG,    // connections are taken, and nothing moves either way
    PROXY_SWALLOW, // the server gets everything, its answers never arrive
};

// Listens at once; connections go to 127.0.0.1:server_port. Ends with the test.
struct proxy *proxy_create(int server_port);
int proxy_port(const struct proxy *proxy);

// From here on, for connections that are open too. Leaving PROXY_HANG or PROXY_SWALLOW cuts all
// connections: what they held back must not come late.
void proxy_set(struct proxy *proxy, enum proxy_mode mode);

// Each piece of either direction arrives so much later. 0: at once.
void proxy_delay(struct proxy *proxy, int delay_ms);

// Cuts all connections now.
void proxy_cut(struct proxy *proxy);

// The next `times` pieces from a daemon that hold `text` (the name of a prepared statement that is
// executed, a command, a header) meet this: it is forwarded, the server answers, and the answer is
// lost with its connection. PostgreSQL has committed by then.
void proxy_lose_answers(struct proxy *proxy, const char *text, int times);
// Or this: the first half is forwarded, then the connection is cut.
void proxy_cut_in_the_middle(struct proxy *proxy, const char *text, int times);
// How many of them have not come yet.
int proxy_cuts_left(struct proxy *proxy);
