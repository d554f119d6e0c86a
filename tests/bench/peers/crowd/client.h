// Connections to a gateway on this machine, thousands of them on one thread: each sends what it is
// given and tells which answers come. All functions belong to that thread.
#pragma once

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

// What becomes of a client, told to its owner. Each may be NULL. None may connect it anew.
struct client_events {
    void (*connected)(struct client *client);
    void (*answered)(struct client *client, int status); // an answer's head has come
    void (*ended)(struct client *client);                // there is no connection (any more)
};

struct client {
    const struct client_events *events;
    void *owner;    // the caller's
    bool deaf;      // it takes no answers, and has room for few bytes of one
    int socket;     // -1: there is no connection
    bool connected; // else it is being made
    size_t awaited; // answers that are to come
    struct tg_text unsent;
    struct tg_text head; // of an answer, as far as it has come
    size_t body_left;    // of that answer
};

// The port on 127.0.0.1 to which all connect. Ends the process if there is no memory or no file.
void clients_start(uint16_t port);
void clients_stop(void);

// Begins a connection from 127.0.0.0 + `address` (0: from wherever). It `ended` at once if that is
// refused.
void client_connect(struct client *client, uint32_t address);
// Sends that, whenever it can; `answers` will come to it.
void client_send(struct client *client, const void *bytes, size_t length, size_t answers);
// Ends the connection without telling its owner.
void client_close(struct client *client);

// Has whatever happens within the next milliseconds told; returns once some of it was, or they are
// over.
void clients_look(int ms);

// Microseconds that only go forward.
int64_t now_us(void);
