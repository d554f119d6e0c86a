// What becomes of sends that Meta would refuse for their templates, as far as we know
// (organizations.template_check; fault_of_template in sql/core/templates.sql).

#include "tests/sql/givens.h"

#include <stdio.h>
#include <string.h>

TestSuite(template_check, .init = database_create, .fini = database_drop);

static const char *acme;

// An org that wants that, and knows all templates of its account.
static void given_acme_that(const char *does)
{
    acme = given_org(.balance = "10.00");
    const char *channel = given_channel(.org = acme);
    run("UPDATE channels SET waba_id = '1004' WHERE id = '%s'", channel);
    run("UPDATE organizations SET template_check = '%s' WHERE id = '%s'", does, acme);
    run("UPDATE template_accounts SET looked_at = now(), asked_at = now()");
}

static void given_template(const char *org, const char *name, const char *status, const char *wants)
{
    run("INSERT INTO templates (org_id, waba_id, id, name, language, status, reason_says, "
        "status_as_of, category_as_of, quality_as_of, content_as_of, parameter_format, wants, "
        "seen_at) SELECT '%s', '1004', 1000 + count(*), '%s', 'en', '%s', 'Too many "
        "complaints.', now(), now(), now(), now(), 'POSITIONAL', %s, now() FROM templates",
        org, name, status, wants);
}

#define OF(name, components)                                                                       \
    "{\"type\": \"template\", \"template\": {\"name\": \"" name                                    \
    "\", \"language\": {\"code\": \"en\"}, \"components\": [" components "]}}"
#define TEXT "{\"type\": \"text\", \"text\": \"x\"}"

#define told(...)                                                                                  \
    told_of((struct send_spec[]){__VA_ARGS__},                                                     \
            sizeof(struct send_spec[]){__VA_ARGS__} / sizeof(struct send_spec))
// Of accept_sends: verdict, why, and the same for people.
static const char *told_of(const struct send_spec *sends, size_t n)
{
    return rows("%s",
                accept_sends_told_sql(
                    "verdict.verdict, verdict.template_fault, verdict.template_says", sends, n));
}

#define SEND(...)                                                                                  \
    {                                                                                              \
        .org = acme, .type = "template", __VA_ARGS__                                               \
    }

Test(template_check, an_org_that_has_not_asked_hears_nothing_of_it)
{
    given_acme_that("off");
    given_template(acme, "news", "PAUSED", "NULL");
    assert_rows(told(SEND(.payload = OF("news", "")), SEND(.payload = OF("none", ""))),
                "accepted, null, null", "accepted, null, null");
    assert_rows(rows("SELECT DISTINCT template_warning FROM messages"), "null");
}

Test(template_check, what_meta_would_refuse_is_refused_and_costs_nothing)
{
    given_acme_that("refuse");
    given_template(acme, "paused", "PAUSED", "NULL");
    given_template(acme, "disabled", "DISABLED", "NULL");
    given_template(acme, "rejected", "REJECTED", "NULL");
    given_template(acme, "deleted", "DELETED", "NULL");
    given_template(acme, "good", "APPROVED", "NULL");
    given_template(acme, "pending", "PENDING", "NULL");
    assert_rows(
        told(SEND(.payload = OF("paused", "")), SEND(.payload = OF("disabled", "")),
             SEND(.payload = OF("rejected", "")), SEND(.payload = OF("deleted", "")),
             SEND(.payload = OF("none", "")), SEND(.payload = OF("good", "")),
             SEND(.payload = OF("pending", "")), {.org = acme}),
        "template_paused, template_paused, The template is paused: Too many complaints.",
        "template_disabled, template_disabled, The template is disabled: Too many complaints.",
        "template_rejected, template_rejected, The template is rejected: Too many complaints.",
        "template_not_found, template_not_found, The account has no such template in this language",
        "template_not_found, template_not_found, The account has no such template in this language",
        "accepted, null, null", "accepted, null, null", "accepted, null, null");
    cr_assert_str_eq(balance_of(acme), "9.40");
    cr_assert_str_eq(number_of("messages"), "3");
    assert_healthy();
}

