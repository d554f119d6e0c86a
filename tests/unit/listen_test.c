#include "common/service/listen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int passed_on(const char *pid, const char *count)
{
    struct tg_address address;
    struct tg_error error = {0};
    // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs
    cr_assert_eq(setenv("LISTEN_PID", pid, 1), 0);
    cr_assert_eq(setenv("LISTEN_FDS", count, 1), 0);
    int listener = tg_listen_passed_on(&address, &error);
    cr_assert_eq(listener == TG_LISTEN_WRONG, strstr(error.message, "LISTEN_FDS") != NULL);
    cr_assert_null(getenv("LISTEN_FDS"));
    // NOLINTEND(concurrency-mt-unsafe)
    return listener;
}

Test(listen, what_is_passed_on_to_another_is_not_for_us)
{
    cr_assert_eq(passed_on("1", "1"), TG_LISTEN_NONE);
}

// To listen elsewhere then would be a daemon that nobody finds.
Test(listen, what_was_to_be_passed_on_and_is_not_there_is_wrong)
{
    static const char *const counts[] = {"banana", "-1", "0", "", "2147483647", "99999999999", "1"};
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        cr_assert_eq(passed_on(pid, counts[i]), TG_LISTEN_WRONG, "%s", counts[i]);
    cr_assert_eq(passed_on("banana", "1"), TG_LISTEN_WRONG);
}
