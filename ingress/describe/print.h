// What tollgate-ingress prints of itself: --openapi, --openapi-admin and --errors.
#pragma once

#include "ingress/describe/describe.h"

enum printed { PRINT_PUBLIC, PRINT_ADMIN, PRINT_ERRORS };

// Is it asked for by its arguments?
bool print_asked(int argc, char **argv, enum printed *what);

// Prints it, of the listeners' endpoints. Returns the exit status: 1 where an endpoint of either is
// not described as it must be, which standard error tells.
int print_description(enum printed what, const struct router *public,
                      const struct router *admin) TG_MUST_CHECK;