Test(template_check, parameters_must_be_those_that_it_wants)
{
    given_acme_that("refuse");
    given_template(acme, "news", "APPROVED", "'{body 2,header image}'");
    given_template(acme, "plain", "APPROVED", "'{}'");
    assert_rows(
        told(SEND(.payload = OF("news", "{\"type\": \"header\", \"parameters\": [{\"type\": "
                                        "\"image\"}]}, {\"type\": \"body\", \"parameters\": [" TEXT
                                        ", " TEXT "]}")),
             SEND(.payload =
                      OF("news", "{\"type\": \"header\", \"parameters\": [{\"type\": "
                                 "\"video\"}]}, {\"type\": \"body\", \"parameters\": [" TEXT "]}")),
             SEND(.payload = OF("plain", "{\"type\": \"body\", \"parameters\": [" TEXT "]}")),
             SEND(.payload = OF("news", "")), SEND(.payload = OF("plain", ""))),
        "accepted, null, null",
        "template_parameters, template_parameters, The template wants body 2, header image, and "
        "the message brings body 1, header video",
        "template_parameters, template_parameters, The template wants no parameters, and the "
        "message brings body 1",
        "template_parameters, template_parameters, The template wants body 2, header image, and "
        "the message brings none",
        "accepted, null, null");
}

Test(template_check, who_wants_a_warning_is_warned_and_when_the_send_is_repeated_too)
{
    given_acme_that("warn");
    given_template(acme, "paused", "PAUSED", "NULL");
    assert_rows(told(SEND(.payload = OF("paused", ""), .key = "k")),
                "accepted, template_paused, The template is paused: Too many complaints.");
    assert_rows(rows("SELECT template_warning FROM messages"), "template_paused");
    run("UPDATE templates SET status = 'APPROVED'");
    assert_rows(rows("SELECT verdict, template_fault FROM (%s) s",
                     accept_sends_told_sql(
                         "verdict.verdict, verdict.template_fault",
                         &(struct send_spec)SEND(.payload = OF("paused", ""), .key = "k"), 1)),
                "duplicate, template_paused");
}

Test(template_check, what_leaves_later_may_find_a_pause_over_but_nothing_else)
{
    given_acme_that("refuse");
    given_template(acme, "paused", "PAUSED", "NULL");
    given_template(acme, "disabled", "DISABLED", "NULL");
    assert_rows(rows("SELECT s.verdict FROM (%s) s",
                     accept_sends_sql(
                         (struct send_spec[]){
                             SEND(.payload = OF("paused", ""), .send_in_ms = 3600 * 1000L),
                             SEND(.payload = OF("disabled", ""), .send_in_ms = 3600 * 1000L)},
                         2)),
                "accepted", "template_disabled");
}

Test(template_check, what_is_not_known_is_let_through)
{
    given_acme_that("refuse");
    given_template(acme, "paused", "PAUSED", "'{}'");
    given_template(acme, "wants", "APPROVED", "'{body 1}'");
    // Meta has not been heard for a day.
    run("UPDATE template_accounts SET looked_at = now() - interval '25 hours'");
    run("UPDATE templates SET status_as_of = now() - interval '25 hours', content_as_of = now() - "
        "interval '25 hours'");
    assert_rows(told(SEND(.payload = OF("none", "")), SEND(.payload = OF("paused", "")),
                     SEND(.payload = OF("wants", ""))),
                "accepted, null, null", "accepted, null, null", "accepted, null, null");
    // It never was, but for this one's notice.
    run("UPDATE template_accounts SET looked_at = NULL");
    run("UPDATE templates SET status_as_of = now() WHERE name = 'paused'");
    assert_rows(rows("SELECT verdict FROM (%s) s",
                     accept_sends_sql((struct send_spec[]){SEND(.payload = OF("none", "")),
                                                           SEND(.payload = OF("paused", ""))},
                                      2)),
                "accepted", "template_paused");
}

Test(template_check, templates_of_others_and_of_other_accounts_and_languages_do_not_count)
{
    given_acme_that("refuse");
    const char *beta = given_org(.name = "Beta", .balance = "1.00");
    const char *channel = given_channel(.org = beta);
    run("UPDATE channels SET waba_id = '1004' WHERE id = '%s'", channel);
    given_template(beta, "news", "APPROVED", "NULL");
    assert_rows(rows("SELECT verdict FROM (%s) s",
                     accept_sends_sql(&(struct send_spec)SEND(.payload = OF("news", "")), 1)),
                "template_not_found");
    given_template(acme, "news", "APPROVED", "NULL");
    run("UPDATE templates SET language = 'hi' WHERE org_id = '%s'", acme);
    assert_rows(rows("SELECT verdict FROM (%s) s",
                     accept_sends_sql(&(struct send_spec)SEND(.payload = OF("news", "")), 1)),
                "template_not_found");
    // One of that name that was deleted, and made anew.
    given_template(acme, "news", "APPROVED", "NULL");
    given_template(acme, "news", "DELETED", "NULL");
    assert_rows(told(SEND(.payload = OF("news", ""))), "accepted, null, null");
}
