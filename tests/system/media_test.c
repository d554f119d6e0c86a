// Files that contacts send: fetched from Meta, kept, handed out to their org alone, and removed.
#include "common/limits.h"
#include "tests/system/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(media, .timeout = 180);

static const char *path_in_store(const struct org *org, const char *id)
{
    return text_of("%s/%s/%s", store, org->id, id);
}

static bool lies_there(const struct org *org, const char *id)
{
    return access(path_in_store(org, id), F_OK) == 0;
}

// What is on its way into the store, or was left there.
static int on_the_way(void)
{
    int n = 0;
    DIR *listing = opendir(text_of("%s/incoming", store));
    cr_assert(listing);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): of a listing that is this call's alone
    for (const struct dirent *entry; (entry = readdir(listing));)
        n += entry->d_name[0] != '.';
    closedir(listing);
    return n;
}

Test(media, of_a_contact_is_fetched_and_handed_out_to_its_org)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", 1000);
    const char *id = receive_file(&acme, meta_id);
    eventually(file_is(id, "kept"));
    struct answer answer = call(&acme, .path = file_path(id));
    expect_status(answer, 200);
    cr_assert_eq(strspn(answer.body, "x"), 1000);
    expect_equal(answer_header(&answer, "Content-Type"), "application/pdf");
    expect_equal(answer_header(&answer, "Content-Disposition"),
                 "attachment; filename*=UTF-8''Rechnung%20%C3%A4.pdf");
    expect_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    cr_assert(strstr(answer_header(&answer, "Content-Security-Policy"), "sandbox"));

    answer = call(&acme, .path = file_path(id), .headers = {"Range: bytes=990-"});
    expect_status(answer, 206);
    expect_equal(answer.body, "xxxxxxxxxx");
    expect_equal(answer_header(&answer, "Content-Range"), "bytes 990-999/1000");
    answer = call(&acme, .path = file_path(id), .headers = {"Range: bytes=1000-"});
    expect_refusal(answer, 416, "range_beyond");

    answer = call(&acme, .path = "/api/media");
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/media/0/id"), id);
    expect_equal(answer_text(&answer, "/media/0/state"), "kept");
    expect_equal(answer_text(&answer, "/media/0/size"), "1000");
    expect_equal(answer_text(&answer, "/media/0/filename"), "Rechnung ä.pdf");
    expect_equal(answer_text(&answer, "/media/0/sha256"), file_column(id, "said_sha256"));

    // Nobody else has it, and no other name leads to it.
    expect_refusal(call(&beta, .path = file_path(id)), 404, "not_found");
    expect_refusal(call(&beta, .method = "DELETE", .path = file_path(id)), 404, "not_found");
    expect_refusal(call(&acme, .path = file_path(meta_id)), 404, "not_found");
    expect_refusal(call(&acme, .path = "/api/media/..%2f..%2fx"), 404, "not_found");
    expect_equal(daemon_metric(keeper, "tollgate_media_total{outcome=\"kept\"}"), "1");
    cr_assert_not(strstr(process_log(keeper->process), "EAA"));
    relay_end();
}

Test(media, of_an_org_that_does_not_ask_is_left_at_meta)
{
    given_keeper();
    const char *id = receive_file(&beta, upload(&beta, "application/pdf", 1000));
    const char *wanted = receive_file(&acme, upload(&acme, "application/pdf", 10));
    eventually(file_is(wanted, "kept"));
    expect_equal(file_column(id, "count(*)"), "0");
    expect_refusal(call(&beta, .path = file_path(id)), 404, "not_found");
    relay_end();
}

Test(media, of_95_megabytes_is_never_in_memory)
{
    given_keeper();
    expect_large_file_passes(60);
    relay_end();
}

Test(media, that_is_too_large_for_its_org_is_not_fetched)
{
    given_keeper();
    expect_status(call(&acme, .method = "PATCH", .path = "/api/settings",
                       .body = "{\"keep_media_max_bytes\": 999}"),
                  200);
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", 1000));
    eventually(file_is(id, "failed"));
    expect_equal(file_column(id, "error_code"), "too_large");
    expect_refusal(call(&acme, .path = file_path(id)), 409, "media_failed");
    expect_equal(daemon_metric(keeper, "tollgate_media_bytes_total"), "0");
    relay_end();
}

Test(media, whose_token_is_dead_waits_for_a_new_one)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", 1000);
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    const char *id = receive_file(&acme, meta_id);
    eventually(file_has_met(id, "190"));
    expect_equal(file_column(id, "state"), "waiting");
    expect_equal(file_column(id, "claim_id"), "");
    expect_refusal(call(&acme, .path = file_path(id)), 409, "media_waiting");
    // The channel is not paused for it: a message finds out by itself.
    expect_equal(database_text(gateway->database, "SELECT status FROM channels WHERE id = '%s'",
                               acme.channel_id),
                 "active");
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": false}");
    make_file_due(id);
    eventually(file_is(id, "kept"));
    relay_end();
}

