#include "common/store/campaigns.h"

#include "common/limits.h"
#include "common/store/desk_calls.h"

READ(list_campaigns, ORG, FOUND, PAGE_BY_ID);
READ(get_campaign, ORG, ID("p_id"));
READ(list_refused_recipients, ORG, ID("p_id"), PAGE);
CHANGE(start_campaign, ORG, ID("p_id"), BODY);
CHANGE(pause_campaign, ORG, ID("p_id"));
CHANGE(resume_campaign, ORG, ID("p_id"));
CHANGE(cancel_campaign, ORG, ID("p_id"));

static const struct tg_call create_campaign = {
    .name = "create_campaign",
    .one = TG_FIELDS(TEXT("p_actor", tg_new_campaign, actor),
                     UUID("p_org_id", tg_new_campaign, org_id),
                     UUID("p_id", tg_new_campaign, campaign_id),
                     JSON("p_body", tg_new_campaign, body), TEXT("p_key", tg_new_campaign, key),
                     BYTES_IF("p_body_hash", tg_new_campaign, body_hash, key)),
    .out = TG_FIELDS(JSON("document", tg_made_campaign, document),
                     UUID("channel_id", tg_made_campaign, channel_id),
                     BOOL("found", tg_made_campaign, found)),
};

enum tg_pg_status tg_store_create_campaign(struct tg_pg *pg, const struct tg_new_campaign *campaign,
                                           struct tg_made_campaign *made)
{
    return tg_pg_call(pg, &create_campaign, TG_ONE(campaign), TG_ROWS(made, 1));
}

// Of one campaign, and what else its functions are asked with.
struct task {
    const char *actor;
    struct tg_uuid org_id;
    struct tg_uuid campaign_id;
    int64_t limit;
    int64_t kept_s;
};

static const char *const outcome_names[] = {
    [TG_RECIPIENT_OTHER] = "other",
    [TG_RECIPIENT_ADDED] = "added",
    [TG_RECIPIENT_OPTED_OUT] = "contact_opted_out",
    [TG_RECIPIENT_DUPLICATE] = "duplicate_recipient",
};

static const struct tg_call add_recipients = {
    .name = "add_recipients",
    .one = TG_FIELDS(UUID("p_org_id", task, org_id), UUID("p_campaign_id", task, campaign_id)),
    .each =
        TG_FIELDS(INT8("p_ns", tg_recipient, n), TEXT("p_phones", tg_recipient, phone),
                  TEXT("p_user_ids", tg_recipient, user_id), TEXT("p_fills", tg_recipient, fills)),
    .out = TG_FIELDS(WORD("outcome", tg_added_recipient, outcome, outcome_names),
                     INT8("earlier", tg_added_recipient, earlier)),
};

enum tg_pg_status tg_store_add_recipients(struct tg_pg *pg, struct tg_uuid org_id,
                                          struct tg_uuid campaign_id,
                                          const struct tg_recipient *recipients, size_t n,
                                          struct tg_added_recipient *added)
{
    const struct task task = {.org_id = org_id, .campaign_id = campaign_id};
    return tg_pg_call(pg, &add_recipients, TG_ONE(&task), TG_EACH(recipients, n),
                      TG_ROWS(added, n));
}

static const struct tg_call finish_campaign = {
    .name = "finish_campaign",
    .one = TG_FIELDS(TEXT("p_actor", task, actor), UUID("p_org_id", task, org_id),
                     UUID("p_campaign_id", task, campaign_id)),
    .out = TG_FIELDS(VALUE("document", JSON, struct tg_text)),
};

enum tg_pg_status tg_store_finish_campaign(struct tg_pg *pg, const char *actor,
                                           struct tg_uuid org_id, struct tg_uuid campaign_id,
                                           struct tg_text *document)
{
    const struct task task = {.actor = actor, .org_id = org_id, .campaign_id = campaign_id};
    return tg_pg_call(pg, &finish_campaign, TG_ONE(&task), TG_ROWS(document, 1));
}

static const struct tg_call list_due_campaigns = {
    .name = "list_due_campaigns",
    .one = TG_FIELDS(INT8("p_limit", task, limit)),
    .out = TG_FIELDS(UUID("org_id", tg_campaign_key, org_id),
                     UUID("campaign_id", tg_campaign_key, campaign_id)),
    .only_reads = true,
};

enum tg_pg_status tg_store_list_due_campaigns(struct tg_pg *pg, size_t max,
                                              struct tg_campaign_key *due, size_t *n)
{
    const struct task task = {.limit = (int64_t)max};
    return tg_pg_call(pg, &list_due_campaigns, TG_ONE(&task), TG_ROWS_TO(due, max, n));
}

static const struct tg_call pass_campaign = {
    .name = "pass_campaign",
    .one = TG_FIELDS(UUID("p_org_id", tg_campaign_key, org_id),
                     UUID("p_campaign_id", tg_campaign_key, campaign_id)),
    .each = TG_FIELDS(VALUE("p_message_ids", UUID, struct tg_uuid)),
    .out = TG_FIELDS(UUID("org_id", tg_message_key, org_id),
                     UUID("message_id", tg_message_key, message_id)),
};

enum tg_pg_status tg_store_pass_campaign(struct tg_pg *pg, const struct tg_campaign_key *campaign,
                                         const struct tg_uuid *message_ids, size_t n,
                                         struct tg_message_key *queued, size_t *queued_n)
{
    return tg_pg_call(pg, &pass_campaign, TG_ONE(campaign), TG_EACH(message_ids, n),
                      TG_ROWS_TO(queued, n, queued_n));
}

static const struct tg_call clear_campaigns = {
    .name = "clear_campaigns",
    .one = TG_FIELDS(INT8("p_kept_s", task, kept_s), INT8("p_limit", task, limit)),
    .out = TG_FIELDS(VALUE("clear_campaigns", INT8, int64_t)),
};

enum tg_pg_status tg_store_clear_campaigns(struct tg_pg *pg, int64_t kept_s, int64_t limit,
                                           int64_t *deleted)
{
    const struct task task = {.kept_s = kept_s, .limit = limit};
    return tg_pg_call(pg, &clear_campaigns, TG_ONE(&task), TG_ROWS(deleted, 1));
}

const struct tg_call *const tg_campaign_calls[] = {&tg_start_campaign, &create_campaign,
                                                   &add_recipients, &finish_campaign, NULL};

const struct tg_call *const tg_campaign_desk_calls[] = {&tg_list_campaigns,
                                                        &tg_get_campaign,
                                                        &tg_list_refused_recipients,
                                                        &tg_pause_campaign,
                                                        &tg_resume_campaign,
                                                        &tg_cancel_campaign,
                                                        NULL};

const struct tg_call *const tg_campaign_work_calls[] = {&list_due_campaigns, &pass_campaign,
                                                        &clear_campaigns, NULL};
