// Telling endpoints: what is due for whom, who gets it, and what follows from how it went.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(deliveries, .init = database_create, .fini = database_drop);

#define NOBODY "00000000-0000-0000-0000-000000000000"

// What an endpoint is made of; the rest is as usual.
struct endpoint_spec {
    const char *org;
    const char *types;       // "*"
    const char *format;      // "standard"
    const char *channel_ids; // null
    const char *url;
};
#define given_endpoint(...) given_endpoint_of((struct endpoint_spec){__VA_ARGS__})

static const char *given_endpoint_of(struct endpoint_spec spec)
{
    const char *format = spec.format ? spec.format : "standard";
    bool meta = strcmp(format, "meta") == 0;
    return value(
        "SELECT create_endpoint('api_key:1', '%s', (jsonb_build_object('id', '%s', 'url', '%s', "
        "'format', '%s', 'secret', 'whsec_x', 'told_secret', 'whsec_x') || %s)::json) ->> 'id'",
        spec.org, new_id(), spec.url ? spec.url : "https://example.com/hook", format,
        meta ? "'{\"verify_token\": \"t\"}'"
             : text("'{\"types\": [\"%s\"]%s}'", spec.types ? spec.types : "*",
                    spec.channel_ids ? text(", \"channel_ids\": [\"%s\"]", spec.channel_ids) : ""));
}

static void tell(const char *org, const char *type)
{
    run("SELECT tell_event('%s', '%s', NULL, '{\"n\": 1}')", org, type);
}

// Nothing is under way that was there before what was told; that may be another test's, too.
static void settle_down(void)
{
    while (strcmp(value("SELECT count(*) FROM events WHERE xact >= "
                        "pg_snapshot_xmin(pg_current_snapshot())"),
                  "0") != 0)
        continue;
}

// All that comes of it, for a worker that has so much room for each endpoint.
static const char *fan_out(int room)
{
    settle_down();
    return rows(
        "SELECT o.name, f.body::json ->> 'type' FROM fan_out_events(100, 100, 60, %d, '{}', '{}') "
        "WITH ORDINALITY f JOIN organizations o ON o.id = f.org_id ORDER BY f.ordinality",
        room);
}

static const char *claim_all(void)
{
    return rows("SELECT c.body::json ->> 'type' FROM claim_deliveries(100, 60, 100, '" NOBODY
                "', '{}', '{}') c");
}

// Settles all that is pending of an org.
static void settle_all(const char *org, const char *outcome, int status)
{
    run("SELECT settle_deliveries(array_agg(d.org_id), array_agg(d.endpoint_id), "
        "array_agg(d.event_id), array_agg('%s'::text), array_agg(%d::bigint), "
        "array_agg(12::bigint), array_agg('so it is'::text), array_agg(0::bigint)) "
        "FROM deliveries d WHERE d.org_id = '%s' AND d.state = 'pending'",
        outcome, status, org);
}

// Something that the org was told so; the name of its event, of which there is no other.
static const char *given_told(const char *org, const char *outcome)
{
    tell(org, "wallet.low");
    fan_out(10);
    settle_all(org, outcome, 200);
    return value("SELECT event_name(event_id) FROM deliveries");
}

static const char *states_of(const char *org)
{
    return rows("SELECT state, attempts, next_at IS NULL FROM deliveries WHERE org_id = '%s' "
                "ORDER BY event_id, endpoint_id",
                org);
}

static const char *state_of_endpoint(const char *id)
{
    return value("SELECT state FROM endpoints WHERE id = '%s'", id);
}

Test(deliveries, each_endpoint_gets_what_it_asks_for_and_nothing_of_another_org)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    given_endpoint(.org = acme, .types = "wallet.*");
    given_endpoint(.org = acme, .types = "wallet.low");
    given_endpoint(.org = beta, .types = "channel.paused");
    tell(acme, "wallet.low");
    tell(acme, "wallet.empty");
    tell(beta, "channel.paused");
    tell(beta, "wallet.low");
    assert_rows(fan_out(10), "Acme, wallet.low", "Acme, wallet.low", "Acme, wallet.empty",
                "Beta, channel.paused");
    assert_no_rows(fan_out(10));
}

Test(deliveries, are_told_once_to_a_worker_and_what_it_has_no_room_for_to_the_next)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    tell(acme, "wallet.empty");
    assert_rows(fan_out(1), "Acme, wallet.low");
    assert_rows(claim_all(), "wallet.empty");
    assert_no_rows(claim_all());
}

