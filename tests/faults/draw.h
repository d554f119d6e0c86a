// Random draws that a seed repeats.
#pragma once

#include <stdint.h>

struct draw {
    uint64_t state;
};

struct draw draw_of(uint64_t seed);

// From 0 to below `n`, which is above 0.
int draw_below(struct draw *draw, int n);
