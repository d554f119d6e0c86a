// A call as PostgreSQL takes it and answers it: its statement, and its values in binary form.
// Private to pg.c and its tests, and without libpq. Nothing here fails.
#pragma once

#include "common/pg/call.h"

// PostgreSQL's own bound on the parameters of a function (FUNC_MAX_ARGS).
enum { TG_WIRE_MAX = 100 };

// The parameters in the order of the statement, as libpq takes them. Zero-initialised is empty.
struct tg_wire {
    int count;
    unsigned types[TG_WIRE_MAX];     // OIDs
    const char *values[TG_WIRE_MAX]; // NULL: NULL
    int lengths[TG_WIRE_MAX];
    int formats[TG_WIRE_MAX]; // binary all of them
    struct tg_text bytes;     // what the values point to; the caller's to finish
};

// Appends the statement: `SELECT verdict FROM accept_sends(p_message_ids => $1, ...)`.
void tg_wire_statement(const struct tg_call *call, struct tg_text *sql);

// Fills an empty wire.
void tg_wire_write(const struct tg_call *call, const struct tg_call_data *data,
                   struct tg_wire *wire);

// Reads the value of a column into the member of the row; `value` is NULL for NULL, else it has as
// many bytes as its type.
void tg_wire_read(const struct tg_field *field, const char *value, size_t length, void *row);