Test(deliveries, whose_worker_is_gone_are_due_again)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    assert_rows(fan_out(10), "Acme, wallet.low");
    assert_no_rows(claim_all());
    run("UPDATE deliveries SET next_at = next_at - interval '61 s'");
    run("SELECT set_config('tollgate.look_deliveries', '', false)"); // as if it had not looked yet
    assert_rows(claim_all(), "wallet.low");
}

// Its secret is gone, and without one nothing is signed.
Test(deliveries, to_an_endpoint_that_is_deleted_meanwhile_are_not_posted)
{
    static const char posted[] =
        "SELECT t.url FROM (SELECT array_agg(d.org_id) AS orgs, array_agg(d.endpoint_id) AS "
        "endpoints, array_agg(d.event_id) AS events, array_agg(d.event_xact) AS xacts FROM "
        "deliveries d) d CROSS JOIN LATERAL to_post(d.orgs, d.endpoints, d.events, d.xacts) t";
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    assert_rows(rows("%s", posted), "https://example.com/hook");
    run("SELECT delete_endpoint('test', '%s', '%s')", acme, endpoint);
    assert_no_rows(rows("%s", posted));
}

// Each worker asks ten times a second, and mostly there is nothing.
Test(deliveries, nothing_is_written_where_there_is_nothing_to_tell)
{
    run("BEGIN");
    assert_no_rows(fan_out(10));
    cr_assert_str_eq(value("SELECT pg_current_xact_id_if_assigned() IS NULL"), "t");
    run("COMMIT");
}

// Who fans out while another does waits for nobody, and gets nothing.
Test(deliveries, one_worker_fans_out_at_a_time)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    struct session *other = session_open();
    session_rows(other, "BEGIN; SELECT FROM fan_out_lock FOR UPDATE");
    assert_no_rows(fan_out(10));
    session_rows(other, "ROLLBACK");
    session_close(other);
    assert_rows(fan_out(10), "Acme, wallet.low");
}

Test(deliveries, begin_with_what_is_true_after_their_endpoint_was_made)
{
    const char *acme = given_org(.name = "Acme");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    tell(acme, "wallet.low");
    given_endpoint(.org = acme);
    tell(acme, "wallet.empty");
    assert_rows(fan_out(10), "Acme, wallet.empty");
}

Test(deliveries, of_events_about_a_channel_are_those_that_are_wanted)
{
    const char *acme = given_org(.name = "Acme");
    const char *wanted = given_channel(.org = acme);
    const char *other = given_channel(.org = acme);
    given_endpoint(.org = acme, .channel_ids = wanted);
    run("SELECT tell_event('%s', 'channel.paused', '%s', '{}')", acme, other);
    run("SELECT tell_event('%s', 'channel.resumed', '%s', '{}')", acme, wanted);
    tell(acme, "wallet.low");
    assert_rows(fan_out(10), "Acme, channel.resumed", "Acme, wallet.low");
}

Test(deliveries, that_came_are_over_and_those_that_failed_are_tried_again)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "http_500", 500);
    assert_rows(states_of(acme), "pending, 1, f");
    assert_rows(rows("SELECT next_at - now() BETWEEN '4 s' AND '6 s' FROM deliveries"), "t");
    settle_all(acme, "delivered", 204);
    assert_rows(states_of(acme), "delivered, 2, t");
    assert_rows(rows("SELECT attempt, outcome, status, took_ms, answer FROM delivery_attempts "
                     "ORDER BY attempt"),
                "1, http_500, 500, 12, so it is", "2, delivered, 204, 12, so it is");
    settle_all(acme, "http_500", 500); // a late one
    assert_rows(states_of(acme), "delivered, 2, t");
}

Test(deliveries, follow_the_schedule_to_its_end)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    static const int seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        settle_all(acme, "timeout", 0);
        assert_rows(
            rows("SELECT extract(epoch FROM next_at - now()) BETWEEN %d * 0.89 AND %d * 1.11 "
                 "FROM deliveries",
                 seconds[i], seconds[i]),
            "t");
    }
    settle_all(acme, "timeout", 0);
    assert_rows(states_of(acme), "failed, 10, t");
}

Test(deliveries, wait_for_as_long_as_they_are_asked_to_and_a_day_at_the_most)
{
    assert_rows(rows("SELECT extract(epoch FROM delivery_delay(1, 0)) < 6, "
                     "extract(epoch FROM delivery_delay(1, 100))::int, "
                     "extract(epoch FROM delivery_delay(1, 999999))::int, "
                     "extract(epoch FROM delivery_delay(1, 9223372036854775807))::int, "
                     "delivery_delay(2, 1) > '4 min', delivery_delay(10, 100) IS NULL"),
                "t, 100, 86400, 86400, t, t");
    assert_rows(
        rows("SELECT count(DISTINCT delivery_delay(4, 0)) > 90 FROM generate_series(1, 100)"), "t");
}

