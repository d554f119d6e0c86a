// Brings kept files to Meta for requests that send them (accept/loans.h): looks each of them up,
// takes it from the store to Meta over the number that sends, unless Meta has it already, and
// remembers by which id. A message is accepted only then: what fails here has cost nothing, and
// nothing of it was posted. Requests that want the same file over the same number wait for one
// upload.
#pragma once

#include "ingress/accept/loans.h"
#include "ingress/media/errands.h"

struct lender;

// The errands are borrowed.
struct lender *lender_create(struct errands *errands);
void lender_free(struct lender *lender); // the errands are stopped

// Has every file of the request's loans told, and the request go on (request_go_on); or answers it,
// where there is no room for it. Takes the loans, which are in request->own when it goes on.
// Thread-safe.
void lender_take(struct lender *lender, struct request *request, struct loans *loans);
