#include "ingress/http/body.h"

#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct body body_of(enum body_kind kind, size_t max)
{
    return (struct body){.kind = kind, .max = max, .file = -1};
}

const char *body_media_type(enum body_kind kind)
{
    static const char *const types[] = {[BODY_JSON] = "application/json",
                                        [BODY_FORM] = "application/x-www-form-urlencoded",
                                        [BODY_FILE] = NULL};
    return types[kind];
}

// Adds to what is held of memory or disk, or takes from it. Returns how much that was before.
static size_t count(const struct body *body, struct body_room *room, ptrdiff_t bytes)
{
    if (body->kind == BODY_FILE)
        return atomic_fetch_add_explicit(&room->disk, (size_t)bytes, memory_order_relaxed);
    tg_gauge_add(TG_BODY_BYTES, bytes);
    return atomic_fetch_add_explicit(&room->memory, (size_t)bytes, memory_order_relaxed);
}

// A file without a name: it goes with its descriptor. Not in /tmp, which may be memory.
static int open_file(void)
{
    char path[] = "/var/tmp/tollgate-XXXXXX";
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

static bool write_all(int file, const char *bytes, size_t size)
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

// false: the disk is full, or there is none to write to.
static bool write_file(struct body *body, const void *bytes, size_t size)
{
    if (body->file < 0)
        body->file = open_file();
    bool written = body->file >= 0 && write_all(body->file, bytes, size);
    if (!written)
        tg_log(TG_LOG_ERROR, "body_not_written", TG_LOG_TEXT("reason", strerrordesc_np(errno)));
    return written;
}

static bool keep(struct body *body, const void *bytes, size_t size)
{
    if (body->kind == BODY_FILE)
        return write_file(body, bytes, size);
    tg_text_append(&body->bytes, bytes, size);
    return true;
}

void body_take(struct body *body, struct body_room *room, const void *bytes, size_t size)
{
    const size_t room_max = body->kind == BODY_FILE ? TG_FILES_BYTES_MAX : TG_BODIES_BYTES_MAX;
    body->came += size;
    body->too_large = body->too_large || body->came > body->max;
    if (!body->too_large && !body->without_room) {
        size_t before = count(body, room, (ptrdiff_t)size);
        body->held += size;
        body->without_room = before + size > room_max || !keep(body, bytes, size);
    }
    if (body->too_large || body->without_room)
        body_drop(body, room);
}

void body_drop(struct body *body, struct body_room *room)
{
    count(body, room, -(ptrdiff_t)body->held);
    body->held = 0;
    tg_text_finish(&body->bytes);
    if (body->file >= 0)
        close(body->file);
    body->file = -1;
}
