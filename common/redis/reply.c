#include "common/redis/reply.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    // Enough for what most commands are answered by.
    FIRST_BYTES = 960,
    MORE_BYTES = 8 * 1024,
};

// Its bytes stand behind it. Those of the first one begin with the reply itself.
struct chunk {
    alignas(max_align_t) struct chunk *next; // NULL: it is the last one
    size_t used;
    size_t size;
};

// NULL: there is no memory, which hiredis takes for the end of the connection. (Whoever stands in
// Redis's place may announce any number of elements; what is announced and does not come is not
// touched.)
static struct chunk *new_chunk(size_t least, size_t usual)
{
    size_t size = least > usual ? least : usual;
    struct chunk *chunk = calloc(1, sizeof *chunk + size);
    if (chunk)
        chunk->size = size;
    return chunk;
}

// So many zeros; NULL: there is no memory.
static void *take(struct reply_memory *memory, size_t size)
{
    struct chunk *chunk = memory->last;
    if (size > chunk->size - chunk->used) {
        chunk = new_chunk(size, MORE_BYTES);
        if (!chunk)
            return NULL;
        memory->last = memory->last->next = chunk;
    }
    void *bytes = (char *)(chunk + 1) + chunk->used;
    chunk->used += size;
    return bytes;
}

// A reply, or a part of it at its place, with so many bytes behind it.
static redisReply *new_reply(const redisReadTask *task, size_t more)
{
    struct reply_memory *memory = task->privdata;
    enum { ALIGN = alignof(max_align_t) };
    size_t size = (sizeof(redisReply) + more + ALIGN - 1) / ALIGN * ALIGN;
    if (!task->parent && !(memory->last = new_chunk(size, FIRST_BYTES)))
        return NULL;
    redisReply *reply = take(memory, size);
    if (!reply)
        return NULL;
    reply->type = task->type;
    if (task->parent)
        ((redisReply *)task->parent->obj)->element[task->idx] = reply;
    return reply;
}

static void *new_string(const redisReadTask *task, char *text, size_t length)
{
    redisReply *reply = new_reply(task, length + 1);
    if (!reply)
        return NULL;
    reply->str = memcpy(reply + 1, text, length);
    reply->len = length;
    return reply;
}

static void *new_array(const redisReadTask *task, int elements)
{
    size_t n = elements > 0 ? (size_t)elements : 0;
    redisReply *reply = new_reply(task, n * sizeof(redisReply *));
    if (!reply)
        return NULL;
    reply->element = (redisReply **)(reply + 1);
    reply->elements = n;
    return reply;
}

static void *new_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = new_reply(task, 0);
    if (reply)
        reply->integer = value;
    return reply;
}

// The task is still to read what would have stood there.
static void *new_nil(const redisReadTask *task)
{
    redisReply *reply = new_reply(task, 0);
    if (reply)
        reply->type = REDIS_REPLY_NIL;
    return reply;
}

static void free_chunks(void *reply)
{
    for (struct chunk *chunk = (struct chunk *)reply - 1, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
}

void reply_read_into(redisContext *context, struct reply_memory *memory)
{
    static redisReplyObjectFunctions functions = {.createString = new_string,
                                                  .createArray = new_array,
                                                  .createInteger = new_integer,
                                                  .createNil = new_nil,
                                                  .freeObject = free_chunks};
    context->reader->fn = &functions;
    context->reader->privdata = memory;
}

void reply_free(redisReply *reply)
{
    if (reply)
        free_chunks(reply);
}