Test(deliveries, that_the_endpoint_does_not_want_are_given_up)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "aborted", 500);
    assert_rows(states_of(acme), "failed, 1, t");
    cr_assert_str_eq(state_of_endpoint(endpoint), "active");
}

Test(deliveries, to_an_endpoint_that_is_gone_wait_for_it)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme, .types = "wallet.*");
    given_endpoint(.org = acme, .types = "endpoint.disabled");
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "gone", 410);
    cr_assert_str_eq(state_of_endpoint(endpoint), "disabled");
    assert_rows(rows("SELECT kind, resolved_at IS NULL, endpoint_id = '%s' FROM alerts", endpoint),
                "endpoint_disabled, t, t");
    tell(acme, "wallet.empty");
    assert_rows(fan_out(10), "Acme, endpoint.disabled");
    assert_no_rows(claim_all());
    run("SELECT change_endpoint('api_key:1', '%s', '%s', '{\"state\": \"active\"}')", acme,
        endpoint);
    assert_rows(claim_all(), "wallet.empty");
    assert_rows(rows("SELECT count(*) FROM alerts WHERE resolved_at IS NULL"), "0");
}

Test(deliveries, that_fail_for_days_warn_and_then_disable_their_endpoint)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "timeout", 0);
    assert_rows(rows("SELECT failing_since IS NULL, warned_at IS NULL FROM endpoints"), "f, t");
    run("UPDATE endpoints SET failing_since = failing_since - interval '47 h'");
    settle_all(acme, "timeout", 0);
    assert_rows(rows("SELECT failing_since IS NULL, warned_at IS NULL FROM endpoints"), "f, t");
    run("UPDATE endpoints SET failing_since = failing_since - interval '4 d'");
    settle_all(acme, "timeout", 0);
    assert_rows(rows("SELECT kind, resolved_at IS NULL FROM alerts"), "endpoint_failing, t");
    settle_all(acme, "timeout", 0); // warned a moment ago
    cr_assert_str_eq(state_of_endpoint(endpoint), "active");
    run("UPDATE endpoints SET warned_at = warned_at - interval '25 h'");
    settle_all(acme, "timeout", 0);
    cr_assert_str_eq(state_of_endpoint(endpoint), "disabled");
    assert_rows(rows("SELECT kind, resolved_at IS NULL FROM alerts ORDER BY id"),
                "endpoint_failing, f", "endpoint_disabled, t");
    assert_rows(rows("SELECT type, data ->> 'why' FROM events ORDER BY xact, id"),
                "wallet.low, null", "endpoint.disabled, Nothing has come there for 5 days");
}

Test(deliveries, of_which_one_comes_take_the_warning_back)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "timeout", 0);
    run("UPDATE endpoints SET failing_since = failing_since - interval '3 d'");
    settle_all(acme, "timeout", 0);
    settle_all(acme, "delivered", 200);
    assert_rows(rows("SELECT failing_since, warned_at FROM endpoints"), "null, null");
    assert_rows(rows("SELECT count(*) FROM alerts WHERE resolved_at IS NULL"), "0");
}

// A row that every batch writes would be what everybody waits for.
Test(deliveries, write_nothing_to_an_endpoint_that_takes_them)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    const char *before = value("SELECT xmin || ' ' || ctid::text FROM endpoints");
    for (int i = 0; i < 3; i++) {
        tell(acme, "wallet.low");
        fan_out(10);
        settle_all(acme, "delivered", 200);
    }
    cr_assert_str_eq(value("SELECT xmin || ' ' || ctid::text FROM endpoints"), before);
}

// A time of which no id has been made so far: ids begin with their millisecond.
static const char *next_millisecond(void)
{
    const char *next = value("SELECT date_trunc('ms', clock_timestamp()) + interval '1 ms'");
    while (strcmp(value("SELECT clock_timestamp() >= '%s'", next), "t") != 0)
        continue;
    return next;
}

