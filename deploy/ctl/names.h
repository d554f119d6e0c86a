// Names, as people say them, become ids.
#pragma once

#include "deploy/ctl/call.h"
#include "deploy/ctl/line.h"

// Puts ids in the place of the names of orgs in the line's body (VALUE_ORG). Results as below.
enum call_result names_body(const struct desk *desk, struct line *line,
                            struct tg_error *error) TG_MUST_CHECK;

// Writes the path of the line's command, with the query of a GET. A name that is not found, or is
// several things' name, is CALL_REFUSED.
enum call_result names_path(const struct desk *desk, const struct line *line, struct tg_text *path,
                            struct tg_error *error) TG_MUST_CHECK;
