// Files of contacts: whose are kept, who fetches them, and when they go.

#include "tests/sql/inbound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(media, .init = database_create, .fini = database_drop);

#define CLAIM "00000000-0000-4000-8000-000000000001"
#define OTHER_CLAIM "00000000-0000-4000-8000-000000000002"
#define SUM "0000000000000000000000000000000000000000000000000000000000000001"

static const char *given_keeper(void)
{
    const char *org = given_org_with_channel("10.00");
    run("UPDATE organizations SET keep_media = true WHERE id = '%s'", org);
    return org;
}

static long now_s(void)
{
    return strtol(value("SELECT extract(epoch FROM now())::bigint"), NULL, 10);
}

// A message with a file, of this type, that has come so long ago.
static const char *given_file_of(const char *org, const char *type, long age_s)
{
    static int n;
    return given_inbound(.org = org, .type = type, .media = text("%d", 9000 + n++),
                         .at = now_s() - age_s);
}

static const char *given_file(const char *org)
{
    return given_file_of(org, "image", 0);
}

static const char *claim_files(const char *claim_id, int limit, int per_org)
{
    return rows("SELECT id FROM claim_media('%s', %d, %d, 600) ORDER BY 1", claim_id, limit,
                per_org);
}

// What comes of one file; returns whether it is wanted.
static const char *record_as(const char *claim_id, const char *org, const char *id,
                             const char *outcome, const char *after_s)
{
    bool is_kept = strcmp(outcome, "kept") == 0;
    return value("SELECT wanted FROM record_media('%s', '{%s}', '{%s}', '{%s}', '{7}', "
                 "'{" SUM "}', '{NULL}', '{image/png}', '{%s}', '{%s}', '{NULL}')",
                 claim_id, org, id, outcome, after_s, is_kept ? "NULL" : "http:503");
}

static const char *record(const char *org, const char *id, const char *outcome)
{
    return record_as(CLAIM, org, id, outcome, "0");
}

static const char *given_kept(const char *org)
{
    const char *id = given_file(org);
    (void)claim_files(CLAIM, 10, 10);
    cr_assert_str_eq(record(org, id, "kept"), "t");
    return id;
}

static const char *state(const char *id)
{
    return value("SELECT coalesce((SELECT state FROM media WHERE id = '%s'), 'none')", id);
}

static const char *to_remove(void)
{
    return rows("SELECT id, file FROM take_media_to_remove(10, 60) ORDER BY 1");
}

static void make_all_due(void)
{
    run("UPDATE media SET next_at = now() - interval '1 second'");
}

Test(media, is_kept_of_orgs_that_ask_for_it_alone)
{
    const char *acme = given_keeper();
    const char *beta = given_org_with_channel("10.00");
    const char *file = given_file(acme);
    (void)given_file(beta);
    (void)given_inbound(.org = acme);               // has none
    (void)given_file_of(acme, "image", 8L * 86400); // Meta has forgotten it
    run("UPDATE organizations SET keep_media_types = '{document,audio}' WHERE id = '%s'", acme);
    (void)given_file(acme);
    const char *other = given_file_of(acme, "audio", 0);
    assert_rows(rows("SELECT org_id, id, message_id = id, meta_id IS NOT NULL, state FROM media "
                     "ORDER BY meta_id::int"),
                text("%s, %s, t, t, waiting", acme, file),
                text("%s, %s, t, t, waiting", acme, other));
    assert_healthy();
}

Test(media, of_a_message_that_comes_twice_is_one)
{
    const char *acme = given_keeper();
    for (int i = 0; i < 2; i++)
        (void)receive(
            {.org = acme, .wamid = "wamid.X", .type = "image", .media = "9", .at = now_s()});
    cr_assert_str_eq(number_of("media"), "1");
}

