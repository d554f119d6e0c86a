#include "common/base/uuid7.h"

#include "common/base/memory.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDS = 20000, THREADS = 4, ALL_IDS = THREADS * IDS };

static uint64_t unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct tg_uuid given_uuid(const char *text)
{
    struct tg_uuid id;
    cr_assert(tg_uuid_parse(text, strlen(text), &id), "%s", text);
    return id;
}

Test(uuid7, has_version_7_and_the_variant_of_the_rfc)
{
    for (int i = 0; i < 1000; i++) {
        struct tg_uuid id = tg_uuid7();
        cr_assert_eq(id.bytes[6] >> 4, 7);
        cr_assert_eq(id.bytes[8] >> 6, 2);
    }
}

Test(uuid7, begins_with_the_time_in_milliseconds)
{
    uint64_t before = unix_ms();
    struct tg_uuid id = tg_uuid7();
    uint64_t after = unix_ms();
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    cr_assert(before <= ms && ms <= after);
}

// So many are made that most fall into the same millisecond as the one before.
Test(uuid7, ids_of_one_thread_always_rise)
{
    struct tg_uuid last = tg_uuid7();
    for (int i = 0; i < IDS; i++) {
        struct tg_uuid id = tg_uuid7();
        cr_assert_lt(memcmp(last.bytes, id.bytes, sizeof id.bytes), 0);
        last = id;
    }
}

static void *make_ids(void *argument)
{
    struct tg_uuid *ids = argument;
    for (int i = 0; i < IDS; i++)
        ids[i] = tg_uuid7();
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tg_uuid));
}

Test(uuid7, ids_of_several_threads_are_all_different)
{
    struct tg_uuid *ids = tg_alloc(ALL_IDS * sizeof *ids);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, make_ids, ids + (size_t)i * IDS), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(ids, ALL_IDS, sizeof ids[0], compare);
    for (int i = 1; i < ALL_IDS; i++)
        cr_assert_not(tg_uuid_equal(ids[i - 1], ids[i]));
    free(ids);
}

Test(uuid7, is_written_in_lower_case_and_read_in_either)
{
    char text[TG_UUID_TEXT_SIZE];
    tg_uuid_format(given_uuid("0190A5B2-7c3d-7Eef-89ab-0123456789aF"), text);
    cr_assert_str_eq(text, "0190a5b2-7c3d-7eef-89ab-0123456789af");
}

Test(uuid7, reads_back_what_it_writes)
{
    struct tg_uuid id = tg_uuid7();
    char text[TG_UUID_TEXT_SIZE];
    tg_uuid_format(id, text);
    cr_assert(tg_uuid_equal(given_uuid(text), id));
}

struct wrong {
    char text[48];
};

ParameterizedTestParameters(uuid7, refuses_what_is_not_canonical)
{
    static struct wrong wrong[] = {
        {""},
        {"0190a5b2-7c3d-7eef-89ab-0123456789a"},
        {"0190a5b2-7c3d-7eef-89ab-0123456789abc"},
        {"0190a5b27c3d7eef89ab0123456789abcdef"},
        {"0190a5b2-7c3d-7eef-89ab_0123456789ab"},
        {"0190a5b-27c3d-7eef-89ab-0123456789ab"},
        {"0190a5b2-7c3d-7eef-89ab-0123456789ag"},
        {"{190a5b2-7c3d-7eef-89ab-0123456789a}"},
        {" 190a5b2-7c3d-7eef-89ab-0123456789ab"},
    };
    return cr_make_param_array(struct wrong, wrong, sizeof wrong / sizeof wrong[0]);
}

ParameterizedTest(struct wrong *wrong, uuid7, refuses_what_is_not_canonical)
{
    struct tg_uuid id;
    cr_assert_not(tg_uuid_parse(wrong->text, strlen(wrong->text), &id), "%s", wrong->text);
}

// The value is FNV-1a of the sixteen bytes, computed elsewhere: lanes and partitions of different
// versions must agree on it.
Test(uuid7, hash_is_fnv_1a)
{
    cr_assert_eq(tg_uuid_hash(given_uuid("00112233-4455-6677-8899-aabbccddeeff")), 0xff138f15U);
}
