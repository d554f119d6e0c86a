// Sends and customers' messages, on a thread of the test: orgs with some contacts each, the fault
// numbers of the simulator among them, and beside them what their offices book. A contact,
// whichever of its names is used, gets one send after the other, so that there is an order to be
// kept; what was answered is remembered.
#pragma once

#include "tests/faults/crier.h"
#include "tests/faults/follower.h"
#include "tests/faults/office.h"

enum { WORKLOAD_ID_SIZE = 37, CONTACT_NAMES = 3, CONTACT_NAME_SIZE = 32 };

// What came of a send, as far as its answer tells.
enum send_fate {
    SEND_ACCEPTED, // 202
    SEND_REFUSED,  // certainly not taken
    SEND_UNKNOWN,  // no answer, or one that leaves it open
};

struct sent {
    char id[WORKLOAD_ID_SIZE]; // "" unless accepted
    int contact;
    int name; // of the contact's
    enum send_fate fate;
};

struct contact {
    int org;
    int name_count;
    // Phones; of a person a phone and user ids, the newest last.
    char names[CONTACT_NAMES][CONTACT_NAME_SIZE];
    bool is_person;
    bool may_stop;
    bool has_stopped; // has said STOP
    bool is_receipts; // it stands for what its org marks as read, and has no name
};

// What webhooks tell that are no statuses of sends.
enum told {
    TOLD_MESSAGE, // what a customer writes
    TOLD_COPY,    // what was written in the phone app
    TOLD_NOTICE,  // of an account
    TOLD_NOTHING, // what is forgotten
    TOLD_KINDS,
};

struct workload_options {
    int rate;   // sends a second; 0: a moderate one
    int faulty; // sends to each fault number of each org; 0: one
};

// `rig` gets it.
#define given_workload(rig, ...) workload_start(rig, &(const struct workload_options){__VA_ARGS__})
void workload_start(struct rig *rig, const struct workload_options *options);

// How many sends were answered 202 so far; how much of that kind Meta took charge of.
size_t workload_accepted(struct workload *workload);
size_t workload_told(const struct workload *workload, enum told told);
// Waits until so many more are.
void workload_run_on(struct workload *workload, size_t more);

// No further sends; waits until all are answered. Then the rest may be asked for. (But feeds are
// still followed.)
void workload_finish(struct workload *workload);

// In the order in which they were answered.
const struct sent *workload_sent(const struct workload *workload, size_t *n);
const struct contact *workload_contact(const struct workload *workload, int contact);
int workload_contacts(const struct workload *workload);
// NULL with former daemons, which know no references.
const struct office *workload_office(const struct workload *workload);
// Likewise.
const struct crier *workload_crier(const struct workload *workload);
struct follower *workload_follower(const struct workload *workload);
