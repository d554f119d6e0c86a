// Answers, for people.
#pragma once

#include "common/base/text.h"

#include <json-c/json.h>

// Prints a list as a table with these columns ("name,id,status"; NULL: those that any row has), and
// where it goes on; of one thing each member, a line each, first those of `columns`, last those
// that are tables. What stands within something is indented; "-" is nothing. All of it is plain.
void show(struct json_object *answer, const char *columns);

// What others have written cannot move the cursor, nor turn around what stands beside it: of
// characters that would each byte becomes "?".
void show_plain(struct tg_text *text);
