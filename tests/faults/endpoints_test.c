// Where orgs are told what happens: silent, deaf, out of order, and gone for good as it seems.
#include "tests/faults/endpoints.h"
#include "tests/faults/fault.h"

#include <string.h>

TestSuite(endpoints, .timeout = 300);

enum { OUTAGE_MS = 2500 };

static void set_mode(struct rig *rig, enum proxy_mode mode)
{
    proxy_set(rig->to_endpoints, mode);
    fault_lasts(OUTAGE_MS);
    proxy_set(rig->to_endpoints, PROXY_PASS);
}

FAULT(endpoints, hanging, .tells = true)
{
    set_mode(rig, PROXY_HANG);
}

FAULT(endpoints, resetting, .tells = true)
{
    set_mode(rig, PROXY_RESET);
}

FAULT(endpoints, taking_without_an_answer, .tells = true)
{
    set_mode(rig, PROXY_SWALLOW);
}

FAULT(endpoints, failing, .tells = true)
{
    endpoints_do(rig->endpoints, "status/500");
    fault_lasts(OUTAGE_MS);
    endpoints_do(rig->endpoints, NULL);
}

static bool some_are_disabled(struct rig *rig)
{
    return database_number(rig->gateway->database,
                           "SELECT count(*) FROM endpoints WHERE state = 'disabled'") > 0;
}

// What comes meanwhile waits for their orgs to set them going again.
FAULT(endpoints, gone, .tells = true)
{
    endpoints_do(rig->endpoints, "status/410");
    eventually(some_are_disabled(rig));
    fault_lasts(OUTAGE_MS);
    endpoints_do(rig->endpoints, NULL);
    endpoints_recover(rig);
}
