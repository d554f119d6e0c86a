// One growable byte string: the only way that text of unknown length is put together here.
// Zero-initialised is a valid empty text. Not thread-safe. Out of memory ends the process (limits.h
// bounds every input, so that it means the machine, not the request).
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct tg_text {
    char *data; // always NUL-terminated; NULL before there was room for anything
    size_t length;
    size_t capacity;
};

// Text that somebody else owns; not NUL-terminated. data NULL: there is none.
struct tg_span {
    const char *data;
    size_t length;
};

// That of a string; NULL: there is none.
struct tg_span tg_span_of(const char *string);

// Is it exactly this string? One that is absent is none.
bool tg_span_equals(struct tg_span span, const char *string);

// Frees the bytes and makes the text empty again. Accepts an empty or zeroed text.
void tg_text_finish(struct tg_text *text);

// The same for a secret: nothing of it is left in the text's memory. (In what it had before it grew
// there is: reserve first.)
void tg_text_wipe(struct tg_text *text);

// Makes room for `more` further bytes, so that appending them does not allocate.
void tg_text_reserve(struct tg_text *text, size_t more);

// Empties the text but keeps its memory.
void tg_text_clear(struct tg_text *text);

// `bytes` may be NULL if `length` is 0.
void tg_text_append(struct tg_text *text, const void *bytes, size_t length);
void tg_text_append_string(struct tg_text *text, const char *string);
void tg_text_append_format(struct tg_text *text, const char *format, ...) TG_PRINTF(2, 3);

// Appends a JSON string literal with its quotes (RFC 8259, section 7). `string` is UTF-8.
void tg_text_append_json(struct tg_text *text, const char *string, size_t length);

// The bytes as a C string; "" for an empty text. Valid until the text changes.
const char *tg_text_string(const struct tg_text *text);

// The same as a span; never absent.
struct tg_span tg_text_span(const struct tg_text *text);

// A text that frees itself at the end of its scope.
#define TG_TEXT_AUTO __attribute__((cleanup(tg_text_finish))) struct tg_text
#define TG_SECRET_AUTO __attribute__((cleanup(tg_text_wipe))) struct tg_text
