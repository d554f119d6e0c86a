// What every answer looks like: {"error", "code", "detail"} for a refusal, unless the request has
// a manner (manner.h); a JSON document else.
#pragma once

#include "common/base/error.h"
#include "ingress/http/request.h"

// Answers with an error, whose code decides the HTTP status; detail holds `error->field` if there
// is one: as `field`, and of missing_right, where it is the right, as `right`. 429 and 503 get a
// Retry-After of a second.
void answer_error(struct request *request, const struct tg_error *error);

// The same for an error that is made here.
void answer_refusal(struct request *request, const char *code, const char *field,
                    const char *message);

// 429 `too_many_requests`, to be tried again in so many seconds.
void answer_too_many(struct request *request, unsigned seconds, const char *message);

// As answer_error, with `detail` (a JSON object; emptied) in place of the field.
void answer_error_detail(struct request *request, const char *code, const char *message,
                         struct tg_text *detail);

// Writes what a refusal says: {"error", "code", "detail"} without the braces, for one that is a
// part of an answer. `detail` may be empty. Returns the HTTP status of the code.
int answer_write_error(const char *code, const char *message, const struct tg_text *detail,
                       struct tg_text *json);

// Answers with a JSON document; takes its bytes and empties it.
void answer_json(struct request *request, int status, struct tg_text *json);
