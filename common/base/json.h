// Reading JSON that others wrote.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>

// Parses exactly one document (RFC 8259): UTF-8, at most TG_JSON_DEPTH_MAX deep, nothing behind it
// but white space. The caller puts what it returns. NULL and `error` (http 400, code
// "invalid_json", field "body", the byte at which it went wrong) for anything else; the document
// `null` is refused too. Thread-safe; the returned object is for one thread at a time.
struct json_object *tg_json_parse(const char *bytes, size_t length,
                                  struct tg_error *error) TG_MUST_CHECK;

// Appends a value as compact JSON that PostgreSQL takes: what stood there as \u0000 (which its text
// cannot hold) becomes U+FFFD. Numbers stay as they were written.
void tg_json_write(struct json_object *value, struct tg_text *json);
