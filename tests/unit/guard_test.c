#include "ingress/http/guard.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 1000 * 1000 };

// A connection, seen from both ends.
struct end {
    int ours;
    int client;
    struct guest *guest;
};

static atomic_bool in_need;

static bool is_in_need(void *context)
{
    (void)context;
    return in_need;
}

static struct end given_end(struct guard *guard)
{
    int sockets[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    return (struct end){sockets[0], sockets[1], guard_enter(guard, sockets[0])};
}

static bool is_cut(const struct end *end, int timeout_ms)
{
    struct pollfd poller = {.fd = end->client, .events = POLLRDHUP};
    return poll(&poller, 1, timeout_ms) > 0;
}

static void leave(struct guard *guard, struct end *ends, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        guard_leave(guard, ends[i].guest);
        close(ends[i].ours);
        close(ends[i].client);
    }
    guard_stop(guard);
}

// Time goes on, so that who comes later has waited less.
static void let_a_moment_pass(void)
{
    (void)poll(NULL, 0, 3);
}

Test(guard, has_the_one_make_room_that_waits_longest)
{
    struct guard *guard = guard_start(3, is_in_need, NULL);
    struct end ends[4];
    for (int i = 0; i < 3; i++) {
        cr_assert(guard_admits(guard));
        ends[i] = given_end(guard);
        let_a_moment_pass();
    }
    guest_is_ours(ends[0].guest);
    let_a_moment_pass();
    guest_idles(ends[1].guest);
    cr_assert(guard_admits(guard));
    cr_assert(is_cut(&ends[2], 0));
    cr_assert_not(is_cut(&ends[0], 0));
    cr_assert_not(is_cut(&ends[1], 0));
    ends[3] = given_end(guard);
    leave(guard, ends, 4);
}

// What comes fast enough keeps moving the time on.
Test(guard, takes_a_body_that_comes_for_less_waiting)
{
    struct guard *guard = guard_start(3, is_in_need, NULL);
    struct end ends[3];
    for (int i = 0; i < 3; i++)
        ends[i] = given_end(guard);
    for (int i = 0; i < 3; i++) {
        guest_sends(ends[i].guest);
        let_a_moment_pass();
    }
    guest_has_sent(ends[0].guest, LARGE);
    guest_takes(ends[1].guest, LARGE);
    cr_assert(guard_admits(guard));
    cr_assert(is_cut(&ends[2], 0));
    cr_assert_not(is_cut(&ends[0], 0));
    cr_assert_not(is_cut(&ends[1], 0));
    leave(guard, ends, 3);
}

Test(guard, admits_nobody_while_all_are_in_our_hands)
{
    struct guard *guard = guard_start(2, is_in_need, NULL);
    struct end ends[2];
    for (int i = 0; i < 2; i++) {
        ends[i] = given_end(guard);
        guest_is_ours(ends[i].guest);
    }
    cr_assert_not(guard_admits(guard));
    cr_assert_not(is_cut(&ends[0], 0) || is_cut(&ends[1], 0));
    guest_idles(ends[1].guest);
    cr_assert(guard_admits(guard));
    cr_assert(is_cut(&ends[1], 0));
    leave(guard, ends, 2);
}

// One that is cut off makes room at once, and its leaving does not count again.
Test(guard, counts_each_that_is_cut_off_once)
{
    struct guard *guard = guard_start(1, is_in_need, NULL);
    struct end ends[3];
    for (int i = 0; i < 3; i++) {
        cr_assert(guard_admits(guard));
        ends[i] = given_end(guard);
    }
    cr_assert(is_cut(&ends[0], 0) && is_cut(&ends[1], 0));
    guest_is_ours(ends[2].guest);
    cr_assert_not(guard_admits(guard));
    guest_idles(ends[2].guest);
    leave(guard, ends, 3);
}

// One that drips is slow, and so is one that has stopped, however much of it came before.
Test(guard, does_not_wait_for_a_slow_body_when_room_is_short, .timeout = 60)
{
    struct guard *guard = guard_start(4, is_in_need, NULL);
    struct end ends[4];
    for (int i = 0; i < 4; i++)
        ends[i] = given_end(guard);
    in_need = true;
    guest_is_ours(ends[0].guest);
    for (int i = 1; i < 4; i++)
        guest_sends(ends[i].guest);
    guest_has_sent(ends[3].guest, 10 * (size_t)LARGE);
    while (!is_cut(&ends[2], 0) || !is_cut(&ends[3], 0)) {
        guest_has_sent(ends[1].guest, LARGE);
        guest_has_sent(ends[2].guest, 1);
        let_a_moment_pass();
    }
    cr_assert_not(is_cut(&ends[0], 0) || is_cut(&ends[1], 0));
    leave(guard, ends, 4);
}
