// Answers, for people.
#pragma once

#include <json-c/json.h>

// Prints a list as a table with these columns ("name,id,status"; NULL: those of its first row), and
// where it goes on; of one thing each member, a line each, first those of `columns`. Control
// characters in it are shown as "?".
void show(struct json_object *answer, const char *columns);
