// Paths of endpoints: "/api/messages/{id}", where {id} stands for one segment that is not empty.
#pragma once

#include "common/base/text.h"

// Does the path fit the pattern?
bool path_fits(const char *pattern, const char *path);

// What stands there for {name} in a path that fits; absent if the pattern has no such name.
struct tg_span path_segment(const char *pattern, const char *path, const char *name);