Test(media, that_is_cut_off_is_fetched_anew)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", MB);
    simulator_set(gateway->simulator, "{\"cut_download_at\": 100000}");
    const char *id = receive_file(&acme, meta_id);
    eventually(file_has_met(id, "network:after_write"));
    cr_assert_not(lies_there(&acme, id));
    cr_assert_eq(on_the_way(), 0);
    simulator_set(gateway->simulator, "{\"cut_download_at\": 0}");
    make_file_due(id);
    eventually(file_is(id, "kept"));
    expect_equal(file_column(id, "size"), "1000000");
    relay_end();
}

Test(media, that_is_not_what_meta_says_is_never_kept)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", 1000);
    simulator_set(gateway->simulator, "{\"wrong_hash\": true}");
    const char *id = receive_file(&acme, meta_id);
    for (int i = 1; i < TG_MEDIA_WRONG_MAX; i++) {
        eventually(strtol(file_column(id, "attempts"), NULL, 10) == i &&
                   file_has_met(id, "wrong_hash") && !*file_column(id, "claim_id"));
        expect_equal(file_column(id, "state"), "waiting");
        make_file_due(id);
    }
    eventually(file_is(id, "failed"));
    cr_assert_not(lies_there(&acme, id));
    expect_refusal(call(&acme, .path = file_path(id)), 409, "media_failed");
    relay_end();
}

Test(media, that_meta_has_no_more_has_failed)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", 10);
    expect_status(call(&acme, .method = "DELETE", .path = text_of("/v23.0/%s", meta_id)), 200);
    const char *id = receive_file(&acme, meta_id);
    eventually(file_is(id, "failed"));
    expect_equal(file_column(id, "error_code"), "gone_at_meta");
    relay_end();
}

static void expect_kept_after_a_worker_died_at(const char *point)
{
    given_keeper_with(given_directory("store"), text_of("TOLLGATE_STOP_POINT=%s", point));
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", MB));
    eventually(!process_running(keeper->process));
    kill_worker(gateway, keeper);
    expect_equal(file_column(id, "state"), "waiting");
    keeper = start_keeper(NULL);
    make_file_due(id); // as when the lease of the one that died is over
    eventually(file_is(id, "kept"));
    struct answer answer = call(&acme, .path = file_path(id));
    expect_status(answer, 200);
    cr_assert_eq(strlen(answer.body), MB);
    relay_end();
}

Test(media, is_kept_though_a_worker_died_while_it_came)
{
    expect_kept_after_a_worker_died_at("media_came:3");
}

Test(media, is_kept_though_a_worker_died_when_it_lay_there)
{
    expect_kept_after_a_worker_died_at("media_kept");
}

// A worker that stops in the middle gives back what it fetches.
Test(media, is_another_workers_at_once_when_one_stops)
{
    given_keeper();
    const char *meta_id = upload(&acme, "application/pdf", MB);
    simulator_set(gateway->simulator, "{\"stall_download_at\": 100000}");
    const char *id = receive_file(&acme, meta_id);
    eventually(strcmp(daemon_metric(keeper, "tollgate_media_bytes_total"), "100000") == 0);
    process_stop_cleanly(keeper->process);
    kill_worker(gateway, keeper);
    expect_equal(file_column(id, "claim_id"), "");
    expect_equal(file_column(id, "attempts"), "0");
    simulator_set(gateway->simulator, "{\"stall_download_at\": 0}");
    keeper = start_keeper(NULL);
    eventually(file_is(id, "kept"));
    cr_assert_eq(on_the_way(), 0);
    relay_end();
}

Test(media, goes_when_its_time_is_over_or_it_is_deleted)
{
    given_keeper();
    const char *old = receive_file(&acme, upload(&acme, "application/pdf", 10));
    const char *deleted = receive_file(&acme, upload(&acme, "application/pdf", 10));
    const char *kept = receive_file(&acme, upload(&acme, "application/pdf", 10));
    eventually(file_is(old, "kept") && file_is(deleted, "kept") && file_is(kept, "kept"));
    (void)database_text(gateway->database,
                        "UPDATE media SET kept_at = now() - interval '31 days' WHERE id = '%s'",
                        old);
    struct answer answer = call(&acme, .method = "DELETE", .path = file_path(deleted));
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/state"), "gone");
    expect_refusal(call(&acme, .path = file_path(deleted)), 410, "media_gone");
    eventually(!lies_there(&acme, deleted) && !lies_there(&acme, old));
    cr_assert(lies_there(&acme, kept));
    expect_refusal(call(&acme, .path = file_path(old)), 410, "media_gone");
    eventually(strcmp(daemon_metric(keeper, "tollgate_media_removed_total"), "2") == 0);
    relay_end();
}

