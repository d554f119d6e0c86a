#include "common/http/wiped.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    // A small block holds a whole number of steps. Larger ones are few, and malloc's.
    STEP = 64,
    STEPS_MAX = 32,
    SMALL_MAX = STEP * STEPS_MAX,
    // Bytes that a thread keeps: the blocks of some hundred requests.
    KEPT_MAX = 1024 * 1024,
};

// Stands before what libcurl has of a block.
struct block {
    alignas(max_align_t) size_t size; // that libcurl may have written to; the rest of a small block
                                      // is zeros
    struct block *next;               // while it is kept
};

// What a thread has freed, by steps: zeros throughout.
static _Thread_local struct kept {
    struct block *blocks[STEPS_MAX + 1];
    size_t bytes;
    bool is_known; // the thread's end forgets it
} kept;

static pthread_key_t at_thread_end;
static pthread_once_t at_thread_end_once = PTHREAD_ONCE_INIT;

static void forget(void *argument)
{
    struct kept *of_thread = argument;
    for (size_t steps = 0; steps <= STEPS_MAX; steps++) {
        for (struct block *block = of_thread->blocks[steps], *next; block; block = next) {
            next = block->next;
            free(block);
        }
    }
    *of_thread = (struct kept){0};
}

static void make_key(void)
{
    if (pthread_key_create(&at_thread_end, forget) != 0)
        abort();
}

static void make_known(void)
{
    pthread_once(&at_thread_end_once, make_key);
    if (pthread_setspecific(at_thread_end, &kept) != 0)
        abort();
    kept.is_known = true;
}

// That a small block of so many bytes has.
static size_t steps_of(size_t size)
{
    return (size + STEP - 1) / STEP;
}

static struct block *take_kept(size_t steps)
{
    struct block *block = kept.blocks[steps];
    if (!block)
        return calloc(1, sizeof *block + steps * STEP);
    kept.blocks[steps] = block->next;
    kept.bytes -= steps * STEP;
    return block;
}

// False: that is enough.
static bool keep(struct block *block)
{
    size_t steps = steps_of(block->size);
    if (kept.bytes + steps * STEP > KEPT_MAX)
        return false;
    if (!kept.is_known)
        make_known();
    block->next = kept.blocks[steps];
    kept.blocks[steps] = block;
    kept.bytes += steps * STEP;
    return true;
}

void *wiped_malloc(size_t size)
{
    struct block *block =
        size <= SMALL_MAX ? take_kept(steps_of(size)) : malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    return block + 1;
}

void *wiped_calloc(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *zeros = wiped_malloc(bytes);
    return zeros && bytes > SMALL_MAX ? memset(zeros, 0, bytes) : zeros;
}

void wiped_free(void *bytes)
{
    if (!bytes)
        return;
    struct block *block = (struct block *)bytes - 1;
    explicit_bzero(bytes, block->size);
    if (block->size > SMALL_MAX || !keep(block))
        free(block);
}

// The C library would leave the bytes where they were before.
void *wiped_realloc(void *bytes, size_t size)
{
    struct block *block = bytes ? (struct block *)bytes - 1 : NULL;
    if (block && size <= block->size)
        return bytes;
    if (block && size <= SMALL_MAX && steps_of(size) == steps_of(block->size)) {
        block->size = size;
        return bytes;
    }
    void *moved = wiped_malloc(size);
    if (moved && block)
        memcpy(moved, bytes, block->size);
    if (moved)
        wiped_free(bytes);
    return moved;
}

char *wiped_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = wiped_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
