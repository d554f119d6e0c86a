// A file of settings, written as systemd's EnvironmentFile= is: lines NAME=value, empty ones, and
// ones that begin with # or ;. A value may stand in quotes, '...' or "...", and blanks around it
// are not of it. What could be read in two ways is refused: a backslash (but within '...'), a quote
// in the middle, a name that stands there twice. A file has at most TG_SETTINGS_FILE_BYTES, and is
// a regular one: a pipe is refused at once, whoever writes into it.
#pragma once

#include "common/base/error.h"

#include <stddef.h>

struct tg_settings_file;

// NULL: it cannot be read, or is wrong; `error->message` is one line that names the file and, if
// one is wrong, its line, and never holds a value.
struct tg_settings_file *tg_settings_file_read(const char *path,
                                               struct tg_error *error) TG_MUST_CHECK;
void tg_settings_file_free(struct tg_settings_file *file); // NULL is fine

// What the file says of a name; NULL: nothing. Of no file (NULL): nothing.
const char *tg_settings_file_value(const struct tg_settings_file *file, const char *name);

// The nth name in it; NULL behind the last one.
const char *tg_settings_file_name(const struct tg_settings_file *file, size_t n);
