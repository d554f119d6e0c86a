// Statements of wallets, as files of comma-separated values: for orgs and for operators.
#pragma once

#include "ingress/route/endpoint.h"

// Their context is the pool on whose threads they run (struct pool *).
extern const struct endpoint statement_endpoints[];
extern const struct endpoint desk_statement_endpoints[];
