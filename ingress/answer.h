// What every answer looks like: {"error", "code", "detail"} for a refusal, a JSON document else.
#pragma once

#include "ingress/server.h"

// Answers with an error; detail holds `error->field` if there is one. 401, 405 and 503 get the
// header that goes with them (`allow` is the methods for 405, a string literal, else NULL).
void answer_error(struct request *request, const struct tg_error *error, const char *allow);

// The same, with `detail` (a JSON object; emptied) in place of the field.
void answer_error_detail(struct request *request, int status, const char *code, const char *message,
                         struct tg_text *detail);

// Answers with a JSON document; takes its bytes and empties it.
void answer_json(struct request *request, int status, struct tg_text *json);
