// How many requests each endpoint may have under way.
#include "worker/notify/rooms.h"

#include <criterion/criterion.h>

static struct tg_uuid endpoint(unsigned char n)
{
    return (struct tg_uuid){{1, n}};
}

static int64_t room_of(struct rooms *rooms, struct tg_uuid id)
{
    static struct tg_endpoint_room list[TG_NOTIFY_ENDPOINTS_MAX];
    size_t n = rooms_list(rooms, list);
    for (size_t i = 0; i < n; i++) {
        if (tg_uuid_equal(list[i].endpoint_id, id))
            return list[i].room;
    }
    return rooms_of_unknown();
}

static void go(struct rooms *rooms, struct tg_uuid id, bool came, double seconds, int times)
{
    for (int i = 0; i < times; i++) {
        rooms_take(rooms, id, 1);
        rooms_end(rooms, id, came, seconds);
        rooms_leave(rooms, 1);
    }
}

Test(rooms, are_few_at_first_and_more_with_each_quick_answer)
{
    struct rooms *rooms = rooms_create(100);
    cr_assert_eq(room_of(rooms, endpoint(1)), 8);
    go(rooms, endpoint(1), true, 0.01, 1);
    cr_assert_eq(room_of(rooms, endpoint(1)), 9);
    go(rooms, endpoint(1), true, 0.01, 200);
    cr_assert_eq(room_of(rooms, endpoint(1)), 64);
    rooms_destroy(rooms);
}

Test(rooms, are_one_soon_where_all_fails_and_grow_again)
{
    struct rooms *rooms = rooms_create(100);
    go(rooms, endpoint(1), true, 0.01, 200);
    go(rooms, endpoint(1), false, 15, 6);
    cr_assert_eq(room_of(rooms, endpoint(1)), 1);
    go(rooms, endpoint(1), false, 15, 100);
    cr_assert_eq(room_of(rooms, endpoint(1)), 1);
    go(rooms, endpoint(1), true, 0.01, 3);
    cr_assert_eq(room_of(rooms, endpoint(1)), 4);
    cr_assert_eq(room_of(rooms, endpoint(2)), 8);
    rooms_destroy(rooms);
}

Test(rooms, are_few_where_answers_are_slow)
{
    struct rooms *rooms = rooms_create(100);
    go(rooms, endpoint(1), true, 5, 100);
    cr_assert_eq(room_of(rooms, endpoint(1)), 2);
    rooms_destroy(rooms);
}

Test(rooms, that_are_taken_are_not_free)
{
    struct rooms *rooms = rooms_create(100);
    for (int i = 0; i < 10; i++)
        rooms_take(rooms, endpoint(1), 1);
    cr_assert_eq(room_of(rooms, endpoint(1)), 0);
    for (int i = 0; i < 3; i++)
        rooms_end(rooms, endpoint(1), true, 0.01);
    cr_assert_eq(room_of(rooms, endpoint(1)), 4); // of 11
    rooms_destroy(rooms);
}

Test(rooms, have_so_many_places)
{
    struct rooms *rooms = rooms_create(TG_NOTIFY_CALLS_MAX);
    for (size_t i = 0; i < TG_NOTIFY_CALLS_MAX; i++) {
        cr_assert_eq(rooms_free(rooms), TG_NOTIFY_CALLS_MAX - i);
        rooms_take(rooms, endpoint((unsigned char)i), 1);
    }
    cr_assert_eq(rooms_free(rooms), 0);
    rooms_end(rooms, endpoint(0), true, 0);
    cr_assert_eq(rooms_free(rooms), 0); // nothing of it is recorded yet
    rooms_leave(rooms, 1);
    cr_assert_eq(rooms_free(rooms), 1);
    rooms_destroy(rooms);
}

Test(rooms, of_so_many_endpoints_are_remembered)
{
    static struct tg_endpoint_room list[TG_NOTIFY_ENDPOINTS_MAX];
    struct rooms *rooms = rooms_create(10);
    rooms_take(rooms, endpoint(0), 1); // which is under way, and stays known
    for (unsigned i = 0; i < TG_NOTIFY_ENDPOINTS_MAX + 1000; i++)
        go(rooms, (struct tg_uuid){{2, (unsigned char)i, (unsigned char)(i >> 8)}}, true, 0, 1);
    cr_assert_eq(rooms_list(rooms, list), TG_NOTIFY_ENDPOINTS_MAX);
    cr_assert_eq(room_of(rooms, endpoint(0)), 7);
    rooms_end(rooms, endpoint(0), true, 0);
    rooms_destroy(rooms);
}
