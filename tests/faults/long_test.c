// One round of the long run (tests/faults/run): faults drawn from all of them, one after the other,
// on one gateway, under one workload. In tests/run there is none.
#include "tests/faults/draw.h"
#include "tests/faults/fault.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(long_run, .timeout = 3600);

enum { WORKERS = 3, BETWEEN = 80, RATE = 80, FAULTY = 4 };

// How many faults the round has; 0: there is no round.
static long faults_wanted(void)
{
    const char *text = getenv("TOLLGATE_FAULTS"); // NOLINT(concurrency-mt-unsafe)
    return text ? strtol(text, NULL, 10) : 0;
}

Test(long_run, of_random_faults)
{
    long wanted = faults_wanted();
    if (wanted == 0)
        return;
    struct rig *rig = given_rig(.own_postgres = true, .workers = WORKERS, .small_redis_disk = true);
    cr_assert(rig, "a disk for Redis cannot be mounted: run as root");
    struct draw draw = draw_of(rig->seed);
    size_t n = 0;
    const struct fault *const *all = fault_all(&n);
    given_workload(rig, .rate = RATE, .faulty = FAULTY);
    for (long i = 0; i < wanted; i++) {
        const struct fault *fault = all[draw_below(&draw, (int)n)];
        printf("%s\n", fault->name);
        (void)fflush(stdout);
        workload_run_on(rig->workload, BETWEEN);
        fault->inject(rig);
        report_fault(fault->name);
        rig->webhooks_lost |= fault->loses_webhooks;
        rig_expect_ready(rig);
    }
    workload_run_on(rig->workload, BETWEEN);
    check_rig(rig, "round");
    rig_stop(rig);
}
