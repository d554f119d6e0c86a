// Changes of webhooks -> events for orgs that take Meta's webhooks (endpoints of format meta): what
// Meta has posted, as it came.
#pragma once

#include "common/pg/pg.h"
#include "worker/inbound/items.h"

// Has events written of the changes whose last item is among the `n` (up to TG_BATCH_MAX) from
// items->item[first] on: once these, and all before them, were applied, between tg_pg_begin and
// tg_pg_commit. What became of the items does not matter, but for those of dead letters whose org
// was told before. Each org that asks for it is told of a change that is about nothing else but
// what is its own; of what it has of another one, each item by itself (item_write_body). In a
// status our message id gives way to what the org had put there itself. Nobody asks: one short
// question.
enum tg_pg_status changes_tell(struct tg_pg *pg, const struct items *items, size_t first,
                               size_t n) TG_MUST_CHECK;

// A new reference to a change of statuses in which, of `n` of them, what the sender had given as
// biz_opaque_callback_data stands in place of what Meta got; the change itself if there are none.
struct change_mark {
    size_t index;              // of the status
    const struct tg_text *own; // empty: it had given nothing
};
struct json_object *change_as_sent(struct json_object *change, const struct change_mark *marks,
                                   size_t n);
