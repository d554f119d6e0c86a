// A well-mixed hash of some bytes, for tables and partitions: not for what an enemy may choose to
// collide where that hurts. FNV-1a, 32 bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t tg_hash(const void *bytes, size_t n);
