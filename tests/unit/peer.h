// The other side of HTTP requests: a listener of the test's own, in the test's own thread. It hears
// one connection at a time and answers each request whose end it knows. Failures end the test.
#pragma once

#include <stddef.h>

struct peer {
    int listener;
    int connection;     // -1: nobody has come, or it was closed
    int connections;    // so many have come
    const char *ending; // how a request ends
    const char *answer; // NULL: it closes the connection without one
    const char *left;   // of an answer that is on its way; NULL: nothing
    char url[64];
    char heard[8192]; // all of it, ended by a NUL
    size_t length;
};

// Listens on 127.0.0.1, at `url`. Both texts are borrowed; `answer` may be changed.
struct peer *given_peer(const char *ending, const char *answer);

// Closes the connection, if there is one.
void peer_hang_up(struct peer *peer);

// Hangs up, and frees it.
void peer_end(struct peer *peer);

// Takes a new connection, if somebody wants one, in place of the one before. Does not wait.
void peer_accept(struct peer *peer);

// The same; then hears what has come, and answers once it is a whole request.
void peer_look(struct peer *peer);

// How often a text was heard.
int peer_has_heard(const struct peer *peer, const char *text);

// The other end of the connection, which is a socket of this process too; -1: it is not found.
int peer_other_end(const struct peer *peer);
