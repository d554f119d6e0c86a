// Files that are kept no longer leave the store: a few at a time. On the thread of the role.
#pragma once

#include "common/files/files.h"
#include "common/http/client.h"
#include "common/store/media.h"

enum { REMOVALS_MAX = 32 };

enum removal_step { REMOVAL_NONE, REMOVAL_ASKED, REMOVAL_DONE, REMOVAL_FAILED };

struct removals {
    struct tg_files *files;
    struct tg_http *http; // to the bucket; NULL: there is none
    struct tg_pg *pg;
    long long next_ms; // when is asked for more
    size_t n;          // that are in hand
    struct tg_media_key keys[REMOVALS_MAX];
    enum removal_step steps[REMOVALS_MAX];
};

// Takes what is to be removed now, once the former ones have ended, and begins with it: what lies
// in a directory is gone at once.
void removals_begin(struct removals *removals);

// An answer of the bucket's. false: it is to none of these.
bool removals_take(struct removals *removals, const struct tg_http_answer *answer) TG_MUST_CHECK;

// Records them, if all have ended.
void removals_end(struct removals *removals);
