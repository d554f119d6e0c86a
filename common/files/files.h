// Where files lie for long: a directory that all daemons share, or a bucket (bucket.h). What is
// written comes under its name at once and whole, or not at all. All but opening and freeing is
// thread-safe.
#pragma once

#include "common/base/error.h"
#include "common/base/uuid7.h"

#include <stddef.h>

struct tg_files;
struct tg_bucket;

// As the settings name it: a path; or an address of a bucket, and how to prove who we are there.
struct tg_files_place {
    const char *path;
    const char *region;
    const char *key_id;
    const char *key_secret;
};

// Opens the directory, or the bucket, which must be there, and looks whether it can be written. One
// that is new gets an id, which stays in it: by that daemons tell whether they share it. NULL:
// *error says why not.
struct tg_files *tg_files_open(const struct tg_files_place *place,
                               struct tg_error *error) TG_MUST_CHECK;
void tg_files_free(struct tg_files *files); // NULL is fine
struct tg_uuid tg_files_id(const struct tg_files *files);

// That it is the one that all share has been seen (common/health/media_store.h).
void tg_files_admit(struct tg_files *files);
bool tg_files_are_admitted(const struct tg_files *files) TG_MUST_CHECK;

// NULL: it is a directory. Else nothing below is for it but to begin, add to and drop files, which
// are on our own disk then.
const struct tg_bucket *tg_files_bucket(const struct tg_files *files);

// A file on its way, beside those that are there; whoever begins one keeps it or drops it.
enum { TG_FILE_PATH_SIZE = 64 };
struct tg_new_file {
    int file;                     // -1: there is none
    char path[TG_FILE_PATH_SIZE]; // within the directory; "": it has none
    size_t size;
};
// false, here and below: it could not be done, errno says why.
bool tg_files_begin(struct tg_files *files, struct tg_new_file *new_file) TG_MUST_CHECK;
bool tg_files_add(struct tg_new_file *new_file, const void *bytes, size_t size) TG_MUST_CHECK;
// Puts it under its name, "org/id" of two uuids, in place of what is there, once it is on the disk.
// In any case it is not on its way any more.
bool tg_files_keep(struct tg_files *files, struct tg_new_file *new_file,
                   const char *name) TG_MUST_CHECK;
void tg_files_drop(struct tg_files *files, struct tg_new_file *new_file); // none is fine

// Opens one to be read; -1: errno says why not.
int tg_files_get(const struct tg_files *files, const char *name, size_t *size) TG_MUST_CHECK;

// It is there no more, or was not.
bool tg_files_remove(struct tg_files *files, const char *name) TG_MUST_CHECK;

// Removes what has been on its way for so long: whoever began it is gone. Returns how many.
size_t tg_files_sweep(struct tg_files *files, long age_s);
