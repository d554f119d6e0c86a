#include "common/files/files.h"

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/files/bucket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// What has its id, and where files are on their way.
static const char mark[] = ".tollgate-media";
static const char incoming[] = "incoming";

// Daemons may run as users of one group.
enum { FILE_MODE = 0660, DIRECTORY_MODE = 0770 };

enum { ID_LENGTH = TG_UUID_TEXT_SIZE - 1 };

struct tg_files {
    int directory; // -1: it is a bucket
    struct tg_bucket bucket;
    struct tg_uuid id;
    atomic_bool admitted;
};

// Keeps errno.
static void close_file(int file)
{
    int error = errno;
    close(file);
    errno = error;
}

static bool fails(struct tg_error *error, const char *directory, const char *what)
{
    return tg_error_set(error, "invalid_setting", "TOLLGATE_MEDIA_STORE",
                        "TOLLGATE_MEDIA_STORE: %.60s: %s: %.40s", directory, what,
                        strerrordesc_np(errno));
}

static bool make_directory(int within, const char *name)
{
    return mkdirat(within, name, DIRECTORY_MODE) == 0 || errno == EEXIST;
}

// Of several that begin at once, the first one's id counts: a link is only made where nothing is.
static bool write_mark(struct tg_files *files)
{
    struct tg_new_file new_file;
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), id);
    if (!tg_files_begin(files, &new_file))
        return false;
    bool good = tg_files_add(&new_file, id, ID_LENGTH) && fsync(new_file.file) == 0 &&
                (linkat(files->directory, new_file.path, files->directory, mark, 0) == 0 ||
                 errno == EEXIST);
    tg_files_drop(files, &new_file);
    return good;
}

static bool read_mark(struct tg_files *files)
{
    char id[TG_UUID_TEXT_SIZE] = "";
    int file = openat(files->directory, mark, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, id, ID_LENGTH);
    close_file(file);
    errno = EINVAL;
    return length == ID_LENGTH && tg_uuid_parse(id, ID_LENGTH, &files->id);
}

// (Writing the mark again where there is one shows that it can be written.)
static bool look_at(struct tg_files *files, const char *directory, struct tg_error *error)
{
    if (!make_directory(files->directory, incoming) || !write_mark(files))
        return fails(error, directory, "it cannot be written");
    return read_mark(files) || fails(error, directory, "its .tollgate-media cannot be read");
}

static bool open_directory(struct tg_files *files, const char *path, struct tg_error *error)
{
    files->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->directory < 0)
        return fails(error, path, "it is no directory that can be opened");
    return look_at(files, path, error);
}

struct tg_files *tg_files_open(const struct tg_files_place *place, struct tg_error *error)
{
    struct tg_files *files = tg_alloc(sizeof *files);
    files->directory = -1;
    bool good = *place->path == '/' ? open_directory(files, place->path, error)
                                    : tg_bucket_open(&files->bucket, place, &files->id, error);
    if (good)
        return files;
    tg_files_free(files);
    return NULL;
}

const struct tg_bucket *tg_files_bucket(const struct tg_files *files)
{
    return files->directory < 0 ? &files->bucket : NULL;
}

void tg_files_free(struct tg_files *files)
{
    if (!files)
        return;
    if (files->directory >= 0)
        close(files->directory);
    free(files);
}

struct tg_uuid tg_files_id(const struct tg_files *files)
{
    return files->id;
}

void tg_files_admit(struct tg_files *files)
{
    atomic_store(&files->admitted, true);
}

bool tg_files_are_admitted(const struct tg_files *files)
{
    return atomic_load(&files->admitted);
}

bool tg_files_begin(struct tg_files *files, struct tg_new_file *new_file)
{
    char name[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), name);
    *new_file = (struct tg_new_file){.file = -1};
    if (files->directory < 0) {
        // Not in /tmp, which may be memory.
        new_file->file = open("/var/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, FILE_MODE);
        return new_file->file >= 0;
    }
    snprintf(new_file->path, sizeof new_file->path, "%s/%s", incoming, name);
    new_file->file =
        openat(files->directory, new_file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return new_file->file >= 0;
}

bool tg_files_add(struct tg_new_file *new_file, const void *bytes, size_t size)
{
    new_file->size += size;
    return tg_file_write_all(new_file->file, bytes, size);
}

void tg_files_drop(struct tg_files *files, struct tg_new_file *new_file)
{
    if (new_file->file < 0)
        return;
    int error = errno;
    if (*new_file->path)
        (void)unlinkat(files->directory, new_file->path, 0);
    close(new_file->file);
    errno = error;
    new_file->file = -1;
}

// "org/id": nothing else is ever looked for in the directory.
static bool is_name(const char *name)
{
    struct tg_uuid id;
    errno = EINVAL;
    return strlen(name) == 2 * ID_LENGTH + 1 && name[ID_LENGTH] == '/' &&
           tg_uuid_parse(name, ID_LENGTH, &id) &&
           tg_uuid_parse(name + ID_LENGTH + 1, ID_LENGTH, &id);
}

static bool sync_directory(int within, const char *name)
{
    int directory = openat(within, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && fsync(directory) == 0;
    if (directory >= 0)
        close_file(directory);
    return good;
}

bool tg_files_keep(struct tg_files *files, struct tg_new_file *new_file, const char *name)
{
    char org[TG_UUID_TEXT_SIZE] = "";
    bool good = is_name(name) && fsync(new_file->file) == 0;
    if (good) {
        memcpy(org, name, ID_LENGTH);
        good = make_directory(files->directory, org) &&
               renameat(files->directory, new_file->path, files->directory, name) == 0 &&
               sync_directory(files->directory, org);
    }
    tg_files_drop(files, new_file);
    return good;
}

int tg_files_get(const struct tg_files *files, const char *name, size_t *size)
{
    struct stat stat;
    if (!is_name(name))
        return -1;
    int file = openat(files->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file >= 0 && (fstat(file, &stat) != 0 || !S_ISREG(stat.st_mode))) {
        close_file(file);
        return -1;
    }
    if (file >= 0)
        *size = (size_t)stat.st_size;
    return file;
}

bool tg_files_remove(struct tg_files *files, const char *name)
{
    return is_name(name) && (unlinkat(files->directory, name, 0) == 0 || errno == ENOENT);
}

static bool is_old(int within, const char *name, long age_s)
{
    struct stat stat;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return fstatat(within, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode) &&
           stat.st_mtim.tv_sec < now.tv_sec - age_s;
}

size_t tg_files_sweep(struct tg_files *files, long age_s)
{
    size_t swept = 0;
    int within = openat(files->directory, incoming, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = within < 0 ? NULL : fdopendir(within);
    if (!listing && within >= 0)
        close(within);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): of a listing that is this call's alone
    for (const struct dirent *entry; listing && (entry = readdir(listing));)
        swept += is_old(within, entry->d_name, age_s) && unlinkat(within, entry->d_name, 0) == 0;
    if (listing)
        closedir(listing);
    return swept;
}
