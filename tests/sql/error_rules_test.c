// error_rules: what sql/error_rules.csv says is what happens.

#include "tests/sql/givens.h"

#include <stdio.h>
#include <string.h>

TestSuite(error_rules, .init = database_create, .fini = database_drop);

// A row of sql/error_rules.csv, as far as settling is concerned. Its fields hold no quotes.
struct rule {
    char outcome[32];
    char code[32];    // what an answer has that it is for: a code, a subcode
    char subcode[16]; // "": any
    const char *words;
    const char *class;
    bool refundable;
    bool retry;
    bool unconfirmed;
};

enum { RULES_MAX = 200, LINE_SIZE = 1024, FIELDS = 12 };

// What Meta says where a rule looks at its words.
static const struct {
    const char *outcome;
    const char *words;
} said[] = {
    {"100 without proof", "(#100) API calls from the server require an appsecret_proof argument"}};

// "200-299" is for 200, "100/33" for code 100 with subcode 33.
static void read_outcome(struct rule *rule, const char *outcome, const char *pattern)
{
    (void)snprintf(rule->outcome, sizeof rule->outcome, "%s", outcome);
    bool is_code = outcome[0] >= '0' && outcome[0] <= '9';
    (void)snprintf(rule->code, sizeof rule->code, "%.*s",
                   (int)(is_code ? strcspn(outcome, "-/ ") : strlen(outcome)), outcome);
    const char *slash = is_code ? strchr(outcome, '/') : NULL;
    (void)snprintf(rule->subcode, sizeof rule->subcode, "%.*s",
                   slash ? (int)strcspn(slash + 1, " ") : 0, slash ? slash + 1 : "");
    rule->words = NULL;
    for (size_t i = 0; *pattern && i < sizeof said / sizeof *said; i++) {
        if (strcmp(said[i].outcome, outcome) == 0)
            rule->words = said[i].words;
    }
    cr_assert(!*pattern == !rule->words, "%s: what does Meta say?", outcome);
}

static size_t read_rules(struct rule *rules)
{
    FILE *file = fopen(TOLLGATE_SOURCE_DIR "/sql/error_rules.csv", "re");
    cr_assert(file);
    char line[LINE_SIZE];
    cr_assert(fgets(line, sizeof line, file));
    cr_assert_str_eq(line, "outcome,words,http,title,meaning,class,refundable,retry,action,source,"
                           "unconfirmed,advice\n");
    size_t n = 0;
    while (fgets(line, sizeof line, file)) {
        cr_assert(n < RULES_MAX);
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        const char *field[FIELDS];
        for (int i = 0; i < FIELDS; i++)
            field[i] = strsep(&rest, ",");
        cr_assert(field[FIELDS - 1] && !rest && !strchr(line, '"'), "%s", line);
        struct rule *rule = &rules[n++];
        read_outcome(rule, field[0], field[1]);
        rule->class = text("%s", field[5]);
        rule->refundable = strcmp(field[6], "yes") == 0;
        rule->retry = strcmp(field[7], "backoff") == 0;
        rule->unconfirmed = strcmp(field[10], "yes") == 0;
    }
    (void)fclose(file);
    return n;
}

Test(error_rules, every_row_of_the_csv_ends_as_it_says)
{
    struct rule rules[RULES_MAX];
    size_t n = read_rules(rules);
    cr_assert(n >= 70, "%zu", n);
    const char *acme = given_org_with_channel("1000.00");
    for (size_t i = 0; i < n; i++) {
        const struct rule *rule = &rules[i];
        run("UPDATE channels SET status = 'active'");
        run("UPDATE pace SET slowed_at = NULL");
        const char *message = given_claimed_message(.org = acme);
        const struct outcome_spec spec = {.org = acme,
                                          .message = message,
                                          .outcome = rule->code,
                                          .subcode = *rule->subcode ? rule->subcode : NULL,
                                          .error = rule->words};
        bool refunded = rule->refundable && !rule->unconfirmed;
        const char *expected =
            text("settled, %s, %s, %s, %s\n", rule->unconfirmed ? "unconfirmed" : "failed",
                 refunded ? "refunded" : "not refunded",
                 strcmp(rule->code, "default") == 0 ? "unknown code" : "known code", rule->class);
        if (rule->retry) {
            assert_rows(settle_sends(spec),
                        text("settled, scheduled, not refunded, known code, %s", rule->class));
            run("UPDATE outbox SET state = 'queued', due_at = NULL, look_at = NULL, attempt = 5 "
                "WHERE message_id = '%s'",
                message);
            run("UPDATE channels SET status = 'active'");
            cr_assert_str_not_empty(claim(acme, message), "%s", rule->outcome);
        }
        const char *settled = settle_sends(spec);
        cr_expect_str_eq(settled, expected, "%s", rule->outcome);
        cr_expect_str_eq(value("SELECT count(*) FROM wallet_transactions WHERE kind = 'refund' "
                               "AND message_id = '%s'",
                               message),
                         refunded ? "1" : "0", "%s", rule->outcome);
    }
    cr_assert_str_eq(number_of("error_rules"), text("%zu", n));
    assert_healthy();
}

