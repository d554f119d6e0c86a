// Reading a form, such as a body of kind FORM: name=value&name=value, percent-encoded
// (application/x-www-form-urlencoded,
// https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

struct form;

// Reads a whole body; an empty one has no fields. NULL and `error` (code "invalid_form", field
// "body") for more than TG_FORM_FIELDS_MAX fields, and where a name or value is not UTF-8, holds a
// NUL or a "%" without two digits behind it. The caller frees what it returns. Thread-safe.
struct form *form_read(const struct tg_text *body, struct tg_error *error) TG_MUST_CHECK;
// The same for multipart/form-data (multipart.h), whose Content-Type is needed; a file in it is
// refused likewise.
struct form *form_read_parts(const char *content_type, const struct tg_text *body,
                             struct tg_error *error) TG_MUST_CHECK;
void form_free(struct form *form); // NULL is fine

// The value of the first field of that name, NULL if there is none; *count, if not NULL, is how
// many there are. Borrowed from the form.
const char *form_value(const struct form *form, const char *name, int *count);

// The fields in their order, from 0: the name, and *value; NULL behind the last one.
const char *form_field(const struct form *form, size_t n, const char **value);
