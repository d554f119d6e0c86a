// Automation rules, and the replies that they bring. See accept.h for what holds for all.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/words/status.h"

// An automation rule, as it stands in the database.
struct tg_rule {
    int64_t version;       // of all the org's rules; of tg_store_list_rules alone, as channel_id
    struct tg_uuid org_id; // of tg_store_take_rules_to_check alone, as is_former
    bool is_former;        // it was there before rules were checked
    struct tg_uuid id;
    struct tg_uuid channel_id;
    bool of_channel; // else it is for every channel of the org
    bool of_choice;  // it is about what was chosen, not what was said
    bool has_hours;  // of tg_store_list_rules alone, as what is said of hours below
    char match_kind[16];
    struct tg_text pattern;
    struct tg_text reply; // JSON
    int64_t rule_version; // its own; of tg_store_list_rules alone
    struct tg_text hours; // when it answers: "from,until" in Unix seconds, with blanks between
    int64_t hours_from;   // these are told from here on
    int64_t hours_until;  // and before this
};
void tg_rule_finish(struct tg_rule *rule);

// The org's active rules that can work, in the order in which they are tried, up to `max`; each is
// the caller's to finish. Their hours are those around `at_s`.
enum tg_pg_status tg_store_list_rules(struct tg_pg *pg, struct tg_uuid org_id, int64_t at_s,
                                      size_t max, struct tg_rule *rules, size_t *n) TG_MUST_CHECK;

// Up to `max` rules, each the caller's to finish, that nobody has checked as they are. Nobody else
// takes or changes them until the end of the transaction, in which what came of it is to be kept.
enum tg_pg_status tg_store_take_rules_to_check(struct tg_pg *pg, size_t max, struct tg_rule *rules,
                                               size_t *n) TG_MUST_CHECK;

// What is wrong with a rule.
struct tg_rule_fault {
    struct tg_uuid org_id;
    struct tg_uuid rule_id;
    const char *kind;      // "rule_refused", "rule_failed", "reply_refused"
    struct tg_error error; // its field is the part of the rule
};

// Of rules that are checked: kind does not count, and one without a message is good.
enum tg_pg_status tg_store_keep_rule_verdicts(struct tg_pg *pg,
                                              const struct tg_rule_fault *verdicts,
                                              size_t n) TG_MUST_CHECK;

// Tells the orgs, in alerts.
enum tg_pg_status tg_store_raise_rule_alerts(struct tg_pg *pg, const struct tg_rule_fault *faults,
                                             size_t n) TG_MUST_CHECK;

// A reply to an inbound message.
struct tg_reply {
    struct tg_uuid org_id;
    struct tg_uuid message_id; // the inbound one
    struct tg_uuid rule_id;
    int64_t rule_version;    // as it was tried
    struct tg_uuid reply_id; // a new one
    char type[32];
    struct tg_text payload; // what Meta gets; empty: no reply, for the reason in `skip`
    const char *skip;
};

struct tg_reply_verdict {
    char verdict[24];      // "accepted", "answered" (earlier), or why it is skipped
    enum tg_status status; // queued, scheduled or held if accepted
};

// Accepts replies; verdicts[i] is for replies[i]. Safe to repeat.
enum tg_pg_status tg_store_accept_replies(struct tg_pg *pg, const struct tg_reply *replies,
                                          size_t n,
                                          struct tg_reply_verdict *verdicts) TG_MUST_CHECK;