Test(deliveries, that_were_given_up_are_recovered_since_a_time)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "aborted", 200);
    const char *since = next_millisecond();
    tell(acme, "wallet.empty");
    tell(acme, "wallet.recharged");
    fan_out(10);
    settle_all(acme, "aborted", 200);
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{\"since\": \"%s\"}')", acme, endpoint,
        since);
    assert_rows(claim_all(), "wallet.empty", "wallet.recharged");
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{}')", acme, endpoint);
    assert_rows(claim_all(), "wallet.low");
    assert_rows(rows("SELECT recover_from FROM endpoints"), "null");
}

// Events of types "wallet.low" on, whose first attempt has failed, and whose next one is far away.
static void given_waiting(const char *org, size_t n)
{
    static const char *const types[] = {"wallet.low", "wallet.empty", "wallet.recharged"};
    for (size_t i = 0; i < n; i++)
        tell(org, types[i]);
    fan_out(10);
    settle_all(org, "http:500", 500);
    run("UPDATE deliveries SET next_at = now() + interval '2 hours' WHERE org_id = '%s'", org);
}

// In pages, and with another org's left alone.
Test(deliveries, that_wait_for_another_attempt_need_not_wait_once_their_endpoint_is_recovered)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    const char *endpoint = given_endpoint(.org = acme);
    given_endpoint(.org = beta);
    given_waiting(acme, 3);
    given_waiting(beta, 1);
    run("UPDATE deliveries SET state = 'failed', next_at = NULL FROM events e WHERE e.id = "
        "event_id "
        "AND e.type = 'wallet.recharged'");
    assert_no_rows(claim_all());
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{\"since\": \"%s\"}')", acme, endpoint,
        value("SELECT clock_timestamp() + interval '1 s'"));
    for (int i = 0; i < 3; i++)
        run("SELECT recover_some(1)");
    assert_rows(rows("SELECT recover_from FROM endpoints WHERE id = '%s'", endpoint), "null");
    assert_rows(claim_all(), "wallet.low", "wallet.empty");
    assert_rows(rows("SELECT state, step, next_at > now() + interval '1 hour' FROM deliveries "
                     "WHERE org_id = '%s'",
                     beta),
                "pending, 1, t");
}

// One who asks for less does not take away what another has asked for.
Test(deliveries, that_somebody_wants_recovered_stay_so_when_another_wants_fewer)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    given_told(acme, "aborted");
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{}')", acme, endpoint);
    run("SELECT recover_endpoint('api_key:2', '%s', '%s', '{\"since\": \"%s\"}')", acme, endpoint,
        value("SELECT clock_timestamp() + interval '1 s'"));
    assert_rows(claim_all(), "wallet.low");
}

// Whichever of them it is that asks again before each turn.
Test(deliveries, are_recovered_though_another_org_asks_again_and_again)
{
    const char *const orgs[] = {given_org(.name = "Acme"), given_org(.name = "Beta")};
    const char *const endpoints[] = {given_endpoint(.org = orgs[0]),
                                     given_endpoint(.org = orgs[1])};
    for (int greedy = 0; greedy < 2; greedy++) {
        const char *patient = endpoints[1 - greedy];
        run("UPDATE endpoints SET recover_from = '" NOBODY "' WHERE id = '%s'", patient);
        for (int i = 0; i < 100; i++) {
            run("UPDATE endpoints SET recover_from = '" NOBODY "' WHERE id = '%s'",
                endpoints[greedy]);
            run("SELECT recover_some(10)");
        }
        assert_rows(rows("SELECT recover_from FROM endpoints WHERE id = '%s'", patient), "null");
    }
}

// A worker has them for so long.
Test(deliveries, that_are_under_way_are_not_hurried)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    assert_rows(fan_out(10), "Acme, wallet.low");
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{}')", acme, endpoint);
    assert_no_rows(claim_all());
    run("SELECT resend_delivery('api_key:1', '%s', '%s', event_name(event_id)) FROM deliveries",
        acme, endpoint);
    assert_no_rows(claim_all());
}

Test(deliveries, that_wait_when_their_endpoint_is_disabled_are_due_once_it_is_active)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    given_waiting(acme, 2);
    run("UPDATE deliveries SET state = 'failed', next_at = NULL FROM events e WHERE e.id = "
        "event_id "
        "AND e.type = 'wallet.empty'");
    run("SELECT change_endpoint('api_key:1', '%s', '%s', '{\"state\": \"disabled\"}')", acme,
        endpoint);
    assert_no_rows(claim_all());
    run("SELECT change_endpoint('api_key:1', '%s', '%s', '{\"state\": \"active\"}')", acme,
        endpoint);
    // What was given up is for recover_endpoint.
    assert_rows(claim_all(), "wallet.low");
    assert_rows(rows("SELECT recover_from FROM endpoints"), "null");
}

