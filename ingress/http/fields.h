// A body of kind FIELDS: the same fields as JSON, as a form or as multipart/form-data, as its
// Content-Type says.
#pragma once

#include "ingress/http/form.h"

enum fields_kind { FIELDS_OTHER, FIELDS_JSON, FIELDS_FORM, FIELDS_MULTIPART };

// `content_type` NULL, where the header is not there: JSON. OTHER: none of them.
enum fields_kind fields_kind_of(const char *content_type);

// The value of the first field of that name in a form or multipart, as it stands in the body, from
// which it is borrowed; absent if there is none, or it is JSON. Only for what needs no
// percent-encoding, such as a key.
struct tg_span fields_find(const char *content_type, const struct tg_text *body, const char *name);

// Reads a form or multipart, as form_read does; a file in it is refused.
struct form *fields_read(const char *content_type, const struct tg_text *body,
                         struct tg_error *error) TG_MUST_CHECK;