Test(media, is_claimed_once_and_again_when_its_lease_is_over)
{
    const char *acme = given_keeper();
    const char *id = given_file(acme);
    assert_rows(rows("SELECT org_id, phone_number_id = (SELECT phone_number_id FROM channels), "
                     "access_token, max_bytes, attempts FROM claim_media('" CLAIM "', 4, 4, 600)"),
                text("%s, t, token, 104857600, 1", acme));
    assert_no_rows(claim_files(OTHER_CLAIM, 4, 4));
    make_all_due();
    assert_rows(claim_files(OTHER_CLAIM, 4, 4), id);
    // The first worker wakes up: what it has put there is wanted, whoever says so.
    cr_assert_str_eq(record_as(CLAIM, acme, id, "kept", "0"), "t");
    cr_assert_str_eq(state(id), "waiting");
    cr_assert_str_eq(record_as(OTHER_CLAIM, acme, id, "kept", "0"), "t");
    assert_rows(rows("SELECT state, size, sha256, mime_type, file FROM media"),
                text("kept, 7, " SUM ", image/png, %s/%s", acme, id));
}

static void claim_some(struct session *session, int thread)
{
    (void)thread;
    cr_assert_str_eq(session_rows(session, "INSERT INTO claimed SELECT org_id, id FROM "
                                           "claim_media(gen_random_uuid(), 3, 4, 600)"),
                     "");
}

Test(media, workers_at_the_same_moment_claim_each_once_and_no_more_of_an_org_than_it_may_have)
{
    const char *acme = given_keeper();
    const char *beta = given_keeper();
    (void)value("SELECT use_media_store(gen_random_uuid())");
    for (int i = 0; i < 12; i++)
        (void)given_file(acme);
    (void)given_file(beta);
    run("CREATE TABLE claimed (org_id uuid, id uuid)");
    at_once(8, claim_some);
    assert_rows(rows("SELECT count(*), count(DISTINCT id) FROM claimed WHERE org_id = '%s'", acme),
                "4, 4");
    assert_rows(rows("SELECT count(*) FROM claimed WHERE org_id = '%s'", beta), "1");
}

Test(media, that_fails_is_tried_later_and_given_up_when_meta_has_forgotten_it)
{
    const char *acme = given_keeper();
    const char *id = given_file(acme);
    (void)claim_files(CLAIM, 4, 4);
    cr_assert_str_eq(record(acme, id, "again"), "t");
    assert_rows(rows("SELECT state, next_at BETWEEN now() + interval '20 seconds' AND now() + "
                     "interval '40 seconds', error_code FROM media"),
                "waiting, t, http:503");
    make_all_due();
    (void)claim_files(CLAIM, 4, 4);
    cr_assert_str_eq(record_as(CLAIM, acme, id, "again", "700"), "t"); // Retry-After
    assert_rows(rows("SELECT next_at > now() + interval '690 seconds' FROM media"), "t");
    make_all_due();
    (void)claim_files(CLAIM, 4, 4);
    cr_assert_str_eq(record(acme, id, "back"), "t");
    assert_rows(rows("SELECT attempts, next_at <= clock_timestamp() FROM media"), "2, t");
    run("UPDATE media SET created_at = now() - interval '7 days'");
    (void)claim_files(CLAIM, 4, 4);
    run("UPDATE media SET created_at = now() - interval '7 days'");
    if (strcmp(state(id), "waiting") == 0)
        cr_assert_str_eq(record(acme, id, "again"), "f");
    cr_assert_str_eq(state(id), "failed");
    assert_rows(to_remove(), text("%s, %s/%s", id, acme, id)); // should anything lie there
}

