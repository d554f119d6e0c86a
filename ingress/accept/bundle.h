// Sends that came in one request: each is accepted or refused by itself, in their order, through
// the lane of their org, and the request is answered once, with a verdict on each. Only so many of
// them are in the lane at a time; the next ones follow when these are judged, so that an org's
// other sends, and other orgs, find room between.
#pragma once

#include "common/base/error.h"
#include "common/store/accept.h"
#include "ingress/accept/send_answer.h"
#include "ingress/http/request.h"

struct bundle;
struct lanes;

// For up to `max` sends of one org. The request is the bundle's from now on.
struct bundle *bundle_create(struct lanes *lanes, struct request *request, size_t max);

// The next one: a send, which is emptied; or why it is none.
void bundle_add(struct bundle *bundle, struct tg_send *send);
void bundle_add_refused(struct bundle *bundle, const struct tg_error *error);

// Nothing comes of it, and the request is the caller's again.
void bundle_drop(struct bundle *bundle);

// All are there. The bundle answers, and is gone then.
void bundle_start(struct bundle *bundle);

// The one at this place has its verdict, or was not accepted for this reason (which is finished).
// Thread-safe; for tickets.
void bundle_tell(struct bundle *bundle, size_t place, const struct tg_send *send,
                 const struct tg_verdict *verdict);
void bundle_refuse(struct bundle *bundle, size_t place, struct send_refusal *refusal);
