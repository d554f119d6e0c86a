// What somebody has perhaps meant.
#pragma once

#include <limits.h>
#include <stddef.h>

// How far what was typed is from a name: 0 if that begins with it (three letters at least), else
// how many letters are wrong, missing or too many. INT_MAX: it is another word.
int closest_distance(const char *typed, size_t length, const char *name);
