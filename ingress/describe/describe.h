// The description of an API, made of the tables of its endpoints: OpenAPI 3.1
// (https://spec.openapis.org/oas/v3.1.0), and the same as a page.
//
// What a row cannot say stands in files of this folder, which are within the program: the schemas
// of bodies and answers, by their names (schemas/), parameters (parameters.json), and what an
// endpoint has of its own, such as headers (operations/).
#pragma once

#include "common/base/text.h"
#include "ingress/route/router.h"

#include <json-c/json.h>

// Which listener's.
enum listener { LISTENER_PUBLIC, LISTENER_ADMIN };

// Of all endpoints of the router. What is not described, or described and not there, is added to
// `faults`, a line for each. The caller puts it.
struct json_object *describe(const struct router *router, enum listener listener,
                             struct tg_text *faults);

// The page that shows a description.
void describe_page(struct json_object *description, struct tg_text *html);

// docs/errors.md: every code of a refusal, and every outcome of a message.
void describe_errors(struct tg_text *markdown);
