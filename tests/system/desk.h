// What tests of /admin have in common.
#pragma once

#include "tests/system/org.h"

// A connection to the admin listener of the gateway's ingress.
struct http *desk_of(struct gateway *gateway);

// As the first operator.
struct answer look(struct gateway *gateway, const char *path);
struct answer tell(struct gateway *gateway, const char *method, const char *path, const char *body);
