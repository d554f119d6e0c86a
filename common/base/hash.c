#include "common/base/hash.h"

uint32_t tg_hash(const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ from[i]) * 16777619U;
    return hash;
}