Test(media, of_a_suspended_org_or_a_disabled_channel_waits)
{
    const char *acme = given_keeper();
    const char *beta = given_keeper();
    const char *id = given_file(acme);
    (void)given_file(beta);
    run("UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme);
    run("UPDATE channels SET status = 'disabled' WHERE org_id = '%s'", beta);
    assert_no_rows(claim_files(CLAIM, 4, 4));
    assert_rows(
        rows("SELECT DISTINCT state, attempts, next_at > now() + interval '50 minutes' FROM "
             "media"),
        "waiting, 0, t");
    run("UPDATE organizations SET status = 'active' WHERE id = '%s'", acme);
    make_all_due();
    assert_rows(claim_files(CLAIM, 4, 4), id);
    run("UPDATE media SET next_at = now(), created_at = now() - interval '8 days'");
    assert_no_rows(claim_files(CLAIM, 4, 4));
    cr_assert_str_eq(state(id), "failed");
}

Test(media, goes_when_its_time_is_over_in_pieces)
{
    const char *acme = given_keeper();
    const char *old[3];
    for (int i = 0; i < 3; i++)
        old[i] = given_kept(acme);
    const char *young = given_kept(acme);
    run("UPDATE media SET kept_at = kept_at - interval '31 days' WHERE id <> '%s'", young);
    cr_assert_str_eq(value("SELECT expire_media(2)"), "2");
    cr_assert_str_eq(value("SELECT expire_media(2)"), "1");
    cr_assert_str_eq(value("SELECT expire_media(2)"), "0");
    cr_assert_str_eq(state(young), "kept");
    cr_assert_str_eq(state(old[0]), "gone");
    cr_assert_str_eq(value("SELECT count(*) FROM take_media_to_remove(10, 60)"), "3");
    assert_no_rows(to_remove()); // another's for a minute
    run("SELECT end_media(array_agg(org_id), array_agg(id)) FROM media WHERE state = 'gone'");
    make_all_due();
    assert_no_rows(to_remove());
    // What messages say is kept no longer than that, their files neither.
    run("UPDATE organizations SET keep_bodies_for = '1 hour' WHERE id = '%s'", acme);
    cr_assert_str_eq(value("SELECT expire_media(2)"), "0");
    run("UPDATE media SET kept_at = now() - interval '2 hours' WHERE state = 'kept'");
    cr_assert_str_eq(value("SELECT expire_media(2)"), "1");
}

Test(media, of_one_who_is_erased_goes_also_while_it_is_fetched)
{
    const char *acme = given_keeper();
    const char *kept = given_kept(acme);
    const char *fetched = given_file(acme);
    (void)claim_files(CLAIM, 4, 4);
    const char *waiting = given_file(acme);
    const char *other = given_inbound(.org = acme, .type = "image", .media = "1", .at = now_s(),
                                      .phone = "919876500000");
    run("UPDATE media SET filename = 'Asha.pdf'");
    run("SELECT erase_contact('%s', '919876543210')", acme);
    run("SELECT finish_erasures('%s')", acme);
    cr_assert_str_eq(state(other), "waiting");
    assert_rows(rows("SELECT DISTINCT state, coalesce(filename, meta_id, sha256, error_message) IS "
                     "NULL FROM media WHERE id <> '%s'",
                     other),
                "gone, t");
    assert_rows(to_remove(), text("%s, %s/%s", kept, acme, kept));
    // Its worker puts it there all the same: it is told to take it away, and so is who comes later.
    cr_assert_str_eq(record(acme, fetched, "kept"), "f");
    cr_assert_str_eq(state(fetched), "gone");
    make_all_due();
    assert_rows(rows("SELECT id = '%s', id = '%s' FROM take_media_to_remove(10, 60) ORDER BY 1",
                     fetched, kept),
                "f, t", "t, f");
    cr_assert_str_eq(value("SELECT file IS NULL FROM media WHERE id = '%s'", waiting), "t");
    assert_healthy();
}

Test(media, of_another_org_is_not_there)
{
    const char *acme = given_keeper();
    const char *beta = given_org_with_channel("10.00");
    const char *id = given_kept(acme);
    assert_rows(rows("SELECT state, size, file FROM find_media('%s', '%s')", acme, id),
                text("kept, 7, %s/%s", acme, id));
    assert_no_rows(rows("SELECT * FROM find_media('%s', '%s')", beta, id));
    cr_assert_str_eq(value("SELECT list_media('%s', NULL, 10) ->> 'media'", beta), "[]");
    assert_told("not_found", "", "SELECT delete_media('key:x', '%s', '%s')", beta, id);
    cr_assert_str_eq(record(beta, id, "failed"), "f");
    cr_assert_str_eq(state(id), "kept");
    const char *message = given_inbound(.org = acme);
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO media (org_id, id, message_id, state, next_at) VALUES ('%s', '%s', "
                   "'%s', 'waiting', now())",
                   beta, message, message);
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "UPDATE media SET channel_id = (SELECT id FROM channels WHERE org_id = '%s')",
                   beta);
}

