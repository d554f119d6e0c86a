// The simulator's log of posts, as the checker reads it.
#pragma once

#include "tests/faults/workload.h"

struct post {
    char message[WORKLOAD_ID_SIZE];
    char recipient[CONTACT_NAME_SIZE];
    char phone_number_id[21];
    long number; // in the order in which they came
    bool taken;
    int http; // 0: no answer
    int code; // -1: none
};

// Sorted by message, then by number.
struct post *read_posts(struct simulator *simulator, size_t *n);

// The posts of a message; *n of them.
const struct post *posts_of(const struct post *posts, size_t count, const char *message, size_t *n);

// The number of the last post so far; how many messages were posted over a number of Meta's for the
// first time after that one.
long last_post(struct simulator *simulator);
long messages_begun(struct simulator *simulator, const char *phone_number_id, long after);

// Certainly not taken, and the poster knows.
bool post_is_refused(const struct post *post);