Test(deliveries, that_wait_are_sent_again_now)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    given_waiting(acme, 1);
    assert_no_rows(claim_all());
    run("SELECT resend_delivery('api_key:1', '%s', '%s', event_name(event_id)) FROM deliveries",
        acme, endpoint);
    assert_rows(claim_all(), "wallet.low");
}

Test(deliveries, are_sent_again_under_the_same_id)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    const char *name = given_told(acme, "delivered");
    // The second time it is on its way already, and told as such.
    for (int i = 0; i < 2; i++)
        assert_rows(rows("SELECT r ->> 'event_id', r ->> 'state' FROM resend_delivery('api_key:1', "
                         "'%s', '%s', '%s') r",
                         acme, endpoint, name),
                    text("%s, pending", name));
    assert_rows(rows("SELECT name FROM claim_deliveries(100, 60, 100, '" NOBODY "', '{}', '{}')"),
                name);
    settle_all(acme, "delivered", 200);
    assert_rows(states_of(acme), "delivered, 2, t");
    assert_told("not_found", "", "SELECT resend_delivery('api_key:1', '%s', '%s', 'evt_%032d')",
                acme, endpoint, 0);
}

// Each attempt leaves a row, and whoever asks for the delivery gets all of them.
Test(deliveries, are_posted_fifty_times_at_the_most)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    const char *name = given_told(acme, "http:500");
    run("UPDATE deliveries SET attempts = 48");
    run("SELECT resend_delivery('api_key:1', '%s', '%s', '%s')", acme, endpoint, name);
    settle_all(acme, "http:500", 500);
    assert_rows(states_of(acme), "pending, 49, f");
    settle_all(acme, "http:500", 500);
    assert_rows(states_of(acme), "failed, 50, t");
    assert_told("conflict", "", "SELECT resend_delivery('api_key:1', '%s', '%s', '%s')", acme,
                endpoint, name);
    run("SELECT recover_endpoint('api_key:1', '%s', '%s', '{}')", acme, endpoint);
    assert_no_rows(claim_all());
    assert_rows(states_of(acme), "failed, 50, t");
}

Test(deliveries, of_a_test_go_to_its_endpoint_alone)
{
    const char *acme = given_org(.name = "Acme");
    const char *tested = given_endpoint(.org = acme, .types = "wallet.low");
    given_endpoint(.org = acme, .types = "*");
    run("SELECT test_endpoint('api_key:1', '%s', '%s')", acme, tested);
    settle_down();
    assert_rows(
        rows(
            "SELECT body::json ->> 'type', endpoint_id FROM fan_out_events(100, 100, 60, 10, '{}', "
            "'{}') WHERE org_id IS NOT NULL"),
        text("endpoint.test, %s", tested));
}

// What a person has had done, and not what a worker does all the time.
Test(deliveries, that_somebody_wanted_are_told_in_the_audit_log)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    const char *name = given_told(acme, "aborted");
    // The second time it is on its way already: nothing changes.
    for (int i = 0; i < 2; i++)
        run("SELECT resend_delivery('api_key:2', '%s', '%s', '%s')", acme, endpoint, name);
    settle_all(acme, "aborted", 200);
    run("SELECT recover_endpoint('operator:anna', '%s', '%s', '{}')", acme, endpoint);
    assert_rows(claim_all(), "wallet.low");
    settle_all(acme, "delivered", 200);
    run("SELECT test_endpoint('operator:anna', '%s', '%s')", acme, endpoint);
    assert_rows(
        rows("SELECT actor, action, object, object_id IN ('%s', '%s'), after FROM audit_log WHERE "
             "org_id = '%s' AND object_id IS NOT NULL AND action || object <> 'insertendpoints' "
             "AND object IN ('events', 'deliveries', 'endpoints') ORDER BY n",
             name, endpoint, acme),
        text("api_key:2, update, deliveries, t, {\"state\": \"pending\", \"endpoint_id\": "
             "\"%s\"}",
             endpoint),
        "operator:anna, update, endpoints, t, {\"recover_from\": \"" NOBODY "\"}",
        text("operator:anna, insert, events, f, {\"type\": \"endpoint.test\", \"endpoint_id\": "
             "\"%s\"}",
             endpoint));
}

Test(deliveries, of_what_is_erased_say_nothing_any_more)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "erased", 0);
    assert_rows(states_of(acme), "erased, 0, t");
    assert_no_rows(rows("SELECT * FROM delivery_attempts"));
}

