// What it takes to bring files into the store and from there to Meta, while clients wait: places,
// which orgs share, threads with connections to PostgreSQL, and the carriers. All of it is apart
// from what sends need that have no files.
#pragma once

#include "common/files/files.h"
#include "common/settings/settings.h"
#include "ingress/db/pool.h"
#include "ingress/http/request.h"
#include "ingress/media/carrier.h"

struct errands {
    const struct tg_settings *settings;
    struct tg_files *files; // NULL: there is no store, and nothing of what follows
    struct pool *pool;
    struct carrier *to_meta;   // NULL: the settings say that nothing goes there (TOLLGATE_RELAY)
    struct carrier *to_bucket; // NULL: files lie in a directory
    struct tg_shares *places;
};

void errands_start(struct errands *errands, const struct tg_settings *settings,
                   struct tg_files *files);
// Ends what is under way, so that whoever waits is answered, and the threads.
void errands_stop(struct errands *errands);
void errands_free(struct errands *errands); // stopped

// Takes one of TG_ERRANDS_MAX places for a request of the org's; below 0: there is none for it, and
// the request is answered.
int errands_enter(struct errands *errands, struct request *request,
                  struct tg_uuid org_id) TG_MUST_CHECK;
void errands_leave(struct errands *errands, int place);
