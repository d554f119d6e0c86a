// Files: small ones that a setting names, read whole; and writes that go on until all is written.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

// Why a file was not read; above zero it is an errno (EISDIR: it is a directory).
enum {
    TG_FILE_READ = 0,
    TG_FILE_IRREGULAR = -1,
    TG_FILE_OPEN_TO_OTHERS = -2,
    TG_FILE_TOO_LONG = -3
};

// Reads the regular file at `path` into `bytes`, which has room for `max` bytes and one more;
// *length is how many came, also on failure. Never waits: a pipe or a device, which might keep us
// waiting for good, is irregular. `secret`: nobody but its owner and its group may have rights.
// Returns TG_FILE_READ or why not.
int tg_file_read(const char *path, bool secret, char *bytes, size_t max,
                 size_t *length) TG_MUST_CHECK;

// Writes all of it, however the system takes it. False: it could not; errno says why.
bool tg_file_write_all(int file, const char *bytes, size_t size) TG_MUST_CHECK;
