#include "common/store/events.h"

#include "common/store/calls.h"

static const struct tg_call list_events = {
    .name = "list_events",
    .one = TG_FIELDS(UUID("p_org_id", tg_feed, org_id), TEXT("p_after", tg_feed, after),
                     TEXT("p_types", tg_feed, types),
                     UUID_IF("p_channel_id", tg_feed, channel_id, has_channel),
                     INT8("p_limit", tg_feed, limit)),
    .out = TG_FIELDS(JSON("document", tg_event_page, document),
                     INT8("events", tg_event_page, events), BOOL("is_end", tg_event_page, is_end),
                     TEXT("next_after", tg_event_page, next_after)),
};

enum tg_pg_status tg_store_list_events(struct tg_pg *pg, const struct tg_feed *feed,
                                       struct tg_event_page *page)
{
    return tg_pg_call(pg, &list_events, TG_ONE(feed), TG_ROWS(page, 1));
}

static const struct tg_call look_at_feeds = {
    .name = "look_at_feeds",
    .each = TG_FIELDS(UUID("p_org_ids", tg_feed, org_id), TEXT("p_afters", tg_feed, after),
                      TEXT("p_types", tg_feed, types),
                      UUID_IF("p_channel_ids", tg_feed, channel_id, has_channel)),
    .out = TG_FIELDS(BOOL("has_news", tg_feed_look, has_news),
                     TEXT("next_after", tg_feed_look, next_after)),
    .only_reads = true,
};

enum tg_pg_status tg_store_look_at_feeds(struct tg_pg *pg, const struct tg_feed *feeds, size_t n,
                                         struct tg_feed_look *looks)
{
    return tg_pg_call(pg, &look_at_feeds, TG_EACH(feeds, n), TG_ROWS(looks, n));
}

const struct tg_call *const tg_event_calls[] = {&list_events, &look_at_feeds, NULL};
