// The record of every post to /{version}/{phone_number_id}/messages, taken or not, but for receipts
// that are taken: what a test asks to know how often a message was posted. The newest SIM_POSTS_MAX
// are kept; older ones are forgotten, and how many is told. Every function is thread-safe.
#pragma once

#include "common/base/text.h"
#include "tests/metasim/wamid.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// One post, as its taker describes it. The strings are copied.
struct post_note {
    const char *message;         // biz_opaque_callback_data: Tollgate's message id; "" if absent
    const char *to;              // as it came: `to`, or else `recipient`; "" if absent
    const char *recipient;       // the digits that it reaches; as it came if it is no phone number
    const char *phone_number_id; // from the path
    bool taken;
    int http_status;       // of the answer; 0: none
    int code;              // Meta's error code; -1: none
    uint64_t wamid_serial; // 0: no wamid
};

struct post;
struct post_chain {
    struct post *first;
    struct post *last;
};

struct posts {
    pthread_mutex_t lock;
    const struct wamids *wamids;
    struct post_chain all;
    struct post_chain *by_recipient;
    struct post_chain *by_message;
    uint64_t kept;
    uint64_t forgotten;
};

// `wamids` must live as long as `posts`.
void posts_init(struct posts *posts, const struct wamids *wamids);
void posts_finish(struct posts *posts);
void posts_reset(struct posts *posts);

void posts_add(struct posts *posts, const struct post_note *note);

// Appends {"count", "taken", "posts": [...]} of the posts to a recipient (NULL: any; a phone
// however it is spelt) with a message id (NULL: any), oldest first. The counts are of all that are
// kept, the list ends after SIM_POSTS_LISTED_MAX. Costs a walk over that recipient's or message's
// posts.
void posts_write(struct posts *posts, const char *recipient, const char *message,
                 struct tg_text *out);

// Appends {"count", "posts": [...]} of the posts numbered above `after`, in the order in which they
// came; the list ends after SIM_LOG_LISTED_MAX. Posts are numbered from 1 on, kept or not.
void posts_write_log(struct posts *posts, uint64_t after, struct tg_text *out);

// How many posts are no longer kept.
uint64_t posts_forgotten(struct posts *posts);
