// Memory that is there. Out of it the process ends: limits.h bounds every input, so that it means
// the machine, not the request.
#pragma once

#include <stdlib.h>

// So many bytes, zeroed; the caller frees them.
static inline void *tg_alloc(size_t size)
{
    void *bytes = calloc(1, size);
    if (!bytes)
        abort();
    return bytes;
}

// realloc
static inline void *tg_realloc(void *bytes, size_t size)
{
    void *moved = realloc(bytes, size);
    if (!moved)
        abort();
    return moved;
}
