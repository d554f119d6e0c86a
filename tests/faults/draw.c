#include "tests/faults/draw.h"

struct draw draw_of(uint64_t seed)
{
    return (struct draw){seed};
}

// splitmix64: every seed, zero too, gives a good sequence.
static uint64_t next(struct draw *draw)
{
    uint64_t z = draw->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int draw_below(struct draw *draw, int n)
{
    return (int)(next(draw) % (uint64_t)n);
}
