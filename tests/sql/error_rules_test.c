// error_rules: what sql/error_rules.csv says is what happens.

#include "tests/sql/givens.h"

#include <stdio.h>
#include <string.h>

TestSuite(error_rules, .init = database_create, .fini = database_drop);

// A row of sql/error_rules.csv, as far as settling is concerned. Its fields hold no quotes.
struct rule {
    char outcome[32];
    const char *class;
    bool refundable;
    bool retry;
    bool unconfirmed;
};

enum { RULES_MAX = 200, LINE_SIZE = 512, FIELDS = 10 };

static size_t read_rules(struct rule *rules)
{
    FILE *file = fopen(TOLLGATE_SOURCE_DIR "/sql/error_rules.csv", "re");
    cr_assert(file);
    char line[LINE_SIZE];
    cr_assert(fgets(line, sizeof line, file));
    cr_assert_str_eq(line, "outcome,http,title,meaning,class,refundable,retry,action,source,"
                           "unconfirmed\n");
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
        (void)snprintf(rule->outcome, sizeof rule->outcome, "%s", field[0]);
        rule->class = text("%s", field[4]);
        rule->refundable = strcmp(field[5], "yes") == 0;
        rule->retry = strcmp(field[6], "backoff") == 0;
        rule->unconfirmed = strcmp(field[9], "yes") == 0;
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
        const char *outcome = strcmp(rule->outcome, "200-299") == 0 ? "200" : rule->outcome;
        run("UPDATE channels SET status = 'active'");
        run("UPDATE pace SET slowed_at = NULL");
        const char *message = given_claimed_message(.org = acme);
        bool refunded = rule->refundable && !rule->unconfirmed;
        const char *expected =
            text("settled, %s, %s, %s, %s\n", rule->unconfirmed ? "unconfirmed" : "failed",
                 refunded ? "refunded" : "not refunded",
                 strcmp(outcome, "default") == 0 ? "unknown code" : "known code", rule->class);
        if (rule->retry) {
            assert_rows(settle_sends({.org = acme, .message = message, .outcome = outcome}),
                        text("settled, scheduled, not refunded, known code, %s", rule->class));
            run("UPDATE outbox SET state = 'queued', due_at = NULL, look_at = NULL, attempt = 5 "
                "WHERE message_id = '%s'",
                message);
            cr_assert_str_not_empty(claim(acme, message), "%s", rule->outcome);
        }
        const char *settled = settle_sends({.org = acme, .message = message, .outcome = outcome});
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
    run("CREATE TEMP TABLE error_rules_csv ON COMMIT DROP AS SELECT outcome, http, title, meaning, "
        "class, CASE WHEN refundable THEN 'yes' ELSE 'no' END AS refundable, retry, action, "
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
    run("CREATE TEMP TABLE error_rules_csv (outcome text, http text, title text, meaning text, "
        "class text, refundable text, retry text, action text, source text, unconfirmed text)");
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
