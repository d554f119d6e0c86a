#include "common/http/wiped.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { SIZE = 300, LARGE = 20000 };

static size_t non_zeros(const char *bytes, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += bytes[i] != 0;
    return n;
}

Test(wiped, what_was_freed_comes_back_without_what_was_in_it)
{
    char *first = wiped_malloc(SIZE);
    memset(first, 's', SIZE);
    wiped_free(first);
    cr_expect_eq(non_zeros(first, SIZE), 0); // NOLINT(clang-analyzer-unix.Malloc): it is kept
    char *again = wiped_malloc(SIZE);
    cr_expect_eq(again, first);
    wiped_free(again);
}

Test(wiped, what_is_asked_for_as_zeros_is_zeros)
{
    for (size_t size = 1; size <= LARGE; size = size * 2 + 1) {
        char *bytes = wiped_malloc(size);
        memset(bytes, 's', size);
        wiped_free(bytes);
        bytes = wiped_calloc(1, size);
        cr_expect_eq(non_zeros(bytes, size), 0, "%zu", size);
        wiped_free(bytes);
    }
    cr_expect_null(wiped_calloc(SIZE_MAX / 2, 3));
}

// Also from a small block to a large one.
Test(wiped, a_block_grows_with_what_is_in_it)
{
    char *bytes = NULL;
    size_t had = 0;
    for (size_t size = 1; size <= LARGE; had = size, size = size * 3 / 2 + 1) {
        bytes = wiped_realloc(bytes, size);
        for (size_t i = 0; i < had; i++)
            cr_assert_eq(bytes[i], (char)i, "%zu of %zu", i, size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)i;
    }
    bytes = wiped_realloc(bytes, 1);
    cr_expect_eq(bytes[had - 1], (char)(had - 1));
    wiped_free(bytes);
}

Test(wiped, a_block_that_has_grown_is_wiped_to_its_end)
{
    char *bytes = wiped_realloc(wiped_malloc(SIZE), SIZE + 1);
    memset(bytes, 's', SIZE + 1);
    wiped_free(bytes);
    cr_expect_eq(non_zeros(bytes, SIZE + 1), 0); // NOLINT(clang-analyzer-unix.Malloc): it is kept
}

Test(wiped, a_copy_of_a_text_is_its_own)
{
    char *copy = wiped_strdup("secret");
    cr_expect_str_eq(copy, "secret");
    wiped_free(copy);
    wiped_free(NULL);
}

static void *free_it(void *bytes)
{
    wiped_free(bytes);
    char *more = wiped_malloc(LARGE);
    wiped_free(more);
    return NULL;
}

Test(wiped, another_thread_may_free_it_and_end)
{
    pthread_t thread;
    char *bytes = wiped_malloc(SIZE);
    memset(bytes, 's', SIZE);
    cr_assert_eq(pthread_create(&thread, NULL, free_it, bytes), 0);
    pthread_join(thread, NULL);
}
