// A send on its way to be accepted, together with who sends it; and accepting some of them at once.
// Whoever holds a ticket owns it until it is answered.
#pragma once

#include "common/store/accept.h"
#include "ingress/accept/bundle.h"
#include "ingress/accept/job_writer.h"
#include "ingress/accept/results.h"

struct ticket {
    struct sender sender;
    struct bundle *bundle; // that it is one of, and answers for it; NULL: none
    size_t place;          // there
    struct tg_send send;
    int wait_s;            // for Meta's answer
    long long deadline_ms; // for PostgreSQL to take it
    bool maybe_accepted;   // an answer to COMMIT got lost
};

// What a thread accepts with: its connection, and where what is accepted goes on.
struct acceptor {
    struct tg_pg *pg;
    struct results *results;
    struct job_writer *jobs;
};

// A ticket that has TG_ACCEPT_DEADLINE_MS from now on. Takes what `send` owns and empties it.
struct ticket *ticket_create(struct sender sender, struct tg_send *send, int wait_s);
void ticket_free(struct ticket *ticket); // its sender's request is the caller's

// Calls accept_sends for up to TG_BATCH_MAX tickets. Those that PostgreSQL has judged are answered
// and gone, each by itself: one that it will not take does not fail its neighbours. The others,
// *n of them now, stay in order at the beginning of the array. The status tells why there are any:
// TG_PG_RETRY, a wallet was not to be had; else PostgreSQL was not.
enum tg_pg_status tickets_accept(const struct acceptor *acceptor, struct ticket **tickets,
                                 size_t *n) TG_MUST_CHECK;

// Answers those whose time is up, by why they were not accepted. What is left stays as above.
void tickets_refuse_late(struct ticket **tickets, size_t *n, enum tg_pg_status status);
