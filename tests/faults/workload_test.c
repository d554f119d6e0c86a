// The workload with every fault number of Meta's, and nothing else amiss.
#include "tests/faults/checker.h"

TestSuite(workload, .timeout = 180);

Test(workload, alone_keeps_all_invariants)
{
    struct rig *rig = given_rig();
    given_workload(rig);
    workload_run_on(rig->workload, 400);
    check_rig(rig, "none");
    rig_stop(rig);
}
