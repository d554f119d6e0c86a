// Where Meta keeps files, and until when: its answers to GET /{media_id} name an address for each,
// which lives for five minutes. What a client gets in its place is an address of ours, by which the
// file is found again, here or by asking Meta anew. For one thread.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"

#include <stdint.h>

// May a file be fetched from there, with a token? Only by https, from one of the hosts (separated
// by commas), or from where Graph is. Whatever else an address may look like is refused.
bool media_is_at_meta(const char *url, const char *hosts, const char *graph) TG_MUST_CHECK;

enum { MEDIA_ID_SIZE = 33 };

// A file of a number's.
struct media_name {
    struct tg_uuid org_id;
    char phone_number_id[MEDIA_ID_SIZE];
    char id[MEDIA_ID_SIZE];
};

// What Meta has said of it.
struct media_place {
    struct tg_text url;
    char sha256[65];   // in hexadecimal; "": not said
    int64_t file_size; // 0: not said
};

// Reads an answer of Meta's; false: it names no address.
bool media_read(struct tg_span json, struct media_place *place) TG_MUST_CHECK;
void media_place_finish(struct media_place *place);

// Appends the same answer, which media_read has read, with another address.
void media_rename(struct tg_span json, const char *url, struct tg_text *out);

struct media_places;
struct media_places *media_places_create(void);
void media_places_destroy(struct media_places *places); // NULL is fine

// Remembers it, in place of another one if need be; takes the place's texts and empties it.
void media_places_keep(struct media_places *places, const struct media_name *name,
                       struct media_place *place);
// NULL: it is not known, or Meta may have forgotten it. Lives until the next call.
const struct media_place *media_places_find(struct media_places *places,
                                            const struct media_name *name);
void media_places_forget(struct media_places *places, const struct media_name *name);
