// A call of an SQL function is a table: which members of which struct go in as which parameters,
// and which columns come out into which members. From it come the statement, in named notation (so
// that a function may gain parameters that have defaults), the binary encodings of both ways, and
// the check against the database's own catalogue (store/schema.h).
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

#include <stddef.h>

// PostgreSQL's types, and arrays of them, by their OIDs (pg_type.dat).
enum tg_pg_type {
    TG_PG_BOOL = 16,
    TG_PG_BOOLS = 1000,
    TG_PG_BYTEA = 17,
    TG_PG_BYTEAS = 1001,
    TG_PG_INT8 = 20,
    TG_PG_INT8S = 1016,
    TG_PG_INT8SS = 0, // there are no arrays of arrays
    TG_PG_TEXT = 25,
    TG_PG_TEXTS = 1009,
    TG_PG_JSON = 114,
    TG_PG_JSONS = 199,
    TG_PG_UUID = 2950,
    TG_PG_UUIDS = 2951,
};

// What the member is in C.
enum tg_form {
    TG_FORM_BOOL,
    TG_FORM_INT8,
    TG_FORM_INT8S,
    TG_FORM_UUID,
    TG_FORM_BYTES,
    TG_FORM_CHARS,
    TG_FORM_STRING,
    TG_FORM_SPAN,
    TG_FORM_TEXT,
    TG_FORM_WORD
};

// A parameter or a column; made by the macros below.
struct tg_field {
    const char *name; // NULL: behind the last one
    enum tg_pg_type type;
    enum tg_pg_type array; // of `type`
    enum tg_form form;
    size_t row_size; // of the struct
    size_t offset;
    size_t size;
    size_t beside;     // the offset of the second member
    size_t given_size; // NULL where so many bytes from `beside` on are 0; 0: never
    const char *const *words;
    size_t word_count;
};

// The member `m` of `struct row` as the parameter or the column `name`. One of a type that is not
// named here does not compile. A NULL comes out as false, 0, "" or the zero id.
//
//   BOOL      bool
//   INT8      int64_t
//   INT8_IF   the same, NULL where it is 0
//   INT8S     const int64_t *, so many as `count`, a size_t, says: an array by itself
//   UUID      struct tg_uuid
//   UUID_IF   the same, NULL where `given`, a bool, is false
//   BYTES     unsigned char[], struct tg_text
//   BYTES_IF  unsigned char[], NULL where `given`, a char[], is ""
//   TEXT      char[], const char *, struct tg_span, struct tg_text; "" is NULL
//   JSON      struct tg_text
//   WORD      an enum by its names, an array; "" is NULL. An unknown one comes out as the first
//
// What points elsewhere only goes in, and so do unsigned char[]; a char[] that comes out is cut to
// its size, and a struct tg_text is the caller's to finish.
// clang-format off
#define BOOL(name, row, m) {TG_FIELD(name, BOOL, row, m, bool: TG_FORM_BOOL)}
#define INT8(name, row, m) {TG_FIELD(name, INT8, row, m, int64_t: TG_FORM_INT8)}
#define INT8_IF(name, row, m) {TG_FIELD(name, INT8, row, m, int64_t: TG_FORM_INT8), \
                               TG_BESIDE(row, m, int64_t), .given_size = sizeof(int64_t)}
#define INT8S(name, row, m, count) {TG_FIELD(name, INT8S, row, m, const int64_t *: TG_FORM_INT8S), \
                                    TG_BESIDE(row, count, size_t)}
#define UUID(name, row, m) {TG_FIELD(name, UUID, row, m, struct tg_uuid: TG_FORM_UUID)}
#define UUID_IF(name, row, m, given) {TG_FIELD(name, UUID, row, m, struct tg_uuid: TG_FORM_UUID), \
                                      TG_BESIDE(row, given, bool), .given_size = 1}
#define BYTES(name, row, m) {TG_FIELD(name, BYTEA, row, m, unsigned char *: TG_FORM_BYTES, \
                                      struct tg_text: TG_FORM_TEXT)}
