// The bodies of tests/data; and further ones of the same folders where TOLLGATE_SHARED_DIR names a
// directory that has them under meta/ (tests/run says whether it does). Any failure fails the test.
#pragma once

#include <stddef.h>

struct corpus_body {
    const char *name; // of its file, without the folder
    const char *bytes;
    size_t length; // without the NUL that follows
};

// Calls `visit` for each body of a folder such as "webhooks/bad", in the order of their names, and
// returns how many there were. A body lives as long as the call.
size_t corpus_each(const char *folder, void (*visit)(const struct corpus_body *body, void *context),
                   void *context);

// The same for the further ones, but for those that are ours byte for byte. None is no failure.
size_t corpus_each_further(const char *folder,
                           void (*visit)(const struct corpus_body *body, void *context),
                           void *context);

// One body of tests/data, NUL-terminated, for the caller to free. *length may be NULL.
char *corpus_read(const char *folder, const char *name, size_t *length);
