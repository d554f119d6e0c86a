// A web site in the test's own process, which serves what stands in tests/data/browser: pages that
// call a gateway from the origin that the site is.
#pragma once

#include "tests/system/testbed.h"

struct site;

// On a port of 127.0.0.1.
struct site *site_open(int port);
void site_close(struct site *site);