// The class of the rule that judges an outcome, and whether it refunds.
static const char *judgement(const char *outcome, const char *transient)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    return settle_sends(
        {.org = acme, .message = message, .outcome = outcome, .transient = transient});
}

Test(error_rules, a_range_holds_its_first_and_last_code_and_no_other)
{
    const char *auth = "settled, failed, refunded, known code, auth";
    const char *unknown = "settled, failed, not refunded, unknown code, unknown";
    assert_rows(judgement("200", "false"), auth);
    assert_rows(judgement("250", "false"), auth);
    assert_rows(judgement("299", "false"), auth);
    assert_rows(judgement("199", "false"), unknown);
    assert_rows(judgement("300", "false"), unknown);
    assert_healthy();
}

Test(error_rules, an_unknown_code_is_judged_by_is_transient)
{
    assert_rows(judgement("999999", "false"),
                "settled, failed, not refunded, unknown code, unknown");
    assert_rows(judgement("999999", "true"), "settled, failed, refunded, unknown code, unknown");
    assert_rows(judgement("999999", "NULL"),
                "settled, failed, not refunded, unknown code, unknown");
    assert_healthy();
}

Test(error_rules, a_known_code_is_judged_by_its_rule_alone)
{
    assert_rows(judgement("131026", "true"),
                "settled, failed, not refunded, known code, recipient");
    assert_rows(judgement("190", "false"), "settled, failed, refunded, known code, auth");
    assert_healthy();
}

Test(error_rules, an_outcome_of_ours_without_a_rule_is_unknown)
{
    assert_rows(judgement("network:smoke_signal", "false"),
                "settled, failed, not refunded, unknown code, unknown");
    assert_rows(judgement("99999999999999999999", "false"),
                "settled, failed, not refunded, unknown code, unknown");
    assert_rows(judgement("", "false"), "settled, failed, not refunded, unknown code, unknown");
    assert_healthy();
}

Test(error_rules, a_rule_of_its_own_goes_before_a_range)
{
    run("INSERT INTO error_rules (outcome, first_code, last_code, title, meaning, class, "
        "refundable, "
        "retry, action, unconfirmed, source) VALUES "
        "('250', 250, 250, 't', 'm', 'own', false, 'never', 'none', false, 'test')");
    assert_rows(judgement("250", "false"), "settled, failed, not refunded, known code, own");
    assert_rows(judgement("251", "false"), "settled, failed, refunded, known code, auth");
}

// load_error_rules with the rules that there are, changed by `change`; returns its answer.
static const char *reload(const char *change)
{
    run("BEGIN");
    run("CREATE TEMP TABLE error_rules_csv ON COMMIT DROP AS SELECT outcome, coalesce(words, '') "
        "AS "
        "words, coalesce(advice, '') AS advice, http, title, meaning, class, CASE WHEN refundable "
        "THEN 'yes' ELSE 'no' END AS refundable, retry, action, "
        "source, "
        "CASE WHEN unconfirmed THEN 'yes' ELSE 'no' END AS unconfirmed FROM error_rules");
    run("%s", change);
    const char *answer = value("SELECT load_error_rules()");
    run("COMMIT");
    return answer;
}

Test(error_rules, a_changed_row_changes_what_follows_from_then_on)
{
    const char *acme = given_org_with_channel("1.00");
    (void)given_settled_message(acme, "131026");
    cr_assert_str_eq(
        reload("UPDATE error_rules_csv SET refundable = 'yes' WHERE outcome = '131026'"),
        number_of("error_rules"));
    assert_rows(judgement("131026", "false"), "settled, failed, refunded, known code, recipient");
    // The first was judged by the old rule, rightly.
    cr_assert_str_eq(balance_of(acme), "0.80");
    assert_healthy();
}

