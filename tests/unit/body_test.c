#include "ingress/http/body.h"

#include "common/base/shares.h"
#include "common/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const enum body_kind kinds[] = {BODY_JSON, BODY_FORM, BODY_RAW, BODY_FILE};
enum { KINDS = sizeof kinds / sizeof *kinds };

static enum body_budget budget_of(enum body_kind kind)
{
    return kind == BODY_FILE ? BUDGET_DISK : BUDGET_ORGS;
}

static void expect_nothing_held(const struct body *body, struct body_room *room)
{
    cr_assert_eq(body->held, 0);
    cr_assert_eq(body->bytes.length, 0);
    cr_assert_eq(body->file, -1);
    cr_assert_eq(body_room_taken(room, budget_of(body->kind)), 0);
}

Test(body, is_kept_up_to_its_bound)
{
    struct body_room *room = body_room_create();
    for (size_t i = 0; i < KINDS; i++) {
        struct body body = body_of(kinds[i], 8);
        body_take(&body, room, "1234", 4);
        body_take(&body, room, "5678", 4);
        cr_assert(!body.too_large && !body.without_room);
        cr_assert_eq(body.held, 8);
        body_take(&body, room, "9", 1);
        cr_assert(body.too_large);
        expect_nothing_held(&body, room);
        body_take(&body, room, "0", 1);
        cr_assert_eq(body.came, 10);
        expect_nothing_held(&body, room);
    }
    body_room_free(room);
}

Test(body, of_kind_none_is_too_large_at_its_first_byte)
{
    struct body_room *room = body_room_create();
    struct body body = body_of(BODY_NONE, 0);
    body_take(&body, room, "1", 1);
    cr_assert(body.too_large);
    expect_nothing_held(&body, room);
    body_room_free(room);
}

enum { PIECE = 1000 * 1000, LARGE = 1000 * PIECE };

static struct tg_uuid party(int number)
{
    return (struct tg_uuid){{(uint8_t)number}};
}

static void take_a_piece(struct body *body, struct body_room *room)
{
    static const char piece[PIECE];
    body_take(body, room, piece, PIECE);
}

// All bodies of a kind together have a bound too, of which each party has its share; a usual one
// always has room.
Test(body, for_which_there_is_no_room_is_dropped)
{
    for (int stranger = 0; stranger < 2; stranger++) {
        const size_t max = stranger ? TG_WEBHOOK_BODIES_BYTES_MAX : TG_BODIES_BYTES_MAX;
        const enum body_budget budget = stranger ? BUDGET_STRANGERS : BUDGET_ORGS;
        struct body_room *room = body_room_create();
        struct body bodies[4];
        for (int i = 0; i < 4; i++) {
            bodies[i] = body_of(BODY_RAW, LARGE);
            bodies[i].of_stranger = stranger;
            bodies[i].party = party(i < 2 ? 1 : i);
        }
        while (bodies[0].held + PIECE < max / 2)
            take_a_piece(&bodies[0], room);
        cr_assert_not(bodies[0].without_room);
        cr_assert_eq(body_room_taken(room, budget), bodies[0].held - TG_BODY_FREE_BYTES);
        // No more for it, though others have room, and its own small ones.
        take_a_piece(&bodies[1], room);
        take_a_piece(&bodies[1], room);
        cr_assert(bodies[1].without_room && bodies[1].share_used);
        take_a_piece(&bodies[2], room);
        cr_assert_not(bodies[2].without_room);
        bodies[1] = body_of(BODY_RAW, LARGE);
        bodies[1].of_stranger = stranger;
        bodies[1].party = party(1);
        body_take(&bodies[1], room, "small", 5);
        cr_assert_not(bodies[1].without_room);
        cr_assert(body_room_is_short(room));
        for (int i = 0; i < 4; i++)
            body_drop(&bodies[i], room);
        cr_assert_eq(body_room_taken(room, budget), 0);
        cr_assert_not(body_room_is_short(room));
        body_room_free(room);
    }
}

// Long before budgets are full slow ones are not waited for any more.
Test(body, room_is_short_from_a_few_megabytes_on)
{
    for (int stranger = 0; stranger < 2; stranger++) {
        struct body_room *room = body_room_create();
        struct body body = body_of(BODY_RAW, LARGE);
        body.of_stranger = stranger;
        body.party = party(1);
        while (body.held + PIECE < TG_BODIES_SHORT_BYTES)
            take_a_piece(&body, room);
        cr_assert_not(body_room_is_short(room));
        take_a_piece(&body, room);
        cr_assert_not(body.without_room);
        cr_assert(body_room_is_short(room));
        body_drop(&body, room);
        body_room_free(room);
    }
}

// What comes behind is read and not kept, also once there is room again.
Test(body, that_was_dropped_is_not_kept_later)
{
    struct body_room *room = body_room_create();
    struct body first = body_of(BODY_RAW, LARGE);
    struct body body = body_of(BODY_RAW, LARGE);
    while (first.held + PIECE < TG_BODIES_BYTES_MAX / 2)
        take_a_piece(&first, room);
    take_a_piece(&body, room);
    take_a_piece(&body, room);
    cr_assert(body.without_room);
    body_drop(&first, room);
    body_take(&body, room, "8", 1);
    expect_nothing_held(&body, room);
    body_room_free(room);
}

