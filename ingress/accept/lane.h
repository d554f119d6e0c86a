// Lanes: the threads that accept sends. A lane takes everything that is waiting, accepts it with
// one accept_sends call, answers, and hands on the jobs; while a batch commits, the next one forms.
// An org always goes to the same lane, so lanes never wait for each other's wallets; nor do its
// sends, beyond a moment, for an org's whose wallet somebody else holds (holdup.h). In a lane orgs
// take turns.
#pragma once

#include "common/base/fair_queue.h"
#include "common/store/accept.h"
#include "ingress/accept/job_writer.h"
#include "ingress/accept/results.h"

struct lanes;
struct ticket;

// Starts `count` threads, each with a PostgreSQL connection.
struct lanes *lanes_start(const char *postgres_url, size_t count, struct results *results,
                          struct job_writer *jobs);

// Refuses new sends from now on, accepts and answers what is queued, and ends the threads.
void lanes_stop(struct lanes *lanes);
void lanes_free(struct lanes *lanes); // stopped, or NULL

// Queues a send; its sender will be told the verdict, or with Meta's answer if that comes
// within `wait_s` seconds. Takes what `send` owns and empties it. Answers itself if the org has its
// share of the lane (429), or the lane is full or closed (503). Thread-safe.
void lanes_submit(struct lanes *lanes, struct sender sender, struct tg_send *send, int wait_s);

// Queues a ticket, which is the lane's then; on anything but TG_FAIR_ADDED it stays the caller's.
// Thread-safe.
enum tg_fair_push lanes_add(struct lanes *lanes, struct ticket *ticket) TG_MUST_CHECK;

// What is answered to who finds no room there.
struct tg_error lanes_full(enum tg_fair_push pushed);
