// Paths of endpoints: "/api/messages/{id}", where {id} stands for one segment that is not empty.
#pragma once

#include "common/base/text.h"

// Does the path fit the pattern?
bool path_fits(const char *pattern, const char *path);

// Finds the next named segment of a path that fits. Both move behind it. false: there are no more.
bool path_next_segment(const char **pattern, const char **path, struct tg_span *name,
                       struct tg_span *value);