Test(media, that_a_person_deletes_is_told_and_listed_as_gone)
{
    const char *acme = given_keeper();
    const char *first = given_kept(acme);
    const char *second = given_kept(acme);
    cr_assert_str_eq(value("SELECT delete_media('key:x', '%s', '%s') ->> 'state'", acme, first),
                     "gone");
    assert_rows(rows("SELECT m ->> 'id', m ->> 'state' FROM json_array_elements(list_media('%s', "
                     "NULL, 10) -> 'media') m ORDER BY m ->> 'state'",
                     acme),
                text("%s, gone", first), text("%s, kept", second));
    assert_rows(
        rows("SELECT actor, action, object, object_id FROM audit_log WHERE object = 'media'"),
        text("key:x, update, media, %s", first));
    cr_assert_str_eq(value("SELECT list_media('%s', NULL, 1) ->> 'next_before' IS NOT NULL", acme),
                     "t");
}

// A file of the org's own; its id.
static const char *begin_upload(const char *org, long size)
{
    const char *id = value("SELECT gen_random_uuid()");
    cr_assert_str_eq(
        value("SELECT begin_upload('%s', '%s', 'image/png', 'a.png', %ld, 600)", org, id, size),
        text("%s/%s", org, id));
    return id;
}

static const char *keep_upload(const char *org, const char *id, long size)
{
    return value("SELECT keep_upload('key:x', '%s', '%s', %ld, '" SUM "') ->> 'state'", org, id,
                 size);
}

static const char *held(const char *org)
{
    return value("SELECT media_quota_bytes - media_room(o) FROM organizations o WHERE id = '%s'",
                 org);
}

Test(media, of_the_org_s_own_is_kept_once_it_lies_there_as_a_whole)
{
    const char *acme = given_org_with_channel("10.00");
    const char *beta = given_org_with_channel("10.00");
    const char *id = begin_upload(acme, 100);
    assert_rows(rows("SELECT state, error_code, file FROM media WHERE id = '%s'", id),
                text("failed, not_uploaded, %s/%s", acme, id));
    assert_no_rows(to_remove());
    assert_told("unavailable", "", "SELECT keep_upload('key:x', '%s', '%s', 1, '" SUM "')", beta,
                id);
    for (int i = 0; i < 2; i++) // the answer to the first may have got lost
        cr_assert_str_eq(keep_upload(acme, id, 100), "kept");
    cr_assert_str_eq(held(acme), "100");
    assert_rows(rows("SELECT actor, action, object_id FROM audit_log WHERE object = 'media'"),
                text("key:x, update, %s", id));
    // What comes too late is removed, and not kept.
    const char *late = begin_upload(acme, 100);
    make_all_due();
    assert_rows(to_remove(), text("%s, %s/%s", late, acme, late));
    make_all_due();
    assert_told("unavailable", "", "SELECT keep_upload('key:x', '%s', '%s', 100, '" SUM "')", acme,
                late);
    cr_assert_str_eq(state(late), "failed");
    assert_healthy();
}