// Each has so many at once as the worker says; the slow one takes nothing from the other.
Test(deliveries, of_one_endpoint_take_no_more_room_than_it_has)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    const char *slow = given_endpoint(.org = acme);
    given_endpoint(.org = beta);
    for (int i = 0; i < 5; i++)
        tell(acme, "wallet.low");
    tell(beta, "wallet.empty");
    settle_down();
    assert_rows(
        rows("SELECT body::json ->> 'type' FROM fan_out_events(100, 100, 60, 10, '{%s}', '{2}') "
             "WHERE org_id IS NOT NULL",
             slow),
        "wallet.low", "wallet.low", "wallet.empty");
    assert_rows(rows("SELECT count(*) FROM claim_deliveries(100, 60, 10, '" NOBODY
                     "', '{%s}', '{0}')",
                     slow),
                "0");
    assert_rows(rows("SELECT count(*) FROM claim_deliveries(100, 60, 10, '" NOBODY
                     "', '{%s}', '{1}')",
                     slow),
                "1");
}

static void tell_long(const char *org, int bytes)
{
    run("SELECT tell_changes('{%s}', '{NULL}', '{messages}', '{\"{}\"}', ARRAY[sha256('%d')], "
        "ARRAY['\"' || repeat('x', %d) || '\"'])",
        org, bytes, bytes);
}

// What Meta has posted may have megabytes: of them a worker has fewer at once.
Test(deliveries, that_are_long_take_more_places)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme, .format = "meta");
    run("UPDATE endpoints SET state = 'active'");
    for (int i = 0; i < 3; i++)
        tell_long(acme, 100000 + i); // seven places each
    tell_long(acme, 1);
    settle_down();
#define LENGTHS " ARRAY(SELECT length(body) FROM "
    assert_rows(rows("SELECT" LENGTHS "fan_out_events(100, 15, 60, 10, '{}', '{}') WHERE org_id IS "
                     "NOT NULL)"),
                "{100002,100003}");
#define CLAIMED(limit)                                                                             \
    rows("SELECT" LENGTHS "claim_deliveries(%d, 60, 10, '" NOBODY "', '{}', '{}'))", limit)
    assert_rows(CLAIMED(6), "{}");
    assert_rows(CLAIMED(7), "{100004}");
    assert_rows(CLAIMED(6), "{3}");
    tell_long(acme, 3000000);
    settle_down();
    assert_rows(rows("SELECT" LENGTHS "fan_out_events(100, 31, 60, 10, '{}', '{}') WHERE org_id IS "
                     "NOT NULL)"),
                "{}");
    assert_rows(CLAIMED(32), "{3000002}");
}

Test(deliveries, of_many_endpoints_are_claimed_in_turns)
{
    const char *acme = given_org(.name = "Acme");
    for (int i = 0; i < 3; i++)
        given_endpoint(.org = acme);
    for (int i = 0; i < 3; i++)
        tell(acme, "wallet.low");
    fan_out(0);
    assert_rows(rows("SELECT count(*) FROM claim_deliveries(2, 60, 2, '" NOBODY "', '{}', '{}')"),
                "2");
    assert_rows(rows("SELECT count(DISTINCT endpoint_id), count(*) FROM claim_deliveries(4, 60, 2, "
                     "(SELECT min(endpoint_id::text)::uuid FROM deliveries), '{}', '{}')"),
                "2, 4");
}

Test(deliveries, of_the_same_event_are_not_made_twice_when_the_place_is_lost)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "delivered", 200);
    run("DELETE FROM fan_outs");
    assert_no_rows(fan_out(10));
    assert_rows(states_of(acme), "delivered, 1, t");
}

// The server counts transactions from elsewhere than the one of which the dump is.
Test(deliveries, go_on_in_a_database_that_was_loaded_from_a_dump)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(0);
    run("INSERT INTO events (org_id, id, xact, type) SELECT org_id, gen_random_uuid(), "
        "'999999999999', 'wallet.recharged' FROM events");
    run("DELETE FROM events WHERE type = 'wallet.low'");
    run("UPDATE deliveries SET event_xact = '999999999999'");
    run("INSERT INTO fan_outs (xact, event_id) VALUES ('999999999999', '" NOBODY "')");
    tell(acme, "wallet.empty");
    assert_no_rows(rows("SELECT * FROM fan_out_events(100, 100, 60, 10, '{}', '{}')"));
    run("SELECT rewind_events(), rewind_deliveries()");
    assert_rows(fan_out(10), "Acme, wallet.recharged", "Acme, wallet.empty");
    assert_rows(rows("SELECT count(*) FROM deliveries WHERE event_xact > '999999999'"), "0");
}