#define BYTES_IF(name, row, m, given) {TG_FIELD(name, BYTEA, row, m, unsigned char *: TG_FORM_BYTES), \
                                       TG_BESIDE(row, given, char *), .given_size = 1}
#define TEXT(name, row, m) {TG_FIELD(name, TEXT, row, m, char *: TG_FORM_CHARS, \
                                     const char *: TG_FORM_STRING, struct tg_span: TG_FORM_SPAN, \
                                     struct tg_text: TG_FORM_TEXT)}
#define JSON(name, row, m) {TG_FIELD(name, JSON, row, m, struct tg_text: TG_FORM_TEXT)}
#define WORD(name, row, m, names) {TG_FIELD(name, TEXT, row, m, unsigned: TG_FORM_WORD), \
                                   .words = (names), .word_count = sizeof(names) / sizeof *(names)}
// clang-format on

// The fields of one part of a call, in any order.
#define TG_FIELDS(...) ((const struct tg_field[]){__VA_ARGS__, {0}})

// NOLINTBEGIN(bugprone-macro-parentheses): types and members
#define TG_MEMBER(row, m) (((struct row *)NULL)->m)
#define TG_FIELD(name_, type_, row, m, ...)                                                        \
    .name = (name_), .type = TG_PG_##type_, .array = TG_PG_##type_##S,                             \
    .form = _Generic(TG_MEMBER(row, m), __VA_ARGS__), .row_size = sizeof(struct row),              \
    .offset = offsetof(struct row, m), .size = sizeof TG_MEMBER(row, m)
#define TG_BESIDE(row, m, type)                                                                    \
    .beside = _Generic(TG_MEMBER(row, m), type : offsetof(struct row, m))
// NOLINTEND(bugprone-macro-parentheses)

struct tg_call {
    const char *name;            // of the function
    const char *source;          // what is read instead of it, with $1 and so on; NULL: nothing
    const struct tg_field *one;  // parameters; NULL, here and below: there are none
    const struct tg_field *each; // parameters that are arrays, an item for each row of a batch
    const struct tg_field *out;  // columns
    bool only_reads;             // so that it is made once more when the connection was lost
};

// Where the values of one call are, in C: TG_ONE for `one`, TG_EACH or (of an array of pointers)
// TG_EACH_AT for `each`, and for `out` either TG_ROWS, as many as come, or TG_ROWS_TO, as many as
// there is room for: what is more is left out.
struct tg_call_data {
    const void *one;
    size_t one_size;
    const void *items;
    size_t item_count;
    size_t item_size;
    bool at; // the items are pointers
    void *rows;
    size_t row_size;
    size_t row_max;
    size_t *row_count; // NULL: row_max
};
#define TG_ONE(row) .one = (row), .one_size = sizeof *(row)
#define TG_EACH(rows, n) .items = (rows), .item_size = sizeof *(rows), .item_count = (n)
#define TG_EACH_AT(rows, n)                                                                        \
    .items = (rows), .item_size = sizeof **(rows), .item_count = (n), .at = true
#define TG_ROWS(rows_, n) .rows = (rows_), .row_size = sizeof *(rows_), .row_max = (n)
#define TG_ROWS_TO(rows_, n, count) TG_ROWS(rows_, n), .row_count = (count)

// Makes the call in the transaction that was begun, else in one of its own: tg_pg_call(pg, &call,
// TG_EACH(sends, n), TG_ROWS(verdicts, n)). On anything but TG_PG_OK nothing is written to the
// rows, and the failure has been logged and counted with SQLSTATE and PostgreSQL's message, without
// its detail (which may quote values).
//
// Each call is prepared once on a connection. When a change of the schema has broken the statement
// since, it is prepared and made anew; in a transaction, which is lost then, that is TG_PG_RETRY.
#define tg_pg_call(pg, call, ...)                                                                  \
    tg_pg_call_with(pg, call, &(const struct tg_call_data){__VA_ARGS__})
enum tg_pg_status tg_pg_call_with(struct tg_pg *pg, const struct tg_call *call,
                                  const struct tg_call_data *data) TG_MUST_CHECK;
