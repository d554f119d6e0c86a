#include "common/base/fair_queue.h"

#include "common/base/memory.h"
#include "common/base/shares.h"

#include <assert.h>
#include <pthread.h>

// Links are an index and 1; 0 ends a list.
struct node {
    void *item;
    int next; // of the same party, or free
};

// A party's items, at its place among the shares.
struct line {
    int first;
    int last;
    int next;      // whose turn it is after this one
    unsigned owed; // turns that it gives up
};

struct tg_fair_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    struct tg_shares *shares;
    int free; // nodes
    int turn; // the line that is next
    int last_turn;
    bool closed;
    struct line *lines;
    struct node nodes[];
};

struct tg_fair_queue *tg_fair_queue_create(size_t capacity)
{
    struct tg_fair_queue *queue = tg_alloc(sizeof *queue + capacity * sizeof queue->nodes[0]);
    queue->shares = tg_shares_create(capacity, capacity);
    queue->lines = tg_alloc(capacity * sizeof *queue->lines);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    for (size_t i = 0; i < capacity; i++)
        queue->nodes[i].next = (int)i;
    queue->free = (int)capacity;
    return queue;
}

void tg_fair_queue_destroy(struct tg_fair_queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->mutex);
    tg_shares_destroy(queue->shares);
    free(queue->lines);
    free(queue);
}

// It is the line's turn once all others have had theirs.
static void line_up(struct tg_fair_queue *queue, int place)
{
    queue->lines[place].next = 0;
    if (queue->turn > 0)
        queue->lines[queue->last_turn - 1].next = place + 1;
    else
        queue->turn = place + 1;
    queue->last_turn = place + 1;
}

// Under the lock.
static void add(struct tg_fair_queue *queue, int place, void *item)
{
    int link = queue->free;
    struct node *node = &queue->nodes[link - 1];
    struct line *line = &queue->lines[place];
    queue->free = node->next;
    *node = (struct node){.item = item};
    if (line->first > 0) {
        queue->nodes[line->last - 1].next = link;
    } else {
        line->first = link;
        line->owed = 0;
        line_up(queue, place);
    }
    line->last = link;
    pthread_cond_signal(&queue->not_empty);
}

enum tg_fair_push tg_fair_queue_push(struct tg_fair_queue *queue, struct tg_uuid party, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    int place = queue->closed ? TG_SHARES_GONE : tg_shares_take(queue->shares, party, 1);
    if (place >= 0)
        add(queue, place, item);
    pthread_mutex_unlock(&queue->mutex);
    return place >= 0 ? TG_FAIR_ADDED : place == TG_SHARE_USED ? TG_FAIR_SHARE_USED : TG_FAIR_FULL;
}

// Under the lock, with an item there. Ends, as each turn that is given up is owed no more.
static void pass_who_owes(struct tg_fair_queue *queue)
{
    while (queue->lines[queue->turn - 1].owed > 0) {
        int place = queue->turn - 1;
        queue->lines[place].owed--;
        queue->turn = queue->lines[place].next;
        line_up(queue, place);
    }
}

// Under the lock, with an item there.
static void *take(struct tg_fair_queue *queue)
{
    pass_who_owes(queue);
    int place = queue->turn - 1;
    struct line *line = &queue->lines[place];
    int link = line->first;
    struct node *node = &queue->nodes[link - 1];
    queue->turn = line->next;
    line->first = node->next;
    if (line->first > 0)
        line_up(queue, place);
    node->next = queue->free;
    queue->free = link;
    tg_shares_give(queue->shares, place, 1);
    return node->item;
}

size_t tg_fair_queue_pop(struct tg_fair_queue *queue, void **items, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&queue->mutex);
    while (queue->turn == 0 && !queue->closed)
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    while (n < max && queue->turn > 0)
        items[n++] = take(queue);
    pthread_mutex_unlock(&queue->mutex);
    return n;
}

void tg_fair_queue_charge(struct tg_fair_queue *queue, struct tg_uuid party, unsigned turns)
{
    pthread_mutex_lock(&queue->mutex);
    int place = tg_shares_find(queue->shares, party);
    if (place >= 0)
        queue->lines[place].owed += turns;
    pthread_mutex_unlock(&queue->mutex);
}

void tg_fair_queue_close(struct tg_fair_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}
