// Sends: the endpoints, in our shape and in Meta's, and what they need.
#pragma once

#include "ingress/accept/lane.h"
#include "ingress/accept/repeats.h"
#include "ingress/api/endpoints.h"
#include "ingress/db/pool.h"
#include "ingress/media/lender.h"
#include "ingress/who/homes.h"

// The handler of many in one request, whose sends become a bundle (accept/bundle.h).
endpoint_on_database send_messages;

// The context of send_endpoints and of cloud_send_endpoints.
struct sends {
    struct lanes *lanes;
    struct homes *homes;
    struct pool *pool; // looks up what is not known of an org
    struct lender *lender;
    // How long a send waits for Meta's answer that does not say it.
    const _Atomic int64_t *unless_said_s;
    // For Meta's shape: the same, who waits, and which sends repeat others.
    const _Atomic int64_t *cloud_unless_said_s;
    struct results *results;
    struct repeats *repeats;
    bool joins_repeats;
};