// No piece that comes makes it grow, of what was announced; and nothing is believed beyond that.
Test(body, has_its_place_at_once)
{
    static const struct {
        size_t announced;
        size_t most; // of its first place
    } cases[] = {
        {100, 256},         {5000, 8192}, {TG_BODY_AT_ONCE + 100, 2UL * TG_BODY_AT_ONCE},
        {2UL * LARGE, 256}, // more than it may have
        {SIZE_MAX, 256},    // in chunks
    };
    struct body_room *room = body_room_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct body body = body_of(BODY_JSON, LARGE);
        body.announced = cases[i].announced;
        body_take(&body, room, "{", 1);
        size_t least = cases[i].most == 256 ? 0 : cases[i].most / 2;
        cr_expect(body.bytes.capacity > least && body.bytes.capacity <= cases[i].most, "%zu: %zu",
                  cases[i].announced, body.bytes.capacity);
        body_drop(&body, room);
    }
    body_room_free(room);
}

// What is made of the bytes takes as much room as they did.
Test(body, stays_counted_when_its_bytes_are_dropped)
{
    struct body_room *room = body_room_create();
    struct body body = body_of(BODY_JSON, LARGE);
    take_a_piece(&body, room);
    body_drop_bytes(&body);
    cr_assert_eq(body.bytes.length, 0);
    cr_assert_eq(body_room_taken(room, BUDGET_ORGS), PIECE - TG_BODY_FREE_BYTES);
    body_drop(&body, room);
    expect_nothing_held(&body, room);
    body_room_free(room);
}

Test(body, that_is_a_file_has_no_name_and_no_bytes_in_memory)
{
    struct body_room *room = body_room_create();
    struct body body = body_of(BODY_FILE, 100);
    cr_assert_eq(body.file, -1);
    body_take(&body, room, "abc", 3);
    body_take(&body, room, "\0def", 4);
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
    body_drop(&body, room);
    expect_nothing_held(&body, room);
    body_room_free(room);
}

// Else thousands of small ones would take all files that a process may have.
Test(body, that_is_a_file_counts_as_a_larger_one)
{
    static const char bytes[1024 * 1024];
    struct body_room *room = body_room_create();
    struct body body = body_of(BODY_FILE, SIZE_MAX);
    body_take(&body, room, "1", 1);
    cr_assert_eq(body_room_taken(room, BUDGET_DISK), TG_FILE_LEAST_BYTES);
    for (size_t held = 1; held <= TG_FILE_LEAST_BYTES; held += sizeof bytes)
        body_take(&body, room, bytes, sizeof bytes);
    cr_assert_eq(body_room_taken(room, BUDGET_DISK), body.held);
    cr_assert_gt(body.held, TG_FILE_LEAST_BYTES);
    body_drop(&body, room);
    expect_nothing_held(&body, room);
    body_room_free(room);
}

// One party alone gets half, a second one what is left, and nobody a byte more.
Test(body, budgets_are_given_out_to_the_byte)
{
    static const size_t maxima[BUDGETS] = {[BUDGET_ORGS] = TG_BODIES_BYTES_MAX,
                                           [BUDGET_STRANGERS] = TG_WEBHOOK_BODIES_BYTES_MAX,
                                           [BUDGET_DISK] = TG_FILES_BYTES_MAX,
                                           [BUDGET_ANSWERS] = TG_ANSWERS_BYTES_MAX};
    struct body_room *room = body_room_create();
    for (int i = 0; i < BUDGETS; i++) {
        const enum body_budget budget = (enum body_budget)i;
        const size_t max = maxima[budget];
        cr_assert_eq(body_room_take(room, budget, party(1), max + 1), TG_SHARES_GONE);
        cr_assert_eq(body_room_take(room, budget, party(1), 100 * max), TG_SHARES_GONE);
        int one = body_room_take(room, budget, party(1), max / 2);
        cr_assert_geq(one, 0);
        cr_assert_eq(body_room_take(room, budget, party(1), 1), TG_SHARE_USED);
        cr_assert_eq(body_room_take(room, budget, party(2), max / 2 + 1), TG_SHARES_GONE);
        int two = body_room_take(room, budget, party(2), max / 2);
        cr_assert_geq(two, 0);
        cr_assert_eq(body_room_take(room, budget, party(3), 1), TG_SHARES_GONE);
        cr_assert_eq(body_room_taken(room, budget), max);
        body_room_give(room, budget, one, max / 2);
        body_room_give(room, budget, two, max / 2);
    }
    body_room_free(room);
}

Test(body, that_is_usual_counts_nowhere)
{
    static const char usual[TG_BODY_FREE_BYTES];
    struct body_room *room = body_room_create();
    struct body body = body_of(BODY_RAW, LARGE);
    body_take(&body, room, usual, sizeof usual);
    cr_assert_eq(body_room_taken(room, BUDGET_ORGS), 0);
    body_take(&body, room, "1", 1);
    cr_assert_eq(body_room_taken(room, BUDGET_ORGS), 1);
    body_drop(&body, room);
    expect_nothing_held(&body, room);
    body_room_free(room);
}
