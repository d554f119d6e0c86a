// What a command has begun is looked at until it has ended.
#pragma once

#include "deploy/ctl/call.h"

// Asks for `path` again while the answer's `state` is "sealing", and gives up once nothing has
// changed for 15 s. *answer is the last answer then, in place of the one that it is given.
// CALL_REFUSED, with what the answer says: it has ended in another way than "sealed".
enum call_result follow(const struct desk *desk, const char *path, struct json_object **answer,
                        struct tg_error *error) TG_MUST_CHECK;
