// Files as Meta takes them to be sent: of which types, how large, and as what (docs/meta.md has
// Meta's table). Thread-safe.
#pragma once

#include "common/base/attributes.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

// As what a message sends a file; a file may be more than one of them.
enum {
    TG_AS_IMAGE = 1,
    TG_AS_VIDEO = 2,
    TG_AS_AUDIO = 4,
    TG_AS_DOCUMENT = 8,
    TG_AS_STICKER = 16,
};

// The bit of a type of message, or of a header of that type; 0: it has no file.
unsigned tg_media_as(const char *type);

// As what Meta takes a file of this media type (parameters behind it, "; codecs=opus", count for
// nothing), whatever its size: bits; 0: as nothing.
unsigned tg_media_types(const char *mime_type);

// Likewise of so many bytes.
unsigned tg_media_fits(const char *mime_type, int64_t size);

// The most that Meta takes of a file of this media type; 0: it takes none such.
int64_t tg_media_most(const char *mime_type);

// Calls `each` for the files that a message names by an id: those of its own, of the headers of a
// template, also within cards, and of an interactive message. `as` is one bit, `path` where the id
// stands in the message, and `media` the object that it stands in, as `id`. Until it returns false;
// so does this then.
typedef bool tg_media_seen(void *context, struct json_object *media, unsigned as, const char *path);
bool tg_media_each(struct json_object *message, tg_media_seen *each, void *context) TG_MUST_CHECK;
