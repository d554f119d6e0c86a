// A field is a parameter or a column of an SQL function as a member of a struct: where that stands,
// what it is in C, and of which type it is in PostgreSQL. Tables of fields make a call (call.h).
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
//   UUID_IF   the same, NULL where `given`, a bool, is false; comes out with it
//   BYTES     unsigned char[], struct tg_text
//   BYTES_IF  unsigned char[], NULL where `given`, a char[], is ""
//   TEXT      char[], const char *, struct tg_span, struct tg_text; "" is NULL
//   JSON      struct tg_text; "" is NULL
//   WORD      an enum by its names, an array; "" is NULL. An unknown one comes out as the first
//   VALUE     where the row itself, no struct, is the one value: of a TYPE above, and of which in C
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
#define VALUE(name_, TYPE, type_) {.name = (name_), .type = TG_PG_##TYPE, .array = TG_PG_##TYPE##S, \
    .form = _Generic(*(type_ *)NULL, bool: TG_FORM_BOOL, int64_t: TG_FORM_INT8, \
                     struct tg_uuid: TG_FORM_UUID, struct tg_span: TG_FORM_SPAN, \
                     struct tg_text: TG_FORM_TEXT), \
    .row_size = sizeof(type_), .size = sizeof(type_)}
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
