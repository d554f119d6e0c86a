// Where Meta keeps files, and until when: its answers to GET /{media_id} name an address for each,
// which lives for five minutes. What a client gets in its place is an address of ours, by which the
// file is found again, here or by asking Meta anew. For one thread.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/graph/media.h"

enum { MEDIA_ID_SIZE = 33 };

// A file of a number's.
struct media_name {
    struct tg_uuid org_id;
    char phone_number_id[MEDIA_ID_SIZE];
    char id[MEDIA_ID_SIZE];
};

// Appends the same answer, which tg_media_read has read, with another address.
void media_rename(struct tg_span json, const char *url, struct tg_text *out);

struct media_places;
struct media_places *media_places_create(void);
void media_places_destroy(struct media_places *places); // NULL is fine

// Remembers it, in place of another one if need be; takes the place's texts and empties it.
void media_places_keep(struct media_places *places, const struct media_name *name,
                       struct tg_media_place *place);
// NULL: it is not known, or Meta may have forgotten it. Lives until the next call.
const struct tg_media_place *media_places_find(struct media_places *places,
                                               const struct media_name *name);
void media_places_forget(struct media_places *places, const struct media_name *name);
