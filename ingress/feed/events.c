#include "common/base/utf8.h"
#include "common/limits.h"
#include "ingress/feed/feeds.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <string.h>

// Of the query's texts; longer ones are no such thing.
enum { TEXT_SIZE = 1024 };

static const char *parameter(struct request *request, const char *name)
{
    const char *given = request_parameter(request, name);
    return given ? given : "";
}

// What PostgreSQL takes for a text at all. False: answered.
static bool is_text(struct request *request, const char *name, const char *text, const char *must)
{
    size_t length = strlen(text);
    if (length < TEXT_SIZE && tg_utf8_is_valid(text, length))
        return true;
    answer_refusal(request, "invalid_field", name, must);
    return false;
}

// A parameter of that name that is an id, if there is one. False: answered.
static bool read_channel(struct request *request, struct tg_feed *feed)
{
    const char *given = parameter(request, "channel_id");
    feed->has_channel = *given != '\0';
    if (!feed->has_channel || tg_uuid_parse(given, strlen(given), &feed->channel_id))
        return true;
    answer_refusal(request, "invalid_field", "channel_id", "channel_id must be a UUID");
    return false;
}

static bool read_feed(struct request *request, const struct identity *caller, struct tg_feed *feed,
                      int64_t *wait_s)
{
    *feed = (struct tg_feed){.after = parameter(request, "after"),
                             .types = parameter(request, "types"),
                             .limit = TG_LIST_LIMIT_DEFAULT};
    if (!document_knows_query(request) || !document_org(request, caller, &feed->org_id) ||
        !document_number(request, "limit", TG_LIST_LIMIT_MAX, &feed->limit) ||
        !document_number(request, "wait", TG_FEED_WAIT_MAX_S, wait_s) ||
        !read_channel(request, feed))
        return false;
    return is_text(request, "types", feed->types, "types must be types of events") &&
           is_text(request, "after", feed->after,
                   "after must be what an earlier answer has told, or now");
}

// A page that has nothing in it and is the last one is waited for a better one.
static void list_events(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct feeds *feeds = endpoint_context(request);
    struct tg_feed feed;
    struct tg_event_page page = {0};
    int64_t wait_s = 0;
    if (!read_feed(request, caller, &feed, &wait_s))
        return;
    enum tg_pg_status status = tg_store_list_events(pg, &feed, &page);
    if (status != TG_PG_OK || wait_s == 0 || page.events > 0 || !page.is_end) {
        document_answer(request, pg, status, true, &page.document, "");
        return;
    }
    tg_text_finish(&page.document);
    feed.after = page.next_after;
    if (!feeds_await(feeds, request, &feed, (int)wait_s * 1000))
        answer_too_many(request, 1, "Too many of the org's requests wait for events");
}

const struct endpoint event_endpoints[] = {
    {.method = "GET",
     .path = "/api/events",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("after", "wait", "types", "channel_id", "limit", "org_id"),
     .on_database = list_events,
     .says = "What has happened to the org's messages, money and numbers, the oldest first; may "
             "wait until there is something.",
     .answer = "Events"},
    {0},
};