Test(media, is_counted_whatever_becomes_of_it)
{
    const char *acme = given_keeper();
    const char *old = given_kept(acme); // 7 bytes each
    const char *deleted = given_kept(acme);
    const char *own = begin_upload(acme, 100);
    cr_assert_str_eq(held(acme), "14");
    (void)keep_upload(acme, own, 100);
    cr_assert_str_eq(held(acme), "114");
    run("SELECT delete_media('key:x', '%s', '%s')", acme, deleted);
    run("UPDATE media SET kept_at = now() - interval '31 days' WHERE id = '%s'", old);
    run("SELECT expire_media(10)");
    cr_assert_str_eq(held(acme), "100");
    (void)given_file(acme);
    cr_assert_str_eq(held(acme), "100");
    run("UPDATE media_held SET bytes = 99");
    assert_rows(rows("SELECT invariant, org_id FROM audit_ledger()"), text("I14, %s", acme));
}

Test(media, beyond_what_its_org_may_keep_is_not_taken)
{
    const char *acme = given_keeper();
    run("UPDATE organizations SET media_quota_bytes = 107 WHERE id = '%s'", acme);
    const char *first = begin_upload(acme, 100);
    const char *second = begin_upload(acme, 100); // there is room as yet
    cr_assert_str_eq(keep_upload(acme, first, 100), "kept");
    assert_told("media_quota", "", "SELECT keep_upload('key:x', '%s', '%s', 100, '" SUM "')", acme,
                second);
    assert_told("media_quota", "",
                "SELECT begin_upload('%s', gen_random_uuid(), 'image/png', NULL, 8, 600)", acme);
    (void)given_file(acme);
    assert_rows(rows("SELECT room FROM claim_media('" CLAIM "', 4, 4, 600)"), "7");
    run("UPDATE media SET claim_id = NULL, next_at = now() WHERE state = 'waiting'");
    run("UPDATE organizations SET media_quota_bytes = 50 WHERE id = '%s'", acme);
    assert_no_rows(claim_files(CLAIM, 4, 4));
    assert_rows(rows("SELECT error_code, attempts, next_at > now() + interval '59 minutes' FROM "
                     "media WHERE state = 'waiting'"),
                "quota, 1, t");
    assert_healthy();
}

static const char *reserve(const char *org, const char *id, long size)
{
    return value("SELECT reserve_media('" CLAIM "', '%s', '%s', %ld)", org, id, size);
}

// Files that are fetched at the same time, of which there is room for one: the others find that out
// before they come.
Test(media, has_room_in_its_orgs_quota_before_it_is_fetched)
{
    const char *acme = given_keeper();
    const char *beta = given_keeper();
    run("UPDATE organizations SET media_quota_bytes = 10, keep_media_max_bytes = 6");
    const char *first = given_file(acme);
    const char *second = given_file(acme);
    const char *of_beta = given_file(beta);
    assert_rows(rows("SELECT room FROM claim_media('" CLAIM "', 9, 4, 600)"), "10", "10", "10");
    cr_assert_str_eq(reserve(acme, first, 7), "7");
    cr_assert_str_eq(reserve(acme, first, 7), "7"); // the answer to the first may have got lost
    cr_assert_str_eq(reserve(acme, second, 7), "0");
    cr_assert_str_eq(reserve(acme, second, 3), "3");
    cr_assert_str_eq(reserve(beta, of_beta, 0), "6"); // Meta does not say how large it is
    assert_told("media_quota", "",
                "SELECT begin_upload('%s', gen_random_uuid(), 'image/png', NULL, 1, 600)", acme);
    cr_assert_str_eq(record(acme, second, "again"), "t");
    cr_assert_str_eq(record(acme, first, "kept"), "t");
    cr_assert_str_eq(value("SELECT media_room(o) FROM organizations o WHERE id = '%s'", acme), "3");
    // What was dropped meanwhile, or was somebody else's from then on, takes no room.
    run("SELECT delete_media('key:x', '%s', '%s')", beta, of_beta);
    cr_assert_str_eq(held(beta), "0");
    cr_assert_str_eq(reserve(beta, of_beta, 1), "0");
    make_all_due();
    assert_rows(claim_files(OTHER_CLAIM, 9, 4), second);
    cr_assert_str_eq(reserve(acme, second, 1), "0");
    assert_healthy();
}

