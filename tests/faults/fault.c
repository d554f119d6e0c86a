#include "tests/faults/fault.h"

#include <stdlib.h>
#include <string.h>

enum { BEFORE = 40, AFTER = 40 };

static struct fault *faults;
static size_t fault_count;

void fault_list(struct fault *fault)
{
    fault->next = faults;
    faults = fault;
    fault_count++;
}

void fault_try(const struct fault *fault)
{
    struct rig *rig =
        given_rig(.own_postgres = fault->takes_postgres,
                  .small_redis_disk = fault->takes_redis_disk, .untold = !fault->tells);
    if (!rig) {
        cr_log_warn("%s: this machine does not allow it", fault->name);
        return;
    }
    given_workload(rig);
    workload_run_on(rig->workload, BEFORE);
    fault->inject(rig);
    rig->webhooks_lost = fault->loses_webhooks;
    rig_expect_ready(rig);
    workload_run_on(rig->workload, AFTER);
    check_rig(rig, fault->name);
    rig_stop(rig);
}

static int compare(const void *a, const void *b)
{
    const struct fault *const *left = a;
    const struct fault *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

const struct fault *const *fault_all(size_t *n)
{
    const struct fault **all = calloc(fault_count, sizeof(const struct fault *));
    cr_assert(all);
    *n = 0;
    for (const struct fault *fault = faults; fault; fault = fault->next)
        all[(*n)++] = fault;
    qsort(all, *n, sizeof(const struct fault *), compare);
    return all;
}

void fault_lasts(int ms)
{
    for (long long end_ms = testbed_now_ms() + ms; testbed_now_ms() < end_ms;)
        testbed_pause();
}
