// Files that contacts send, kept in a bucket (tests/bucket), which checks each signature by itself.
#include "common/limits.h"
#include "tests/system/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(media_bucket, .timeout = 180);

static bool lies_there(const struct org *org, const char *id)
{
    return access(text_of("%s/kept/files/%s/%s", bucket_folder, org->id, id), F_OK) == 0;
}

Test(media_bucket, has_what_a_contact_sends_and_hands_it_out)
{
    given_bucket_keeper(NULL);
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", 1000));
    eventually(file_is(id, "kept"));
    cr_assert(lies_there(&acme, id));
    struct answer answer = call(&acme, .path = file_path(id));
    expect_status(answer, 200);
    cr_assert_eq(strspn(answer.body, "x"), 1000);
    expect_equal(answer_header(&answer, "Content-Type"), "application/pdf");
    answer = call(&acme, .path = file_path(id), .headers = {"Range: bytes=-10"});
    expect_status(answer, 206);
    expect_equal(answer.body, "xxxxxxxxxx");
    expect_equal(answer_header(&answer, "Content-Range"), "bytes 990-999/1000");
    expect_refusal(call(&acme, .path = file_path(id), .headers = {"Range: bytes=1000-"}), 416,
                   "range_beyond");
    expect_refusal(call(&beta, .path = file_path(id)), 404, "not_found");

    answer = call(&acme, .method = "DELETE", .path = file_path(id));
    expect_status(answer, 200);
    eventually(!lies_there(&acme, id));
    expect_refusal(call(&acme, .path = file_path(id)), 410, "media_gone");
    eventually(strcmp(daemon_metric(keeper, "tollgate_media_removed_total"), "1") == 0);
    bucket_end();
}

Test(media_bucket, of_95_megabytes_is_never_in_memory)
{
    given_bucket_keeper(NULL);
    expect_large_file_passes(90);
    bucket_end();
}

Test(media_bucket, that_is_down_gets_the_file_when_it_is_there_again)
{
    given_bucket_keeper(NULL);
    const char *kept = receive_file(&acme, upload(&acme, "application/pdf", MB));
    eventually(file_is(kept, "kept"));
    const char *meta_id = upload(&acme, "application/pdf", 1000);
    bucket_set_trouble("1");
    const char *id = receive_file(&acme, meta_id);
    eventually(file_has_met(id, "not_written"));
    expect_equal(file_column(id, "state"), "waiting");
    expect_refusal(call(&acme, .path = file_path(kept)), 503, "unavailable");
    bucket_set_trouble("cut");
    expect_refusal(call(&acme, .path = file_path(kept)), 503, "unavailable"); // no half files
    bucket_set_trouble("0");
    make_file_due(id);
    eventually(file_is(id, "kept"));
    expect_status(call(&acme, .path = file_path(kept)), 200);
    bucket_end();
}

Test(media_bucket, has_it_once_though_a_worker_died_when_it_lay_there)
{
    given_bucket_keeper("TOLLGATE_STOP_POINT=media_kept");
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", 1000));
    eventually(!process_running(keeper->process));
    cr_assert(lies_there(&acme, id));
    kill_worker(gateway, keeper);
    keeper = start_keeper(NULL);
    make_file_due(id); // as when the lease of the one that died is over
    eventually(file_is(id, "kept"));
    expect_status(call(&acme, .path = file_path(id)), 200);
    bucket_end();
}

static void expect_start_refused(const char *address, const char *secret, const char *why)
{
    struct command_result run =
        command_run(WORDS(testbed_daemon("tollgate-worker")),
                    WORDS(text_of("TOLLGATE_POSTGRES_URL=%s",
                                  database_url(gateway->database, "tollgate_worker")),
                          "TOLLGATE_REDIS_URL=redis://127.0.0.1:1", "TOLLGATE_WORKER_ROLES=media",
                          store_setting(address), store_key[0], store_key[1],
                          text_of("TOLLGATE_MEDIA_STORE_SECRET=%s", secret)));
    cr_assert_eq(run.status, 2, "%d %s", run.status, run.errors);
    cr_assert(strstr(run.errors, why), "%s", run.errors);
    cr_assert(!*secret || !strstr(run.errors, secret));
}

Test(media_bucket, must_be_the_one_that_all_share_and_let_us_in)
{
    given_bucket_keeper(NULL);
    expect_start_refused(store, "another-secret", "it cannot be written");
    expect_start_refused(store, "", "TOLLGATE_MEDIA_STORE_SECRET is not set");
    expect_start_refused(text_of("%s2", store), BUCKET_SECRET, "files lie elsewhere");
    expect_start_refused(given_directory("other"), BUCKET_SECRET, "files lie elsewhere");
    cr_assert(bucket_has_been_asked("SignatureDoesNotMatch"));
    relay_end();
}
