// Messages that were written without Tollgate (docs/meta.md, "The phone app"): they are kept among
// the others, and nothing more comes of them.
#pragma once

#include "worker/inbound/item_message.h"

item_read item_read_echo;    // what the org has written in the phone app
item_read item_read_history; // what was written there, by either, before the number came here
