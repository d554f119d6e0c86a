// Sends and customers' messages, on a thread of the test: orgs with some contacts each, the fault
// numbers of the simulator among them. A contact gets one send after the other, so that there is an
// order to be kept; what was answered is remembered.
#pragma once

#include "tests/faults/rig.h"

enum { WORKLOAD_ID_SIZE = 37 };

// What came of a send, as far as its answer tells.
enum send_fate {
    SEND_ACCEPTED, // 202
    SEND_REFUSED,  // certainly not taken
    SEND_UNKNOWN,  // no answer, or one that leaves it open
};

struct sent {
    char id[WORKLOAD_ID_SIZE]; // "" unless accepted
    int contact;
    enum send_fate fate;
};

struct contact {
    int org;
    char phone[16];
};

struct workload_options {
    int rate;   // sends a second; 0: a moderate one
    int faulty; // sends to each fault number of each org; 0: one
};

// `rig` gets it.
#define given_workload(rig, ...) workload_start(rig, &(const struct workload_options){__VA_ARGS__})
void workload_start(struct rig *rig, const struct workload_options *options);

// How many sends were answered 202 so far; how many inbound messages Meta took charge of.
size_t workload_accepted(struct workload *workload);
size_t workload_inbound(const struct workload *workload);
// Waits until so many more are.
void workload_run_on(struct workload *workload, size_t more);

// No further sends; waits until all are answered. Then the rest may be asked for.
void workload_finish(struct workload *workload);

// In the order in which they were answered.
const struct sent *workload_sent(const struct workload *workload, size_t *n);
const struct contact *workload_contact(const struct workload *workload, int contact);
int workload_contacts(const struct workload *workload);
