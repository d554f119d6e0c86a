#include "common/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int look_at(int descriptor, bool secret)
{
    struct stat found;
    if (fstat(descriptor, &found) != 0)
        return errno;
    if (!S_ISREG(found.st_mode))
        return S_ISDIR(found.st_mode) ? EISDIR : TG_FILE_IRREGULAR;
    return secret && (found.st_mode & S_IRWXO) ? TG_FILE_OPEN_TO_OTHERS : TG_FILE_READ;
}

// One byte more than there may be tells that there are too many.
static int read_all(int descriptor, char *bytes, size_t max, size_t *length)
{
    ssize_t n = 1;
    while (n > 0 && *length <= max) {
        n = read(descriptor, bytes + *length, max + 1 - *length);
        *length += n > 0 ? (size_t)n : 0;
    }
    if (n < 0)
        return errno;
    return *length > max ? TG_FILE_TOO_LONG : TG_FILE_READ;
}

int tg_file_read(const char *path, bool secret, char *bytes, size_t max, size_t *length)
{
    *length = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return errno;
    int why = look_at(descriptor, secret);
    if (why == TG_FILE_READ)
        why = read_all(descriptor, bytes, max, length);
    close(descriptor);
    return why;
}

bool tg_file_write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}
