// What comes by webhooks and is no status of a send: what customers write and how, what their org
// writes to them in its phone app, and what Meta tells of accounts and of others' messages. Drawn
// at random; nothing of it may be lost, and only some of it is answered.
#pragma once

#include "common/base/text.h"
#include "tests/faults/draw.h"
#include "tests/faults/workload.h"

// Appends what the simulator is to post (POST /_sim/inbound), about a contact and its org's number;
// `n` is new each time. Former daemons know words alone. Returns what it is; a contact that says
// STOP is marked.
enum told street_tell(struct draw *draw, const char *phone_number_id, struct contact *contact,
                      size_t n, bool former, struct tg_text *out);
