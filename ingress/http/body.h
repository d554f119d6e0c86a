// The body of a request: how much of it may come, and where it is kept, by its kind.
#pragma once

#include "common/base/text.h"

#include <stdatomic.h>

enum body_kind {
    BODY_NONE, // nothing must come
    BODY_JSON, // in memory
    BODY_FORM, // in memory; form.h reads it
    BODY_RAW,  // in memory, of any type: bytes that somebody has signed
    BODY_FILE, // of any type: on disk, never whole in memory
};

// What all bodies of a server hold together; at most TG_BODIES_BYTES_MAX, TG_FILES_BYTES_MAX.
struct body_room {
    atomic_size_t memory;
    atomic_size_t disk;
};

struct body {
    enum body_kind kind;
    size_t max;
    size_t came; // also what was not kept
    bool too_large;
    bool without_room;    // there was none in memory or on disk
    size_t held;          // of what came
    struct tg_text bytes; // unless it is a file
    int file;             // -1: none
};

// Nothing has come yet.
struct body body_of(enum body_kind kind, size_t max);

// The media type that a request of the kind must name; NULL: any.
const char *body_media_type(enum body_kind kind);

// Keeps the next bytes, or drops the body: it is too large, or there is no room. Only what has come
// counts, not what was announced: announcing costs a client nothing.
void body_take(struct body *body, struct body_room *room, const void *bytes, size_t size);

// Gives back what is held.
void body_drop(struct body *body, struct body_room *room);
