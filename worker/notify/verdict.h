// What an endpoint's answer means.
#pragma once

#include "worker/notify/telling.h"

// What came of an attempt (delivery_attempts.outcome), for `telling->result`:
//
//   delivered      2xx
//   gone           410: it wants nothing any more
//   aborted        it does not want this one: "webhook-delivery: abort-message"
//   http:500       another status; redirects are not followed
//   no_host        its name was not found
//   no_connection  nobody listens there, or nothing comes through
//   inside         its name leads into our own network: no connection was made
//   no_tls         no encrypted connection, or its certificate is not good
//   no_answer      none came in time, or it broke off
//
// and of what was not posted: erased, not_signed (its secret cannot be opened).
void verdict_of_delivery(struct telling *telling, const struct tg_http_answer *answer);

// Does the endpoint want to be told? Only what is 200 and nothing but the challenge says so.
void verdict_of_question(struct telling *telling, const struct tg_http_answer *answer);

// Appends the beginning of an answer as PostgreSQL takes it and people can read it: what is no
// UTF-8, and NULs, become U+FFFD.
void verdict_quote(struct tg_span bytes, struct tg_text *quoted);
