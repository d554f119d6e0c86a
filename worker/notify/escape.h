// JSON as Meta writes it.
#pragma once

#include "common/base/text.h"

// Appends JSON with every character outside ASCII as \u and four small hexadecimal digits (two of
// them for what is above U+FFFF), and every slash with a backslash before it: as Meta has it in
// what it signs. `json` is UTF-8; what is escaped there stays so.
void escape_as_meta(struct tg_span json, struct tg_text *escaped);
