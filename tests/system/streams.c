#include "tests/system/streams.h"

#include <hiredis/hiredis.h>

enum { PARTITIONS = 4 };

long streams_left(const struct redis *redis, const char *kind)
{
    redisContext *context = redisConnect("127.0.0.1", redis->port);
    long left = 0;
    if (context && redis->has_acl)
        freeReplyObject(redisCommand(context, "AUTH admin " REDIS_PASSWORD));
    for (int i = 0; context && i < PARTITIONS && left >= 0; i++) {
        redisReply *reply = redisCommand(context, "XLEN tollgate:{%02d}:%s", i, kind);
        bool counted = reply && reply->type == REDIS_REPLY_INTEGER;
        left = counted ? left + (long)reply->integer : -1;
        freeReplyObject(reply);
    }
    redisFree(context);
    return left;
}
