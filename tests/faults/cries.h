// Has each campaign cost what it has sent, and has nobody got it twice?
#pragma once

#include "tests/faults/check.h"

void check_cries(struct check *check);
