// What orgs are told, for those who read it. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

// A place among events, as callers are told it: "" is before all that are kept.
enum { TG_EVENT_CURSOR_SIZE = 56 };

// Who reads an org's events, and which of them. What it points to is borrowed.
struct tg_feed {
    struct tg_uuid org_id;
    const char *after;
    const char *types; // divided by commas; "": all
    struct tg_uuid channel_id;
    bool has_channel; // false: of any, and of none
    int64_t limit;
};

struct tg_event_page {
    struct tg_text document; // the caller's to finish
    int64_t events;          // so many are in it
    bool is_end;             // there are no more yet
    char next_after[TG_EVENT_CURSOR_SIZE];
};

// The next page of a feed, which from the first time on is written.
enum tg_pg_status tg_store_list_events(struct tg_pg *pg, const struct tg_feed *feed,
                                       struct tg_event_page *page) TG_MUST_CHECK;

// Whether there is something in a feed, and how far was looked.
struct tg_feed_look {
    bool has_news;
    char next_after[TG_EVENT_CURSOR_SIZE];
};

// Looks at up to TG_BATCH_MAX feeds.
enum tg_pg_status tg_store_look_at_feeds(struct tg_pg *pg, const struct tg_feed *feeds, size_t n,
                                         struct tg_feed_look *looks) TG_MUST_CHECK;
