// Which status webhooks a message gets, in which order and when: data, of which recipients.c has
// the tables.
#pragma once

#include <stdbool.h>

enum status_kind {
    STATUS_NONE, // ends a plan
    STATUS_SENT,
    STATUS_DELIVERED,
    STATUS_READ,
    STATUS_FAILED,
    STATUS_KINDS,
};

enum { STATUS_STEPS_MAX = 6 };

struct status_step {
    enum status_kind status;
    int gaps; // earliest so many times the setting status_gap_ms after the start
};

struct status_plan {
    struct status_step steps[STATUS_STEPS_MAX + 1];
    // After how many gaps each happened, as its timestamp tells; 0: when it is told.
    int happened[STATUS_STEPS_MAX];
    bool before_answer; // the answer to the send is held until all have been acknowledged
};
