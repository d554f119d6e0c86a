#include "deploy/ctl/closest.h"

#include <string.h>

enum { LENGTH_MAX = 40, BEGINNING_MIN = 3, LETTERS_PER_SLIP = 3, SLIPS_MAX = 3 };

static int least(int one, int other)
{
    return one < other ? one : other;
}

// Levenshtein's distance, row by row.
static int slips(const char *typed, size_t length, const char *name, size_t name_length)
{
    int row[LENGTH_MAX + 1];
    for (size_t k = 0; k <= name_length; k++)
        row[k] = (int)k;
    for (size_t i = 1; i <= length; i++) {
        int before = row[0];
        row[0] = (int)i;
        for (size_t k = 1; k <= name_length; k++) {
            int replaced = before + (typed[i - 1] != name[k - 1]);
            before = row[k];
            row[k] = least(replaced, least(row[k], row[k - 1]) + 1);
        }
    }
    return row[name_length];
}

int closest_distance(const char *typed, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (length >= BEGINNING_MIN && strncmp(name, typed, length) == 0)
        return 0;
    if (length > LENGTH_MAX || name_length > LENGTH_MAX)
        return INT_MAX;
    int distance = slips(typed, length, name, name_length);
    return distance <= least(SLIPS_MAX, (int)name_length / LETTERS_PER_SLIP) ? distance : INT_MAX;
}