Test(deliveries, go_with_their_attempts_when_they_are_old)
{
    const char *acme = given_org(.name = "Acme");
    given_endpoint(.org = acme);
    tell(acme, "wallet.low");
    fan_out(10);
    settle_all(acme, "delivered", 200);
    assert_rows(rows("SELECT delete_deliveries(3600, 100)"), "0");
    assert_rows(rows("SELECT delete_deliveries(-3600, 100)"), "1");
    assert_no_rows(rows("SELECT * FROM delivery_attempts"));
}

Test(deliveries, of_another_orgs_endpoint_are_refused)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    const char *endpoint = given_endpoint(.org = acme);
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO deliveries (org_id, endpoint_id, event_id, event_xact, next_at) "
                   "VALUES ('%s', '%s', '%s', '1', now())",
                   beta, endpoint, new_id());
}

TestSuite(endpoints, .init = database_create, .fini = database_drop);

Test(endpoints, are_the_orgs_own)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    const char *endpoint = given_endpoint(.org = acme);
    static const char *const calls[] = {
        "SELECT get_endpoint('%s', '%s')",
        "SELECT change_endpoint('k', '%s', '%s', '{}')",
        "SELECT delete_endpoint('k', '%s', '%s')",
        "SELECT rotate_endpoint_secret('k', '%s', '%s', '{\"secret\": \"x\"}')",
        "SELECT test_endpoint('k', '%s', '%s')",
        "SELECT recover_endpoint('k', '%s', '%s', '{}')",
        "SELECT list_deliveries('%s', '%s', '{}', NULL, 10)",
        "SELECT get_delivery('%s', '%s', 'evt_00000000000000000000000000000000')",
        "SELECT resend_delivery('k', '%s', '%s', 'evt_00000000000000000000000000000000')",
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        assert_told("not_found", "", calls[i], beta, endpoint);
#pragma GCC diagnostic pop
    }
    assert_rows(
        rows("SELECT json_array_length(list_endpoints('%s', NULL, 10) -> 'endpoints')", beta), "0");
}

Test(endpoints, show_no_secret_but_once)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    assert_rows(rows("SELECT get_endpoint('%s', '%s')::text !~ 'whsec', "
                     "list_endpoints('%s', NULL, 10)::text !~ 'whsec', "
                     "(SELECT string_agg(a.after::text, '') FROM audit_log a) !~ 'whsec'",
                     acme, endpoint, acme),
                "t, t, t");
}

Test(endpoints, that_are_changed_leave_a_row_of_the_audit_log)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    run("SELECT change_endpoint('api_key:7', '%s', '%s', '{\"description\": \"crm\"}')", acme,
        endpoint);
    run("UPDATE endpoints SET failing_since = now()");
    assert_rows(rows("SELECT actor, action, after ->> 'description' FROM audit_log WHERE object = "
                     "'endpoints' ORDER BY n"),
                "api_key:1, insert, null", "api_key:7, update, crm");
}

Test(endpoints, say_what_of_the_org_is_written)
{
    const char *acme = given_org(.name = "Acme");
    const char *one = given_endpoint(.org = acme, .types = "wallet.low");
    given_endpoint(.org = acme, .types = "message.*");
    assert_rows(rows("SELECT asked FROM event_wishes"), "{message.*,wallet.low}");
    run("SELECT delete_endpoint('k', '%s', '%s')", acme, one);
    assert_rows(rows("SELECT asked FROM event_wishes"), "{message.*}");
    given_endpoint(.org = acme, .format = "meta");
    assert_rows(rows("SELECT asked FROM event_wishes"), "{message.*,meta.*}");
}

Test(endpoints, ask_only_for_what_there_is)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
#define CHANGE(body) "SELECT change_endpoint('k', '%s', '%s', '" body "')", acme, endpoint
    assert_told("invalid_field", "types", CHANGE("{\"types\": [\"message.lost\"]}"));
    assert_told("invalid_field", "types", CHANGE("{\"types\": []}"));
    assert_told("invalid_field", "types", CHANGE("{\"types\": [\"meta.*\"]}"));
    assert_told("invalid_field", "channel_ids", CHANGE("{\"channel_ids\": []}"));
    assert_told("invalid_field", "channel_ids", CHANGE("{\"channel_ids\": [\"x\"]}"));
    assert_told("invalid_field", "verify_token", CHANGE("{\"verify_token\": \"x\"}"));
    const char *beta = given_org(.name = "Beta");
    const char *channel = given_channel(.org = beta);
    assert_told("invalid_field", "channel_ids",
                "SELECT change_endpoint('k', '%s', '%s', '{\"channel_ids\": [\"%s\"]}')", acme,
                endpoint, channel);
}

