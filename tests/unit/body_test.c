#include "ingress/http/body.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const enum body_kind kinds[] = {BODY_JSON, BODY_FORM, BODY_RAW, BODY_FILE};
enum { KINDS = sizeof kinds / sizeof *kinds };

static atomic_size_t *room_of(struct body_room *room, enum body_kind kind)
{
    return kind == BODY_FILE ? &room->disk : &room->memory;
}

static void expect_nothing_held(const struct body *body, struct body_room *room)
{
    cr_assert_eq(body->held, 0);
    cr_assert_eq(body->bytes.length, 0);
    cr_assert_eq(body->file, -1);
    cr_assert_eq(*room_of(room, body->kind), 0);
}

Test(body, is_kept_up_to_its_bound)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct body_room room = {0};
        struct body body = body_of(kinds[i], 8);
        body_take(&body, &room, "1234", 4);
        body_take(&body, &room, "5678", 4);
        cr_assert(!body.too_large && !body.without_room);
        cr_assert_eq(body.held, 8);
        cr_assert_eq(*room_of(&room, kinds[i]), 8);
        body_take(&body, &room, "9", 1);
        cr_assert(body.too_large);
        expect_nothing_held(&body, &room);
        body_take(&body, &room, "0", 1);
        cr_assert_eq(body.came, 10);
        expect_nothing_held(&body, &room);
    }
}

Test(body, of_kind_none_is_too_large_at_its_first_byte)
{
    struct body_room room = {0};
    struct body body = body_of(BODY_NONE, 0);
    body_take(&body, &room, "1", 1);
    cr_assert(body.too_large);
    expect_nothing_held(&body, &room);
}

// All bodies together have a bound too: of memory, and of disk.
Test(body, for_which_there_is_no_room_is_dropped)
{
    for (size_t i = 0; i < KINDS; i++) {
        const size_t max = kinds[i] == BODY_FILE ? TG_FILES_BYTES_MAX : TG_BODIES_BYTES_MAX;
        struct body_room room = {0};
        atomic_size_t *held = room_of(&room, kinds[i]);
        struct body body = body_of(kinds[i], 100);
        *held = max - 6;
        body_take(&body, &room, "123456", 6);
        cr_assert_not(body.without_room);
        body_take(&body, &room, "7", 1);
        cr_assert(body.without_room);
        cr_assert_not(body.too_large);
        cr_assert_eq(*held, max - 6);
        // What comes behind is read and not kept, also once there is room again.
        *held = 0;
        body_take(&body, &room, "8", 1);
        expect_nothing_held(&body, &room);
    }
}

Test(body, that_is_a_file_has_no_name_and_no_bytes_in_memory)
{
    struct body_room room = {0};
    struct body body = body_of(BODY_FILE, 100);
    cr_assert_eq(body.file, -1);
    body_take(&body, &room, "abc", 3);
    body_take(&body, &room, "\0def", 4);
    cr_assert_geq(body.file, 0);
    cr_assert_null(body.bytes.data);

    char path[64];
    char name[256];
    snprintf(path, sizeof path, "/proc/self/fd/%d", body.file);
    ssize_t length = readlink(path, name, sizeof name - 1);
    cr_assert_gt(length, 0);
    name[length] = '\0';
    cr_assert(strstr(name, "(deleted)"), "%s", name);

    char bytes[16];
    cr_assert_eq(pread(body.file, bytes, sizeof bytes, 0), 7);
    cr_assert_arr_eq(bytes, "abc\0def", 7);
    body_drop(&body, &room);
    expect_nothing_held(&body, &room);
}
