// One endpoint, as an operation of OpenAPI 3.1.
#pragma once

#include "common/base/text.h"
#include "ingress/route/endpoint.h"

#include <json-c/json.h>

// "GET /api/wallet": how it is called in faults and in files. Appended.
void operation_name(const struct endpoint *endpoint, struct tg_text *name);

// Made of its row, and of what ingress/describe/operations/ says of it besides, which counts. The
// schemas that its answers name are added to `schemas`, what is missing to `faults`, a line for
// each. The caller puts it.
struct json_object *operation_of(const struct endpoint *endpoint, struct json_object *schemas,
                                 struct tg_text *faults);

// What ingress/describe/operations/ says, by the names of endpoints. The caller puts it.
struct json_object *operations_written(void);