Test(endpoints, are_fifty_at_the_most)
{
    const char *acme = given_org(.name = "Acme");
    for (int i = 0; i < 50; i++)
        given_endpoint(.org = acme);
    assert_told("conflict", "",
                "SELECT create_endpoint('k', '%s', '{\"id\": \"%s\", \"url\": \"https://a.b\", "
                "\"types\": [\"*\"], \"secret\": \"x\"}')",
                acme, new_id());
}

Test(endpoints, of_format_meta_are_verified_before_they_are_told)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme, .format = "meta");
    const char *claim = new_id();
    cr_assert_str_eq(state_of_endpoint(endpoint), "verifying");
    tell(acme, "meta.messages");
    assert_no_rows(fan_out(10));
    assert_rows(
        rows("SELECT endpoint_id, verify_token FROM claim_verifications('%s', 10, 60)", claim),
        text("%s, t", endpoint));
    assert_no_rows(rows("SELECT * FROM claim_verifications('%s', 10, 60)", new_id()));
    run("SELECT settle_verifications('%s', '{%s}', '{%s}', '{NULL}')", claim, acme, endpoint);
    cr_assert_str_eq(state_of_endpoint(endpoint), "active");
    assert_rows(rows("SELECT event_id IS NOT NULL FROM claim_deliveries(9, 60, 9, '" NOBODY
                     "', '{}', '{}')"),
                "t");
}

// Its owner could have had another's address verified meanwhile.
Test(endpoints, that_were_changed_while_they_were_asked_are_asked_again)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme, .format = "meta");
    const char *claim = new_id();
    run("SELECT claim_verifications('%s', 10, 60)", claim);
    run("SELECT change_endpoint('k', '%s', '%s', '{\"url\": \"https://elsewhere.com/\"}')", acme,
        endpoint);
    run("SELECT settle_verifications('%s', '{%s}', '{%s}', '{NULL}')", claim, acme, endpoint);
    cr_assert_str_eq(state_of_endpoint(endpoint), "verifying");
    claim = new_id();
    assert_rows(rows("SELECT url FROM claim_verifications('%s', 10, 60)", claim),
                "https://elsewhere.com/");
    run("SELECT settle_verifications('%s', '{%s}', '{%s}', '{It said no}')", claim, acme, endpoint);
    assert_rows(rows("SELECT state, state_why FROM endpoints"), "disabled, It said no");
}

Test(endpoints, have_two_secrets_for_a_day)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    run("SELECT rotate_endpoint_secret('k', '%s', '%s', '{\"secret\": \"new\"}')", acme, endpoint);
    tell(acme, "wallet.low");
    settle_down();
    assert_rows(rows("SELECT secret, old_secret FROM fan_out_events(100, 100, 60, 10, '{}', '{}') "
                     "WHERE org_id IS NOT NULL"),
                "new, whsec_x");
    run("UPDATE endpoints SET old_secret_until = now() - interval '1 s'");
    run("UPDATE deliveries SET next_at = now()");
    assert_rows(
        rows("SELECT secret, old_secret FROM claim_deliveries(9, 60, 9, '" NOBODY "', '{}', '{}')"),
        "new, null");
}

Test(endpoints, have_each_secret_sealed_as_it_stands)
{
    const char *acme = given_org(.name = "Acme");
    const char *endpoint = given_endpoint(.org = acme);
    assert_rows(rows("SELECT name, stored FROM list_secrets_to_seal('k1', 10, 0)"),
                "secret, whsec_x");
    assert_rows(rows("SELECT seal_secrets('{%s}', '{%s}', '{secret}', ARRAY[sha256('whsec_x')], "
                     "'{sealed:k1:x}')",
                     acme, endpoint),
                "1");
    assert_rows(rows("SELECT seal_secrets('{%s}', '{%s}', '{secret}', ARRAY[sha256('whsec_x')], "
                     "'{sealed:k1:y}')",
                     acme, endpoint),
                "0");
    assert_no_rows(rows("SELECT * FROM list_secrets_to_seal('k1', 10, 0)"));
    assert_rows(rows("SELECT name FROM list_secrets_to_seal('k2', 10, 0)"), "secret");
}
