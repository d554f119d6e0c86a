// What common/redis/stream_group.h promises of a consumer group, at a real Redis.
#include "common/redis/stream_group.h"
#include "tests/system/servers.h"

#include <stdlib.h>
#include <string.h>

TestSuite(stream, .timeout = 60);

enum { ENTRIES_MAX = 16 };

struct taken {
    struct tg_entry entries[ENTRIES_MAX];
    int n;
};

static bool keep(void *context, const struct tg_entry *entry, const struct tg_entry_field *fields,
                 size_t n)
{
    struct taken *taken = context;
    cr_assert(n == 1 && strcmp(fields[0].name, "body") == 0);
    cr_assert(taken->n < ENTRIES_MAX);
    taken->entries[taken->n++] = *entry;
    return true;
}

static struct redis *given_redis(void)
{
    struct redis *redis = redis_create();
    redis_start(redis);
    return redis;
}

static void publish(struct tg_stream *stream, int partition, int n)
{
    for (int i = 0; i < n; i++) {
        const struct tg_new_entry entry = {
            .partition = partition, .fields = 1, .field = {{"body", "x", 1}}};
        cr_assert_eq(tg_stream_publish(stream, &entry, 1), 1);
    }
}

static struct taken take(struct tg_stream *stream, const char *consumer)
{
    struct taken taken = {0};
    cr_assert_eq(tg_stream_take(stream, consumer, ENTRIES_MAX, 100, keep, &taken), taken.n);
    return taken;
}

static struct taken take_over(struct tg_stream *stream, const char *consumer)
{
    struct taken taken = {0};
    cr_assert_eq(tg_stream_take_over(stream, consumer, ENTRIES_MAX, 30000, keep, &taken), taken.n);
    return taken;
}

// An entry is a dead consumer's, who was the last of so many to get it.
static void leave_lying(struct redis *redis, const struct tg_entry *entry, int deliveries)
{
    (void)redis_command(redis, "XCLAIM", text_of("tollgate:{%02d}:test", entry->partition),
                        "workers", "dead", "0", entry->id, "IDLE", "60000", "RETRYCOUNT",
                        text_of("%d", deliveries), "JUSTID");
}

static void finish(struct tg_stream *stream, const struct taken *taken)
{
    const struct tg_entry *entries[ENTRIES_MAX];
    for (int i = 0; i < taken->n; i++)
        entries[i] = &taken->entries[i];
    cr_assert(tg_stream_end(stream, entries, (size_t)taken->n, NULL, 0));
}

Test(stream, gives_suspects_away_alone)
{
    struct redis *redis = given_redis();
    struct tg_stream *stream = tg_stream_create(redis_url(redis), 1, "test");
    publish(stream, 0, 6);
    struct taken all = take(stream, "a");
    cr_assert_eq(all.n, 6);
    cr_assert_eq(all.entries[0].deliveries, 1);
    static const int deliveries[] = {1, 1, 3, 2, 1, 1};
    for (int i = 0; i < all.n; i++)
        leave_lying(redis, &all.entries[i], deliveries[i]);

    static const struct {
        int n;
        int deliveries;
    } rounds[] = {{2, 2}, {1, 4}, {1, 3}, {2, 2}, {0, 0}};
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        struct taken taken = take_over(stream, "b");
        cr_assert_eq(taken.n, rounds[i].n, "round %zu: %d", i, taken.n);
        for (int j = 0; j < taken.n; j++)
            cr_assert_eq(taken.entries[j].deliveries, rounds[i].deliveries);
    }
    tg_stream_destroy(stream);
    redis_kill(redis);
}

Test(stream, gives_a_suspect_away_alone_among_all_partitions)
{
    struct redis *redis = given_redis();
    struct tg_stream *stream = tg_stream_create(redis_url(redis), 3, "test");
    for (int partition = 0; partition < 3; partition++)
        publish(stream, partition, 2);
    struct taken all = take(stream, "a");
    cr_assert_eq(all.n, 6);
    for (int i = 0; i < all.n; i++)
        leave_lying(redis, &all.entries[i], all.entries[i].partition == 1 ? 1 : 2);
    int left = 6;
    while (left > 0) {
        struct taken taken = take_over(stream, "b");
        cr_assert_geq(taken.n, 1);
        for (int i = 0; i < taken.n; i++)
            cr_assert(taken.n == 1 || taken.entries[i].deliveries == 2);
        left -= taken.n;
    }
    tg_stream_destroy(stream);
    redis_kill(redis);
}

Test(stream, reads_each_partition_in_turn_when_there_is_little_room)
{
    struct redis *redis = given_redis();
    struct tg_stream *stream = tg_stream_create(redis_url(redis), 4, "test");
    for (int partition = 0; partition < 4; partition++)
        publish(stream, partition, 1);
    struct taken taken = {0};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(tg_stream_take(stream, "a", 1, 100, keep, &taken), 1);
    cr_assert_eq(taken.n, 4);
    finish(stream, &taken);
    tg_stream_destroy(stream);
    redis_kill(redis);
}

Test(stream, keeps_nothing_of_what_is_finished)
{
    struct redis *redis = given_redis();
    struct tg_stream *stream = tg_stream_create(redis_url(redis), 2, "test");
    publish(stream, 0, 3);
    publish(stream, 1, 2);
    long long lengths[2] = {-1, -1};
    cr_assert(tg_stream_lengths(stream, lengths));
    cr_assert(lengths[0] == 3 && lengths[1] == 2);
    struct taken all = take(stream, "a");
    cr_assert_eq(all.n, 5);
    finish(stream, &all);
    finish(stream, &all); // again: nothing to do
    cr_assert(tg_stream_lengths(stream, lengths));
    for (int partition = 0; partition < 2; partition++) {
        cr_assert_eq(lengths[partition], 0);
        const char *key = text_of("tollgate:{%02d}:test", partition);
        cr_assert_eq(redis_command(redis, "XPENDING", key, "workers")[0], '0');
    }
    (void)redis_command(redis, "FLUSHALL");
    finish(stream, &all); // no stream and no group: nothing to do either
    tg_stream_destroy(stream);
    redis_kill(redis);
}

Test(stream, removes_consumers_that_are_gone_and_have_nothing)
{
    struct redis *redis = given_redis();
    struct tg_stream *stream = tg_stream_create(redis_url(redis), 1, "test");
    cr_assert_eq(tg_stream_remove_gone_consumers(stream, 0), 0); // not even a stream
    publish(stream, 0, 1);
    struct taken done = take(stream, "gone");
    cr_assert_eq(done.n, 1);
    finish(stream, &done);
    publish(stream, 0, 2);
    struct taken all = take(stream, "busy");
    cr_assert_eq(all.n, 2);
    cr_assert_eq(tg_stream_remove_gone_consumers(stream, 60000), 0);
    eventually(tg_stream_remove_gone_consumers(stream, 0) == 1);
    cr_assert(strstr(redis_command(redis, "XINFO", "CONSUMERS", "tollgate:{00}:test", "workers"),
                     "busy"));
    finish(stream, &all);
    eventually(tg_stream_remove_gone_consumers(stream, 0) == 1);
    tg_stream_destroy(stream);
    redis_kill(redis);
}
