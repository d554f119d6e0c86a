// What of Meta's answers does not go on as it is: addresses of Graph's, such as those of a list's
// next page, which have a token in them. They become ours, without it. All other bytes stay as they
// are. Thread-safe.
#pragma once

#include "common/base/text.h"

// Appends the JSON of an answer with every string in it that is an address below `graph` ("https://
// graph.facebook.com") written as one below `ours`, without the parameters that show a token. In
// the place of Meta's comes `key`, if it is not "": the one by which the client came, if it stood
// in its query, so that who calls such addresses as they are is let in. What is no JSON is appended
// as it is.
void rewrite_addresses(struct tg_span json, const char *graph, const char *ours, const char *key,
                       struct tg_text *out);

// Puts asterisks over each place where the secret stands. Whether it stood anywhere.
bool rewrite_hide(struct tg_text *text, const struct tg_text *secret);

// Is it a parameter of Graph's that decides under whose token a call is, or what it is a call of?
// Such are never passed on, in neither direction.
bool rewrite_is_withheld(struct tg_span name) TG_MUST_CHECK;
