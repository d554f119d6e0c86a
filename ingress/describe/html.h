// Writing HTML. All text is escaped.
#pragma once

#include "common/base/text.h"

// Text as it is.
void html_append(struct tg_text *html, const char *text);

// The same, with what stands between backquotes as code. NULL: nothing.
void html_append_prose(struct tg_text *html, const char *text);

// An id that a link can name: letters and digits, and hyphens in between.
void html_append_id(struct tg_text *html, const char *text);
