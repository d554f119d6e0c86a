#include "worker/inbound/sizing.h"

#include "common/limits.h"

struct sizing sizing_begin(int partitions)
{
    size_t max = TG_INBOUND_BYTES / TG_WEBHOOK_BODY_MAX;
    if (max < (size_t)partitions)
        max = (size_t)partitions;
    return (struct sizing){.first = max, .max = max};
}

// Twice as many as before at most: the next ones may be of another kind.
void sizing_note(struct sizing *sizing, size_t n, size_t bytes)
{
    size_t max = n > 0 ? TG_INBOUND_BYTES / (bytes / n + 1) : sizing->first;
    if (n > 0 && max > 2 * sizing->max)
        max = 2 * sizing->max;
    if (max > TG_INBOUND_WEBHOOKS_MAX)
        max = TG_INBOUND_WEBHOOKS_MAX;
    sizing->max = max > 0 ? max : 1;
}
