#include "ingress/http/body.h"

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct body_room {
    struct tg_shares *budgets[BUDGETS];
    atomic_bool lacking; // since somebody has asked
};

static const size_t capacities[BUDGETS] = {
    [BUDGET_ORGS] = TG_BODIES_BYTES_MAX,
    [BUDGET_STRANGERS] = TG_WEBHOOK_BODIES_BYTES_MAX,
    [BUDGET_DISK] = TG_FILES_BYTES_MAX,
    [BUDGET_ANSWERS] = TG_ANSWERS_BYTES_MAX,
};

struct body_room *body_room_create(void)
{
    struct body_room *room = tg_alloc(sizeof *room);
    for (int i = 0; i < BUDGETS; i++)
        room->budgets[i] = tg_shares_create(capacities[i], TG_CONNECTIONS_MAX);
    return room;
}

void body_room_free(struct body_room *room)
{
    for (int i = 0; i < BUDGETS; i++)
        tg_shares_destroy(room->budgets[i]);
    free(room);
}

int body_room_take(struct body_room *room, enum body_budget budget, struct tg_uuid party,
                   size_t bytes)
{
    return tg_shares_take(room->budgets[budget], party, bytes);
}

void body_room_give(struct body_room *room, enum body_budget budget, int place, size_t bytes)
{
    tg_shares_give(room->budgets[budget], place, bytes);
}

size_t body_room_taken(struct body_room *room, enum body_budget budget)
{
    return tg_shares_taken(room->budgets[budget]);
}

bool body_room_is_short(struct body_room *room)
{
    bool is_short = atomic_exchange(&room->lacking, false);
    is_short |= body_room_taken(room, BUDGET_ORGS) > TG_BODIES_SHORT_BYTES;
    is_short |= body_room_taken(room, BUDGET_STRANGERS) > TG_BODIES_SHORT_BYTES;
    return is_short || body_room_taken(room, BUDGET_DISK) > TG_FILES_BYTES_MAX / 4;
}

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

bool body_is_of_type(const char *content_type, const char *type)
{
    size_t length = strlen(type);
    return content_type && strncasecmp(content_type, type, length) == 0 &&
           strchr("; \t", content_type[length]);
}

static enum body_budget budget_of(const struct body *body)
{
    return body->kind == BODY_FILE ? BUDGET_DISK
           : body->of_stranger     ? BUDGET_STRANGERS
                                   : BUDGET_ORGS;
}

// What a body takes of its budget that holds so much.
static size_t room_for(const struct body *body, size_t held)
{
    if (body->kind == BODY_FILE)
        return held > TG_FILE_LEAST_BYTES ? held : TG_FILE_LEAST_BYTES;
    return held > TG_BODY_FREE_BYTES ? held - TG_BODY_FREE_BYTES : 0;
}

// Counts so many bytes more as held. false: there is no room for them.
static bool take_room(struct body *body, struct body_room *room, size_t size)
{
    size_t held = body->held + size;
    size_t more = room_for(body, held) - body->counted;
    int place = more > 0 ? body_room_take(room, budget_of(body), body->party, more) : body->place;
    body->share_used = place == TG_SHARE_USED;
    if (place < 0) {
        atomic_store(&room->lacking, true);
        return false;
    }
    body->place = place;
    body->counted += more;
    body->held = held;
    if (body->kind != BODY_FILE)
        tg_gauge_add(TG_BODY_BYTES, (int64_t)size);
    return true;
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

// false: the disk is full, or there is none to write to.
static bool write_file(struct body *body, const void *bytes, size_t size)
{
    if (body->file < 0)
        body->file = open_file();
    bool written = body->file >= 0 && tg_file_write_all(body->file, bytes, size);
    if (!written)
        tg_log_rarely(TG_LOG_ERROR, "body_not_written",
                      TG_LOG_TEXT("reason", strerrordesc_np(errno)));
    return written;
}

// Memory for what was announced, so that it does not grow piece by piece: what is larger than usual
// bodies is then never within an arena, in which what grows leaves holes. It is taken as it comes.
static void make_room(struct body *body)
{
    bool is_told = body->announced > 0 && body->announced <= body->max;
    size_t most = body->announced < TG_BODY_AT_ONCE ? body->announced : TG_BODY_AT_ONCE;
    if (is_told && !body->bytes.data)
        tg_text_reserve(&body->bytes, most);
}

static bool keep(struct body *body, const void *bytes, size_t size)
{
    if (body->kind == BODY_FILE)
        return write_file(body, bytes, size);
    make_room(body);
    tg_text_append(&body->bytes, bytes, size);
    return true;
}

void body_take(struct body *body, struct body_room *room, const void *bytes, size_t size)
{
    body->came += size;
    body->too_large = body->too_large || body->came > body->max;
    if (!body->too_large && !body->without_room)
        body->without_room = !take_room(body, room, size) || !keep(body, bytes, size);
    if (body->too_large || body->without_room)
        body_drop(body, room);
}

bool body_lend(struct body *body, struct body_room *room, int file, size_t from, size_t size)
{
    int place = body_room_take(room, BUDGET_DISK, body->party, TG_FILE_LEAST_BYTES);
    body->share_used = place == TG_SHARE_USED;
    if (place < 0) {
        close(file);
        return false;
    }
    body->place = place;
    body->counted = TG_FILE_LEAST_BYTES;
    body->file = file;
    body->from = from;
    body->held = size;
    return true;
}

void body_drop_bytes(struct body *body)
{
    tg_text_finish(&body->bytes);
}

void body_drop(struct body *body, struct body_room *room)
{
    if (body->kind != BODY_FILE && body->held > 0)
        tg_gauge_add(TG_BODY_BYTES, -(int64_t)body->held);
    if (body->counted > 0)
        body_room_give(room, budget_of(body), body->place, body->counted);
    body->held = 0;
    body->counted = 0;
    body_drop_bytes(body);
    if (body->file >= 0)
        close(body->file);
    body->file = -1;
}
