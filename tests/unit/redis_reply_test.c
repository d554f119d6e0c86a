#include "common/base/text.h"
#include "common/redis/reply.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A connection on which nothing comes but what is fed to its reader.
static redisContext *given_connection(struct reply_memory *memory)
{
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(pair[1]);
    redisContext *context = redisConnectFd(pair[0]);
    cr_assert_not_null(context);
    reply_read_into(context, memory);
    return context;
}

static redisReply *read_by(redisReader *reader, const struct tg_text *text)
{
    void *reply = NULL;
    cr_assert_eq(redisReaderFeed(reader, text->data, text->length), REDIS_OK);
    cr_assert_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    return reply;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as replies are
static void expect_same(const redisReply *a, const redisReply *b)
{
    cr_assert_eq(a->type, b->type);
    cr_assert_eq(a->integer, b->integer);
    cr_assert_eq(a->len, b->len);
    cr_assert_eq(a->str == NULL, b->str == NULL);
    cr_assert(!a->str || memcmp(a->str, b->str, b->len + 1) == 0);
    cr_assert_eq(a->elements, b->elements);
    for (size_t i = 0; i < b->elements; i++)
        expect_same(a->element[i], b->element[i]);
}

// What we read is what hiredis reads by itself.
static void expect_read(const struct tg_text *text)
{
    struct reply_memory memory = {0};
    redisContext *context = given_connection(&memory);
    redisReader *own = redisReaderCreate();
    for (int times = 0; times < 2; times++) {
        redisReply *reply = read_by(context->reader, text);
        redisReply *theirs = read_by(own, text);
        expect_same(reply, theirs);
        reply_free(reply);
        freeReplyObject(theirs);
    }
    redisReaderFree(own);
    redisFree(context);
}

static void append_string(struct tg_text *text, size_t length)
{
    tg_text_append_format(text, "$%zu\r\n", length);
    for (size_t i = 0; i < length; i++)
        tg_text_append(text, &(char){(char)i}, 1);
    tg_text_append_string(text, "\r\n");
}

Test(redis_reply, is_what_redis_says)
{
    static const char *const cases[] = {
        "+OK\r\n",
        "-ERR no\r\n",
        ":-9223372036854775808\r\n",
        "$-1\r\n",
        "$0\r\n\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*3\r\n:1\r\n$-1\r\n+QUEUED\r\n",
        "*2\r\n*2\r\n$1\r\na\r\n*2\r\n:1\r\n:2\r\n*1\r\n*0\r\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TG_TEXT_AUTO text = {0};
        tg_text_append_string(&text, cases[i]);
        expect_read(&text);
    }
}

// Wherever the memory of a reply ends.
Test(redis_reply, may_be_of_any_size)
{
    for (size_t length = 800; length < 1000; length++) {
        TG_TEXT_AUTO text = {0};
        append_string(&text, length);
        expect_read(&text);
    }
    for (size_t n = 1; n < 300; n++) {
        TG_TEXT_AUTO text = {0};
        tg_text_append_format(&text, "*%zu\r\n", n);
        for (size_t i = 0; i < n; i++)
            append_string(&text, i == n / 2 ? 100 * n : i);
        expect_read(&text);
    }
}

Test(redis_reply, that_breaks_off_goes_with_its_connection)
{
    struct reply_memory memory = {0};
    redisContext *context = given_connection(&memory);
    void *reply = NULL;
    static const char begin[] = "*2\r\n*2\r\n:1\r\n$5\r\nab";
    cr_assert_eq(redisReaderFeed(context->reader, begin, sizeof begin - 1), REDIS_OK);
    cr_assert_eq(redisReaderGetReply(context->reader, &reply), REDIS_OK);
    cr_expect_null(reply);
    redisFree(context);
}