Test(media, of_one_who_is_erased_goes)
{
    given_keeper();
    const char *id = receive_from(&acme, "919876543210", upload(&acme, "application/pdf", 10));
    const char *other = receive_from(&acme, "919876500000", upload(&acme, "application/pdf", 10));
    eventually(file_is(id, "kept") && file_is(other, "kept"));
    (void)database_text(gateway->database, "SELECT erase_contact('%s', '919876543210')", acme.id);
    eventually(!lies_there(&acme, id));
    expect_refusal(call(&acme, .path = file_path(id)), 410, "media_gone");
    expect_status(call(&acme, .path = file_path(other)), 200);
    relay_end();
}

// The test's own mounts: nobody else sees them, and they end with it.
static const char *given_small_disk(const char *size)
{
    const char *directory = given_directory("small");
    if (unshare(CLONE_NEWNS) != 0)
        cr_skip_test("no mounts without rights");
    cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    cr_assert_eq(mount("tmpfs", directory, "tmpfs", 0, text_of("size=%s", size)), 0);
    return directory;
}

Test(media, that_finds_no_room_is_fetched_when_there_is_some)
{
    given_keeper_with(given_small_disk("2m"), NULL);
    const char *small = receive_file(&acme, upload(&acme, "application/pdf", 10));
    eventually(file_is(small, "kept"));
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", (size_t)3 * MB));
    eventually(file_has_met(id, "no_room"));
    expect_equal(file_column(id, "state"), "waiting");
    cr_assert_eq(on_the_way(), 0); // what came of it has made room again
    cr_assert(daemon_has_logged(keeper, "media_not_written"));
    expect_status(call(&acme, .path = file_path(small)), 200);
    cr_assert_eq(mount("tmpfs", store, NULL, MS_REMOUNT, "size=9m"), 0);
    process_stop_cleanly(keeper->process); // rather than wait for it to try again
    kill_worker(gateway, keeper);
    keeper = start_keeper(NULL);
    make_file_due(id);
    eventually(file_is(id, "kept"));
    relay_end();
}

static const char *why_refused(const char *daemon, const char *directory)
{
    const char *role =
        strcmp(daemon, "tollgate-worker") == 0 ? "tollgate_worker" : "tollgate_ingress";
    const char **environment = calloc(10, sizeof *environment);
    cr_assert(environment);
    environment[0] = text_of("TOLLGATE_POSTGRES_URL=%s", database_url(gateway->database, role));
    environment[1] = "TOLLGATE_REDIS_URL=redis://127.0.0.1:1";
    environment[2] = "TOLLGATE_LISTEN=127.0.0.1:0";
    environment[3] = "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET;
    environment[4] = "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN;
    environment[5] = "TOLLGATE_WORKER_ROLES=media";
    environment[6] = store_setting(directory);
    struct command_result run = command_run(WORDS(testbed_daemon(daemon)), environment);
    cr_assert_eq(run.status, 2, "%d %s", run.status, run.errors);
    const char *line = strstr(run.errors, "TOLLGATE_MEDIA_STORE");
    cr_assert(line, "%s", run.errors);
    return line;
}

Test(media, store_must_be_the_one_that_all_share_and_can_be_written)
{
    static const char *const daemons[] = {"tollgate-ingress", "tollgate-worker"};
    given_keeper();
    const char *other = given_directory("other");
    for (size_t i = 0; i < 2; i++) {
        cr_assert(strstr(why_refused(daemons[i], other), "files lie elsewhere"));
        cr_assert(strstr(why_refused(daemons[i], text_of("%s/none", other)), "no directory"));
        cr_assert(strstr(why_refused(daemons[i], file_with("file", "x")), "no directory"));
        cr_assert(strstr(why_refused(daemons[i], "/proc"), "cannot be written"));
    }
    cr_assert(strstr(why_refused("tollgate-worker", ""), "is not set; the role media needs it"));
    (void)database_text(gateway->database, "SELECT leave_media_store()");
    (void)start_worker_with_settings(
        gateway, (const char *const[]){"TOLLGATE_WORKER_ROLES=media", store_setting(other), NULL});
    relay_end();
}

// One org with all that it can get leaves the others theirs.
Test(media, of_one_org_leaves_others_room)
{
    enum { FILES = TG_MEDIA_FETCHES_PER_ORG + 2 };
    given_keeper();
    expect_status(
        call(&beta, .method = "PATCH", .path = "/api/settings", .body = "{\"keep_media\": true}"),
        200);
    const char *meta_id = upload(&acme, "application/pdf", MB);
    const char *other = upload(&beta, "application/pdf", 1000);
    simulator_set(gateway->simulator, "{\"stall_download_at\": 100000}");
    for (int i = 0; i < FILES; i++)
        (void)receive_file(&acme, meta_id);
    const char *claimed = "SELECT count(*) FROM media WHERE claim_id IS NOT NULL";
    eventually(database_number(gateway->database, "%s", claimed) == TG_MEDIA_FETCHES_PER_ORG);
    const char *id = receive_file(&beta, other);
    eventually(file_is(id, "kept"));
    cr_assert_eq(database_number(gateway->database, "%s", claimed), TG_MEDIA_FETCHES_PER_ORG);
    relay_end();
}