Test(error_rules, a_row_that_is_gone_is_deleted)
{
    (void)reload("DELETE FROM error_rules_csv WHERE outcome = '131026'");
    assert_rows(judgement("131026", "false"),
                "settled, failed, not refunded, unknown code, unknown");
}

Test(error_rules, an_unchanged_row_keeps_its_date)
{
    const char *before = value("SELECT max(updated_at) FROM error_rules");
    (void)reload("UPDATE error_rules_csv SET title = 'Another' WHERE outcome = '190'");
    cr_assert_str_eq(number_of(text("error_rules WHERE updated_at > '%s'", before)), "1");
}

Test(error_rules, there_is_always_a_default)
{
    run("BEGIN");
    run("CREATE TEMP TABLE error_rules_csv (outcome text, words text, http text, title text, "
        "meaning text, class text, refundable text, retry text, action text, source text, "
        "unconfirmed text, advice text)");
    assert_refused("P0001", "SELECT load_error_rules()");
    run("ROLLBACK");
    cr_assert_str_eq(number_of("error_rules WHERE outcome = 'default'"), "1");
}

Test(error_rules, an_outcome_has_its_own_rule_or_its_ranges_or_the_default)
{
    assert_rows(rows("SELECT asked, rule.outcome FROM (VALUES (1, '190'), (2, '200'), (3, '299'), "
                     "(4, '4711'), (5, 'network:refused'), (6, 'nonsense'), (7, NULL)) AS a (n, "
                     "asked) LEFT JOIN LATERAL error_rule_of(asked) rule ON true ORDER BY n"),
                "190, 190", "200, 200-299", "299, 200-299", "4711, default",
                "network:refused, network:refused", "nonsense, default", "null, null");
}

Test(error_rules, of_several_rules_the_closest_wins)
{
    run("INSERT INTO error_rules (outcome, first_code, last_code, subcode, words, title, meaning, "
        "class, refundable, retry, action, unconfirmed, source) SELECT o, f, l, s, w, 't', 'm', "
        "'own', false, 'never', 'none', false, 'test' FROM (VALUES "
        "('700-799', 700, 799, NULL, NULL), ('700-799 late', 700, 799, NULL, 'late'), "
        "('710', 710, 710, NULL, NULL), ('710/5', 710, 710, 5, NULL), "
        "('710 late', 710, 710, NULL, 'late'), ('710 very late', 710, 710, NULL, 'very.*late'), "
        "('710/5 late', 710, 710, 5, '(too|very) late')) AS n (o, f, l, s, w)");
    assert_rows(
        rows("SELECT rule.outcome FROM (VALUES (1, '710', NULL, NULL), (2, '710', 5, NULL), "
             "(3, '710', 6, NULL), (4, '710', NULL, 'It is Late.'), (5, '710', 5, 'too late'), "
             "(6, '710', 5, 'late'), (7, '710', 6, 'late'), (8, '710', NULL, 'very much late'), "
             "(9, '711', 5, NULL), (10, '711', 5, 'LATE'), (11, '800', 5, 'late'), "
             "(12, '710', NULL, '')) AS a (n, code, subcode, words) "
             "CROSS JOIN LATERAL error_rule_of(code, subcode, words) rule ORDER BY n"),
        "710", "710/5", "710", "710 late", "710/5 late", "710/5", "710 late", "710 very late",
        "700-799", "700-799 late", "default", "710");
}

Test(error_rules, an_http_status_has_its_own_rule_or_that_of_its_kind)
{
    assert_rows(rows("SELECT asked, rule.outcome FROM (VALUES (1, 'http:400'), (2, 'http:404'), "
                     "(3, 'http:408'), (4, 'http:429'), (5, 'http:451'), (6, 'http:4xx'), "
                     "(7, 'http:502'), (8, 'http:302'), (9, 'http:4040')) AS a (n, asked) "
                     "CROSS JOIN LATERAL error_rule_of(asked) rule ORDER BY n"),
                "http:400, http:4xx", "http:404, http:404", "http:408, http:408",
                "http:429, http:429", "http:451, http:4xx", "http:4xx, http:4xx",
                "http:502, http:5xx", "http:302, default", "http:4040, default");
}