static const char *find_sendable(const char *org, const char *id, const char *until)
{
    return rows("SELECT verdict, access_token, state, meta_id FROM find_sendable_media('%s', '%s', "
                "NULL, NULL, extract(epoch FROM now() + interval '%s')::bigint * 1000)",
                org, id, until);
}

Test(media, at_meta_is_known_for_its_number_and_as_long_as_it_is_there)
{
    const char *acme = given_org_with_channel("10.00");
    const char *beta = given_org_with_channel("10.00");
    const char *channel = value("SELECT id FROM channels WHERE org_id = '%s'", acme);
    const char *number = value("SELECT phone_number_id FROM channels WHERE id = '%s'", channel);
    const char *id = begin_upload(acme, 100);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, null, failed, null");
    (void)keep_upload(acme, id, 100);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, token, kept, null");
    assert_rows(find_sendable(beta, id, "1 day"), "accepted, null, null, null");
    run("SELECT keep_media_at_meta('%s', '%s', '%s', '%s', '4711')", acme, id, channel, number);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, null, kept, 4711");
    assert_rows(find_sendable(acme, id, "28 days 23 hours"), "accepted, null, kept, 4711");
    assert_rows(find_sendable(acme, id, "29 days 1 hour"), "accepted, token, kept, null");
    run("UPDATE channels SET phone_number_id = '99' WHERE id = '%s'", channel);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, token, kept, null");
    run("SELECT keep_media_at_meta('%s', '%s', '%s', '99', '4712')", acme, id, channel);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, null, kept, 4712");
    // Whoever has it deleted there means one's own.
    run("SELECT forget_media_at_meta('%s', '4712')", beta);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, null, kept, 4712");
    run("SELECT forget_media_at_meta('%s', '4712')", acme);
    assert_rows(find_sendable(acme, id, "1 day"), "accepted, token, kept, null");
    run("SELECT keep_media_at_meta('%s', '%s', '%s', '99', '4712')", acme, id, channel);
    run("UPDATE channels SET status = 'paused' WHERE id = '%s'", channel);
    assert_rows(find_sendable(acme, id, "1 day"), "channel_paused, null, kept, 4712");
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    assert_rows(find_sendable(acme, id, "1 day"), "no_channel, null, kept, null");
    run("UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme);
    assert_rows(find_sendable(acme, id, "1 day"), "org_suspended, null, kept, null");
    // It is forgotten with the file, and when Meta has forgotten it.
    run("SELECT delete_media('key:x', '%s', '%s')", acme, id);
    cr_assert_str_eq(number_of("media_at_meta"), "0");
    run("SELECT keep_media_at_meta('%s', '%s', '%s', '99', '4713')", acme, id, channel);
    cr_assert_str_eq(number_of("media_at_meta"), "0");
    const char *other = begin_upload(acme, 1);
    (void)keep_upload(acme, other, 1);
    run("SELECT keep_media_at_meta('%s', '%s', '%s', '99', '4714')", acme, other, channel);
    run("UPDATE media_at_meta SET uploaded_at = now() - interval '30 days'");
    run("SELECT expire_media(10)");
    cr_assert_str_eq(number_of("media_at_meta"), "0");
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO media_at_meta (org_id, media_id, channel_id, phone_number_id, "
                   "meta_id) VALUES ('%s', '%s', '%s', '1', '1')",
                   beta, other, channel);
}

Test(media, lies_in_one_store)
{
    cr_assert_str_eq(value("SELECT use_media_store('" CLAIM "')"), CLAIM);
    cr_assert_str_eq(value("SELECT use_media_store('" OTHER_CLAIM "')"), CLAIM);
    run("SELECT leave_media_store()");
    cr_assert_str_eq(value("SELECT use_media_store('" OTHER_CLAIM "')"), OTHER_CLAIM);
}
