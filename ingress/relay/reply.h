// What the client gets: Meta's answer, without what is not for it. On the relay's thread.
#pragma once

#include "ingress/relay/meta.h"

// Answers by what came of the call; `answer` is the last of Meta's; NULL: there was none,
// and the call has an error.
void reply(struct meta *meta, struct call *call, const struct tg_http_answer *answer);
