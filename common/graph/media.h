// Where Meta keeps a file, as it says when it is asked for a media id. Thread-safe.
#pragma once

#include "common/base/text.h"

#include <stdint.h>

// May a file be fetched from there, with a token? Only by https, from one of the hosts (separated
// by commas), or from where Graph is. Whatever else an address may look like is refused.
bool tg_media_is_at_meta(const char *url, const char *hosts, const char *graph) TG_MUST_CHECK;

// What Meta has said of it.
struct tg_media_place {
    struct tg_text url;
    char sha256[65];     // in hexadecimal; "": not said
    char mime_type[128]; // "": not said, or none that may stand in a header
    int64_t file_size;   // 0: not said
};

// Reads an answer of Meta's; false: it names no address.
bool tg_media_read(struct tg_span json, struct tg_media_place *place) TG_MUST_CHECK;
void tg_media_place_finish(struct tg_media_place *place);
