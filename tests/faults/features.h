// What the gateway does by now. The checks of what it does not do yet are written and wait here to
// be switched on.
#pragma once

enum {
    HAS_IDEMPOTENCY = 0,  // the header Idempotency-Key
    HAS_RETRIES = 0,      // a refusal that its rule retries is posted again
    HAS_ORDER = 0,        // messages to one contact leave in the order in which they were accepted
    HAS_TAKEOVER = 0,     // what a dead worker had claimed becomes unconfirmed
    HAS_CONFIRMATION = 0, // what stays unconfirmed for the window ends failed and refunded
};
