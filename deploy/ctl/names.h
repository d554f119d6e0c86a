// Names, as people say them, become ids.
#pragma once

#include "deploy/ctl/call.h"
#include "deploy/ctl/line.h"

// Puts ids in the place of names in the line's body (VALUE_ORG, VALUE_CHANNEL). Results as below.
enum call_result names_body(const struct desk *desk, struct line *line,
                            struct tg_error *error) TG_MUST_CHECK;

// Writes the path of the line's command, with the query of a GET. A name that is not found, or is
// several things' name, is CALL_REFUSED.
enum call_result names_path(const struct desk *desk, const struct line *line, struct tg_text *path,
                            struct tg_error *error) TG_MUST_CHECK;

// Is there something of the name that the line would give to one more (the command's `twins`)?
// *id is that of one of them, "" if there is none.
enum call_result names_twin(const struct desk *desk, const struct line *line, struct tg_text *id,
                            struct tg_error *error) TG_MUST_CHECK;
