#include "common/http/wiped.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *wiped_malloc(size_t size)
{
    return malloc(size);
}

void wiped_free(void *bytes)
{
    if (bytes)
        explicit_bzero(bytes, malloc_usable_size(bytes));
    free(bytes);
}

// The C library would leave the bytes where they were before.
void *wiped_realloc(void *bytes, size_t size)
{
    size_t had = bytes ? malloc_usable_size(bytes) : 0;
    if (bytes && size <= had)
        return bytes;
    void *moved = malloc(size > 0 ? size : 1);
    if (!moved)
        return NULL;
    if (bytes)
        memcpy(moved, bytes, had < size ? had : size);
    wiped_free(bytes);
    return moved;
}

char *wiped_strdup(const char *text)
{
    return strdup(text);
}

void *wiped_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}
