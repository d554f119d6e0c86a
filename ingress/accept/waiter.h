// A request that waits for its message's result, and the table of those who do, by message.
#pragma once

#include "common/store/accept.h"
#include "ingress/http/request.h"

struct waiter {
    struct waiter *next; // in its bucket, or in a list of those that are due
    void *context;       // of whoever has put it here
    struct request *request;
    struct tg_uuid org_id;
    struct tg_verdict verdict; // its answer unless there is more to say
    long long deadline_ms;
    long long look_ms; // when the database is asked, at the latest at the deadline
    int pause_ms;      // before that look
};

// Waiters are in nobody's but the table's hands while they are in it. Thread-safe.
struct waiter_table;

struct waiter_table *waiter_table_create(void);

// The table must be empty. NULL is fine.
void waiter_table_free(struct waiter_table *table);

// Takes nobody from now on.
void waiter_table_close(struct waiter_table *table);

// false: TG_WAITERS_MAX wait, or the table is closed.
bool waiter_table_add(struct waiter_table *table, struct waiter *waiter) TG_MUST_CHECK;

// Takes out who waits for that message; NULL: nobody does.
struct waiter *waiter_table_take(struct waiter_table *table, struct tg_uuid message_id);

// Takes out everyone who is to be looked at by `now_ms`, as a list.
struct waiter *waiter_table_take_due(struct waiter_table *table, long long now_ms);