// WhatsApp has not judged the message: that is never at the customer's expense.
Test(error_rules, what_a_hop_on_the_way_refuses_is_refunded_and_tried_again_if_that_may_help)
{
    static const struct {
        const char *outcome;
        bool again;
    } cases[] = {{"http:400", false}, {"http:401", false}, {"http:403", false}, {"http:404", true},
                 {"http:407", false}, {"http:408", true},  {"http:409", false}, {"http:413", false},
                 {"http:414", false}, {"http:421", true},  {"http:425", true},  {"http:429", true},
                 {"http:431", false}, {"http:451", false}, {"http:499", false}};
    const char *acme = given_org_with_channel("10.00");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run("UPDATE pace SET slowed_at = NULL");
        const char *message = given_claimed_message(.org = acme);
        const struct outcome_spec spec = {
            .org = acme, .message = message, .outcome = cases[i].outcome};
        if (cases[i].again) {
            (void)settle_sends(spec);
            cr_expect_str_eq(state_of(message), "scheduled", "%s", cases[i].outcome);
            run("UPDATE outbox SET state = 'queued', due_at = NULL, look_at = NULL, attempt = 5");
            (void)claim(acme, message);
        }
        (void)settle_sends(spec);
        cr_expect_str_eq(status_of(message), "failed", "%s", cases[i].outcome);
        cr_expect_str_eq(balance_of(acme), "10.00", "%s", cases[i].outcome);
    }
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    assert_healthy();
}

// Settles a message of an org of its own; returns its end, its money, and its channel's.
static const char *end_of(const char *code, const char *subcode, const char *words)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    (void)settle_sends(
        {.org = acme, .message = message, .outcome = code, .subcode = subcode, .error = words});
    return rows("SELECT m.status, m.error_code, m.error_subcode, m.refunded, c.status, "
                "(SELECT count(*) FROM alerts a WHERE a.org_id = m.org_id) FROM messages m "
                "JOIN channels c ON c.id = m.channel_id WHERE m.id = '%s'",
                message);
}

Test(error_rules, a_code_for_the_channel_is_told_from_the_same_for_the_message)
{
    assert_rows(end_of("100", NULL, "(#100) Unexpected key \"foo\""), "failed, 100, null, f, "
                                                                      "active, 0");
    assert_rows(end_of("100", "2494010", "(#100) Invalid parameter"),
                "failed, 100, 2494010, f, active, 0");
    assert_rows(end_of("100", "33", "Unsupported post request"), "failed, 100, 33, t, paused, 1");
    assert_rows(
        end_of("100", NULL, "API calls from the server require an appsecret_proof argument"),
        "failed, 100, null, t, paused, 1");
    assert_rows(end_of("100", NULL, "Whatever requires an appsecret_proof: x"),
                "failed, 100, null, t, paused, 1");
    assert_rows(end_of("100", NULL, "Invalid appsecret_proof provided in the API argument"),
                "failed, 100, null, t, paused, 1");
    assert_rows(end_of("10", NULL, "(#10) no permission"), "failed, 10, null, t, paused, 1");
    assert_rows(end_of("200", NULL, "(#200) no permission"), "failed, 200, null, t, paused, 1");
    assert_healthy();
}

Test(error_rules, a_batch_that_meets_a_broken_channel_raises_one_alert_and_pays_nothing)
{
    const char *acme = given_org_with_channel("1.00");
    const char *a = given_claimed_message(.org = acme);
    const char *b = given_claimed_message(.org = acme);
    const char *c = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = a, .outcome = "100", .subcode = "33"},
                       {.org = acme, .message = b, .outcome = "100", .subcode = "33"});
    (void)settle_sends({.org = acme, .message = c, .outcome = "100", .subcode = "33"});
    (void)settle_sends({.org = acme, .message = c, .outcome = "100", .subcode = "33"});
    assert_rows(rows("SELECT kind, outcome, advice = (SELECT advice FROM error_rules WHERE outcome "
                     "= '100/33') FROM alerts"),
                "channel_paused, 100, t");
    cr_assert_str_eq(balance_of(acme), "1.00");
    assert_healthy();
}

Test(error_rules, words_that_are_no_pattern_are_refused)
{
    assert_refused("2201B",
                   "INSERT INTO error_rules SELECT (r).* FROM (SELECT jsonb_populate_record("
                   "e, '{\"outcome\": \"100 x\", \"words\": \"(\"}') AS r FROM error_rules e "
                   "WHERE e.outcome = '100') x");
}
