// Paths of endpoints: "/api/messages/{id}", where {id} stands for one segment that is not empty.
//
// Those of Meta's API begin with "[/{version}]": "[/{version}]/{phone_number_id}/messages". There
// {version}, which may be left out, is one of Meta's ("v23.0"), a name that ends in "_id" stands
// for an id of Meta's (1 to PATH_ID_MAX digits), and a slash may stand behind it all.
#pragma once

#include "common/base/text.h"

enum {
    PATH_ID_MAX = 32,
    PATH_PLACES = 256, // more than there are beginnings of endpoints' paths
    PATH_ANYWHERE = 0,
};

// Does the path fit the pattern?
bool path_fits(const char *pattern, const char *path);

// By its first two segments, where a path's pattern stands among all, below PATH_PLACES: what fits
// a pattern has the pattern's place, unless that is PATH_ANYWHERE (Meta's, and whatever has a name
// among the two).
unsigned path_place(const char *pattern_or_path);

// What stands there for {name} in a path that fits; absent if the pattern has no such name, or the
// path no version.
struct tg_span path_segment(const char *pattern, const char *path, const char *name);

// Does a path look like one of Meta's API, whether an endpoint has it or not? A version, an id or a
// name of Graph's own stands first then.
bool path_is_metas(const char *path);
