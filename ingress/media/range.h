// Which part of a file a request wants (RFC 9110, 14): one range of bytes, or all of it.
#pragma once

#include "common/base/attributes.h"

#include <stddef.h>

enum range { RANGE_ALL, RANGE_PART, RANGE_BEYOND };

// By the header, NULL if there is none, of a file of `size` bytes: RANGE_PART sets *from and
// *length. What cannot be read, or names several, counts as all.
enum range range_read(const char *header, size_t size, size_t *from, size_t *length) TG_MUST_CHECK;
