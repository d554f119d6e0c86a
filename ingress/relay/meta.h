// What is asked of Meta for a call, and what comes of it. On the relay's thread.
#pragma once

#include "common/base/shares.h"
#include "common/http/client.h"
#include "common/settings/settings.h"
#include "ingress/relay/call.h"

// What the thread has.
struct meta {
    const struct tg_settings *settings;
    struct tg_http *http; // with room for every call in hand
    struct media_places *places;
    struct tg_shares *answers; // room for their bytes
};

// Opens the call's token and asks Meta the first thing. false: `call->error` says why not.
bool meta_begin(struct meta *meta, struct call *call) TG_MUST_CHECK;

// What was asked has ended. true: it goes on with a further thing. false: what came of it is in the
// call, an error, or what Meta says.
bool meta_goes_on(struct meta *meta, struct call *call,
                  const struct tg_http_answer *answer) TG_MUST_CHECK;

// What the answer had of the room for all is free again.
void meta_give_back(struct meta *meta, struct call *call);
