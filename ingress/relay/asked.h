// What a client asks of Meta, in its query and its body, and what of that goes on: all but the
// parameters that say under whose token, or which call it is (rewrite_is_withheld).
#pragma once

#include "common/base/error.h"
#include "ingress/http/request.h"
#include "ingress/relay/table.h"

// Appends the query for Meta, percent-encoded, without "?". false: something in it is not passed
// on, `error` says what. ?phone_number_id=, which is Tollgate's to read, is left out.
bool asked_read_query(const struct request *request, struct tg_text *query,
                      struct tg_error *error) TG_MUST_CHECK;

// Appends the fields of a body of kind FIELDS for Meta, JSON or a form, and sets *type to its media
// type; NULL where none came. `error`: it is none of them, or has what the task does not
// take; "missing_field": or nothing of what it wants.
bool asked_read_body(const struct request *request, const struct relay_task *task,
                     struct tg_text *body, const char **type, struct tg_error *error) TG_MUST_CHECK;

// Looks at a form with a file, which goes on as it is, and sets *type to its media type. `error`:
// it is none.
bool asked_read_file(const struct request *request, const char **type,
                     struct tg_error *error) TG_MUST_CHECK;

// Does ?input_token= name the key that the request shows?
bool asked_about_itself(const struct request *request) TG_MUST_CHECK;
