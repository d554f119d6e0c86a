// Files of an org's own, and the sending of those that are kept: its own, and those of contacts.
#include "common/base/text.h"
#include "common/limits.h"
#include "tests/system/keeper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(media_sent, .timeout = 180);

#define PHONE "919876500001"
// Of a send: it is about its file.
#define expect_unsent(answer_, status, code)                                                       \
    do {                                                                                           \
        struct answer refusal = (answer_);                                                         \
        expect_refused(&refusal, status, code, "media.id");                                        \
    } while (false)
#define NOBODYS "00000000-0000-4000-8000-000000000000"

static void start_sender(void)
{
    (void)start_worker_with_settings(gateway,
                                     (const char *const[]){"TOLLGATE_WORKER_ROLES=send", NULL});
}

// A gateway that keeps files, and sends.
static void given_sender(void)
{
    given_keeper();
    start_sender();
}

static const char *send_of(const char *type, const char *id, const char *further)
{
    return text_of("{\"phone\": \"+" PHONE "\", \"media\": {\"type\": \"%s\", \"id\": \"%s\"}%s}",
                   type, id, further);
}

// Waits for Meta's answer.
static struct answer send_file(const struct org *org, const char *type, const char *id)
{
    return call(org, .path = "/api/send-message", .body = send_of(type, id, ""),
                .headers = {"Prefer: wait=20"});
}

static struct answer send_keyed(const struct org *org, const char *type, const char *id)
{
    return call(org, .path = "/api/send-message", .body = send_of(type, id, ""),
                .headers = {"Prefer: wait=20", "Idempotency-Key: one"});
}

// How often a file was uploaded to Meta for the org's number.
static long uploads(const struct org *org)
{
    return simulator_calls(gateway->simulator,
                           text_of("POST /v23.0/%s/media", org->phone_number_id));
}

static void expect_nothing_sent(const struct org *org)
{
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM messages WHERE direction = 'outbound' AND "
                                 "org_id = '%s'",
                                 org->id),
                 0);
    expect_equal(org_balance(org), "100.00");
}

// By which id Meta has it, over that channel.
static const char *meta_id_of(const char *id, const char *channel_id)
{
    return database_text(gateway->database,
                         "SELECT meta_id FROM media_at_meta WHERE media_id = '%s' AND "
                         "channel_id = '%s'",
                         id, channel_id);
}

static const char *posted_id(const struct answer *sent, const char *path)
{
    return database_text(gateway->database, "SELECT payload #>> '%s' FROM messages WHERE id = '%s'",
                         path, answer_text(sent, "/message_id"));
}

static bool lies_in_directory(const struct org *org, const char *id)
{
    return access(text_of("%s/%s/%s", store, org->id, id), F_OK) == 0;
}

// What a file that is kept has to be able to do, wherever it lies.
static void expect_kept_and_sent(void)
{
    const char *id = own_file(&acme, "image/png", 1000);
    struct answer answer = call(&acme, .path = "/api/media");
    expect_equal(answer_text(&answer, "/media/0/id"), id);
    expect_equal(answer_text(&answer, "/media/0/channel_id"), "");
    expect_equal(answer_text(&answer, "/media/0/message_id"), "");
    expect_equal(answer_text(&answer, "/media/0/mime_type"), "image/png");
    answer = call(&acme, .path = file_path(id));
    expect_status(answer, 200);
    cr_assert_eq(strspn(answer.body, "x"), 1000);
    for (int i = 0; i < 3; i++) {
        answer = send_file(&acme, "image", id);
        expect_status(answer, 200);
        expect_equal(posted_id(&answer, "{image,id}"), meta_id_of(id, acme.channel_id));
    }
    cr_assert_eq(uploads(&acme), 1);
    expect_equal(org_balance(&acme), "99.40");
    answer = call(&acme, .path = text_of("/v23.0/%s", meta_id_of(id, acme.channel_id)));
    expect_equal(answer_text(&answer, "/sha256"), file_column(id, "sha256"));
    expect_equal(answer_text(&answer, "/mime_type"), "image/png");

    // Nobody else has it.
    expect_unsent(send_file(&beta, "image", id), 404, "media_not_found");
    expect_refusal(call(&beta, .path = file_path(id)), 404, "not_found");
    expect_nothing_sent(&beta);
    cr_assert_eq(uploads(&beta), 0);
}

Test(media_sent, is_kept_listed_and_sent_with_one_upload)
{
    given_sender();
    expect_kept_and_sent();
    expect_equal(database_text(gateway->database,
                               "SELECT count(*) FROM audit_log WHERE object = 'media' AND actor "
                               "LIKE 'key:%%' AND org_id = '%s'",
                               acme.id),
                 "1");
    relay_end();
}

Test(media_sent, is_kept_in_a_bucket_and_sent_from_there)
{
    given_bucket_keeper(NULL);
    start_sender();
    expect_kept_and_sent();
    const char *id = own_file(&acme, "image/jpeg", 1000);
    bucket_set_trouble("1");
    struct http_request request = own_file_of(&acme, "image/png", 10);
    expect_refusal(http_ask(gateway->http, &request), 503, "unavailable");
    expect_unsent(send_file(&acme, "image", id), 503, "unavailable");
    bucket_set_trouble("cut");
    expect_unsent(send_file(&acme, "image", id), 503, "unavailable"); // no half files
    cr_assert_eq(uploads(&acme), 1);
    bucket_set_trouble("0");
    expect_status(send_file(&acme, "image", id), 200);
    bucket_end();
}

Test(media_sent, of_a_contact_is_sent_like_one_of_the_org)
{
    given_sender();
    const char *id = receive_file(&acme, upload(&acme, "application/pdf", 1000));
    expect_unsent(send_file(&acme, "document", NOBODYS), 404, "media_not_found");
    eventually(file_is(id, "kept"));
    struct answer answer = send_file(&acme, "document", id);
    expect_status(answer, 200);
    expect_equal(posted_id(&answer, "{document,id}"), meta_id_of(id, acme.channel_id));
    relay_end();
}

#define BOUNDARY "----own"
#define PART(name, further)                                                                        \
    "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"" name "\"" further "\r\n"

enum { MIB = 1024 * 1024 };

static void expect_code(struct answer answer, int status, const char *code)
{
    cr_assert(answer.status == status && strcmp(answer_text(&answer, "/code"), code) == 0,
              "not %d %s: %d %s", status, code, answer.status, answer.body);
}

static struct answer post_form(const char *body)
{
    return call(&acme, .path = "/api/media", .body = body,
                .content_type = "multipart/form-data; boundary=" BOUNDARY);
}

Test(media_sent, may_come_in_a_form_or_as_it_is)
{
    static const struct {
        const char *form;
        int status;
        const char *code;
    } bad[] = {
        {PART("file", "; filename=\"a\"") "Content-Type: image/png\r\n\r\nxyz\r\n" PART(
             "more", "") "\r\nx\r\n--" BOUNDARY "--\r\n",
         400, "unknown_field"},
        {PART("type", "") "\r\nimage/png\r\n--" BOUNDARY "--\r\n", 400, "unknown_field"},
        {PART("file", "; filename=\"a\"") "\r\nxyz\r\n--" BOUNDARY "--\r\n", 415,
         "unsupported_media_type"},
        {PART("file", "; filename=\"a\"") "Content-Type: image/png\r\n\r\n\r\n--" BOUNDARY "--\r\n",
         400, "missing_field"},
        {PART("file", "; filename=\"a\"") "Content-Type: image/png\r\n\r\nxyz", 400,
         "invalid_form"},
        {"x", 400, "invalid_form"},
    };
    given_sender();
    struct answer answer = post_form(
        PART("file", "; filename=\"Preis \xc3\xa4.pdf\"") "Content-Type: application/pdf\r\n\r\nxyz"
                                                          "\r\n--" BOUNDARY "--\r\n");
    expect_status(answer, 201);
    expect_equal(answer_text(&answer, "/size"), "3");
    expect_equal(answer_text(&answer, "/filename"), "Preis \xc3\xa4.pdf");
    answer = call(&acme, .path = file_path(answer_text(&answer, "/id")));
    expect_equal(answer.body, "xyz");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_code(post_form(bad[i].form), bad[i].status, bad[i].code);

    answer = call(&acme, .path = "/api/media?filename=a%20b", .body = "xyz",
                  .content_type = "text/plain; charset=utf-8");
    expect_status(answer, 201);
    expect_equal(answer_text(&answer, "/filename"), "a b");
    expect_equal(answer_text(&answer, "/mime_type"), "text/plain; charset=utf-8");
    expect_code(call(&acme, .path = "/api/media", .body = "xyz", .content_type = "image/gif"), 415,
                "unsupported_media_type");
    expect_code(call(&acme, .path = "/api/media", .method = "POST", .content_type = "image/png"),
                400, "missing_field");
    struct http_request large = own_file_of(&acme, "image/png", 5 * MIB + 1);
    expect_code(http_ask(gateway->http, &large), 413, "body_too_large");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM media"), 2);
    relay_end();
}

Test(media_sent, must_be_what_the_message_says)
{
    given_sender();
    const char *image = own_file(&acme, "image/png", 10);
    const char *audio = own_file(&acme, "audio/ogg; codecs=opus", 10);
    struct answer answer = send_file(&acme, "video", image);
    expect_refused(&answer, 400, "invalid_message", "media.id");
    answer = send_file(&acme, "image", audio);
    expect_refused(&answer, 400, "invalid_message", "media.id");
    cr_assert_eq(uploads(&acme), 0);
    expect_nothing_sent(&acme);
    answer = call(&acme, .path = "/api/send-message",
                  .body = send_of("image", image, ", \"send_at\": \"2026-12-30T00:00:00Z\""));
    expect_refused(&answer, 400, "invalid_message", "media.id");
    expect_status(send_file(&acme, "audio", audio), 200);
    expect_status(send_file(&acme, "document", image), 200);
    relay_end();
}

Test(media_sent, stands_in_templates_and_headers_as_well)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    struct answer answer =
        call(&acme, .path = "/api/send-message", .headers = {"Prefer: wait=20"},
             .body = text_of("{\"phone\": \"+" PHONE "\", \"payload\": {\"type\": \"template\", "
                             "\"template\": {\"name\": \"news\", \"language\": {\"code\": \"en\"}, "
                             "\"components\": [{\"type\": \"header\", \"parameters\": [{\"type\": "
                             "\"image\", \"image\": {\"id\": \"%s\"}}]}]}}}",
                             id));
    expect_status(answer, 200);
    expect_equal(posted_id(&answer, "{template,components,0,parameters,0,image,id}"),
                 meta_id_of(id, acme.channel_id));
    answer = call(&acme, .path = "/api/send-message",
                  .body = text_of("{\"phone\": \"+" PHONE "\", \"payload\": {\"type\": \"video\", "
                                  "\"video\": {\"id\": \"%s\"}}}",
                                  id));
    expect_refused(&answer, 400, "invalid_message", "payload.video.id");
    relay_end();
}

// Meta has an id for each number.
Test(media_sent, is_uploaded_for_each_number_that_sends_it)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    const char *other = database_text(
        gateway->database,
        "INSERT INTO channels (org_id, phone_number_id, waba_id, access_token, "
        "service_fee_per_msg) VALUES ('%s', '4711003', '71001', 'EAAAcme', 0.20) RETURNING id",
        acme.id);
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"waba_id\": \"71001\", "
                                          "\"phone_number_ids\": [\"4711001\", \"4711003\"]}");
    expect_status(send_file(&acme, "image", id), 200);
    struct answer answer =
        call(&acme, .path = "/api/send-message", .headers = {"Prefer: wait=20"},
             .body = send_of("image", id, text_of(", \"phone_number_id\": \"%s\"", "4711003")));
    expect_status(answer, 200);
    expect_equal(posted_id(&answer, "{image,id}"), meta_id_of(id, other));
    cr_assert_eq(uploads(&acme), 1);
    cr_assert_eq(simulator_calls(gateway->simulator, "POST /v23.0/4711003/media"), 1);
    // What Meta is about to forget is uploaded anew.
    (void)database_text(
        gateway->database,
        "UPDATE media_at_meta SET uploaded_at = now() - interval '28 days 1 minute'");
    expect_status(send_file(&acme, "image", id), 200);
    cr_assert_eq(uploads(&acme), 2);
    // A paused number is no number to upload for.
    (void)database_text(gateway->database, "UPDATE channels SET status = 'paused'");
    answer = send_file(&acme, "image", own_file(&acme, "image/png", 10));
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    cr_assert_eq(uploads(&acme), 2);
    relay_end();
}

Test(media_sent, that_does_not_reach_meta_costs_nothing_and_is_sent_later)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", MB);
    simulator_set(gateway->simulator, "{\"cut_upload_at\": 100000}");
    expect_unsent(send_file(&acme, "image", id), 503, "meta_unavailable");
    simulator_set(gateway->simulator, "{\"cut_upload_at\": 0}");
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    struct answer answer = send_file(&acme, "image", id);
    expect_refused(&answer, 422, "refused_by_meta", "media.id");
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": false}");
    simulator_set(gateway->simulator, "{\"down\": true}");
    expect_unsent(send_file(&acme, "image", id), 503, "meta_unavailable");
    expect_nothing_sent(&acme);
    simulator_set(gateway->simulator, "{\"down\": false}");
    cr_assert_eq(unlink(text_of("%s/%s/%s", store, acme.id, id)), 0);
    expect_unsent(send_file(&acme, "image", id), 503, "unavailable");
    expect_nothing_sent(&acme);
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    expect_status(send_file(&acme, "image", own_file(&acme, "image/png", MB)), 200);
    relay_end();
}

// What was accepted before is told again, though the file is gone; and nothing else is sent.
Test(media_sent, that_is_gone_is_told_to_repeats_as_it_was)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    struct answer first = send_keyed(&acme, "image", id);
    expect_status(first, 200);
    expect_status(call(&acme, .method = "DELETE", .path = file_path(id)), 200);
    expect_equal(meta_id_of(id, acme.channel_id), "");
    struct answer again = send_keyed(&acme, "image", id);
    expect_status(again, 200);
    expect_equal(answer_text(&again, "/message_id"), answer_text(&first, "/message_id"));
    expect_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    expect_unsent(send_file(&acme, "image", id), 410, "media_gone");
    expect_unsent(call(&acme, .path = "/api/send-message", .body = send_of("image", id, ""),
                       .headers = {"Idempotency-Key: two"}),
                  410, "media_gone");
    expect_equal(org_balance(&acme), "99.80");
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    eventually(!lies_in_directory(&acme, id));
    relay_end();
}

Test(media_sent, of_many_sends_is_uploaded_once_and_they_keep_their_order)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    const char *gone = own_file(&acme, "image/png", 10);
    expect_status(call(&acme, .method = "DELETE", .path = file_path(gone)), 200);
    struct answer answer =
        call(&acme, .path = "/api/send-messages",
             .body = text_of("{\"messages\": [%s, {\"phone\": \"+" PHONE
                             "\", \"message\": \"between\"}, %s, %s, %s]}",
                             send_of("image", id, ""), send_of("image", gone, ""),
                             send_of("video", id, ""), send_of("image", id, "")));
    expect_status(answer, 207);
    expect_equal(answer_text(&answer, "/accepted"), "3");
    expect_equal(answer_text(&answer, "/messages/2/code"), "media_gone");
    expect_equal(answer_text(&answer, "/messages/2/detail/field"), "media.id");
    expect_equal(answer_text(&answer, "/messages/3/code"), "invalid_message");
    cr_assert_eq(uploads(&acme), 1);
    const char *last = answer_text(&answer, "/messages/4/message_id");
    eventually(strcmp(message_state(gateway, last), "sent") == 0);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(type, ' ' ORDER BY sent_at, id) FROM messages "
                               "WHERE direction = 'outbound'"),
                 "image text image");
    relay_end();
}

// Those who come while it is on its way wait for it.
Test(media_sent, is_uploaded_once_for_all_who_want_it_at_once)
{
    enum { SENDS = 12 };
    struct http_request requests[SENDS];
    struct answer answers[SENDS];
    given_sender();
    const char *id = own_file(&acme, "video/mp4", (size_t)10 * MB);
    simulator_set(gateway->simulator, "{\"latency_ms\": 300}");
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){
            .path = "/api/send-message", .key = acme.key, .body = send_of("video", id, "")};
    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);
    for (int i = 0; i < SENDS; i++)
        expect_status(answers[i], 202);
    cr_assert_eq(uploads(&acme), 1);
    relay_end();
}

static void expect_quota(const char *held)
{
    struct answer answer = call(&acme, .path = "/api/settings");
    expect_equal(answer_text(&answer, "/media_quota_bytes"), "1500");
    expect_equal(answer_text(&answer, "/media_bytes"), held);
}

Test(media_sent, has_no_more_room_than_its_org_may_have)
{
    given_sender();
    (void)database_text(gateway->database,
                        "UPDATE organizations SET media_quota_bytes = 1500 WHERE id = '%s'",
                        acme.id);
    const char *id = own_file(&acme, "image/png", 1000);
    struct http_request request = own_file_of(&acme, "image/png", 501);
    expect_refusal(http_ask(gateway->http, &request), 409, "media_quota");
    expect_quota("1000");
    (void)own_file(&beta, "image/png", 5000);
    // What a contact sends waits for room, as long as Meta has it.
    const char *large = receive_file(&acme, upload(&acme, "application/pdf", 501));
    eventually(file_has_met(large, "quota"));
    expect_equal(file_column(large, "state"), "waiting");
    cr_assert_not(lies_in_directory(&acme, large));
    const char *small = receive_file(&acme, upload(&acme, "application/pdf", 500));
    eventually(file_is(small, "kept"));
    expect_quota("1500");
    const char *none = receive_file(&acme, upload(&acme, "application/pdf", 1));
    eventually(file_has_met(none, "quota"));
    expect_equal(file_column(none, "attempts"), "0"); // Meta is not even asked
    expect_status(call(&acme, .method = "DELETE", .path = file_path(id)), 200);
    expect_quota("500");
    make_file_due(large);
    eventually(file_is(large, "kept"));
    relay_end();
}

static bool has_died(void)
{
    return !process_running(gateway->ingress.process);
}

// It dies no more.
static void restart_ingress(void)
{
    static struct gateway_options options;
    process_kill(gateway->ingress.process);
    options = *gateway->options;
    options.ingress_settings[1] = NULL;
    gateway->options = &options;
    gateway->ingress = start_ingress(gateway);
    gateway->http = http_open(gateway->ingress.url);
}

// What it has put there is removed when its time is over, and stands in the list until then as what
// it is.
Test(media_sent, of_an_ingress_that_died_before_it_was_kept_is_removed)
{
    store = given_directory("store");
    given_relay(.ingress_settings = {store_setting(store), "TOLLGATE_STOP_POINT=media_uploaded"});
    keeper = start_keeper(NULL);
    struct http_request request = own_file_of(&acme, "image/png", 10);
    cr_assert_eq(http_try(gateway->http, &request).status, 0);
    eventually(has_died());
    const char *id = database_text(gateway->database, "SELECT id FROM media");
    expect_equal(file_column(id, "state || ' ' || error_code"), "failed not_uploaded");
    cr_assert(lies_in_directory(&acme, id));
    make_file_due(id);
    eventually(!lies_in_directory(&acme, id));
    restart_ingress();
    stop_gateway(gateway);
}

// (An upload that nobody remembers is one more at Meta; the message is posted once all the same.)
Test(media_sent, of_an_ingress_that_died_when_meta_had_it_is_sent_by_a_repeat)
{
    store = given_directory("store");
    given_relay(.ingress_settings = {store_setting(store), "TOLLGATE_STOP_POINT=media_lent"});
    start_sender();
    const char *id = own_file(&acme, "image/png", 10);
    cr_assert_eq(
        http_try(gateway->http, &(const struct http_request){.path = "/api/send-message",
                                                             .key = acme.key,
                                                             .body = send_of("image", id, ""),
                                                             .headers = {"Idempotency-Key: one"}})
            .status,
        0);
    eventually(has_died());
    expect_nothing_sent(&acme);
    cr_assert_eq(uploads(&acme), 1);
    restart_ingress();
    expect_status(send_keyed(&acme, "image", id), 200);
    cr_assert_eq(uploads(&acme), 2);
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}

// In, to Meta, and out.
static void expect_own_large_file_passes(void)
{
    expect_status(send_file(&acme, "document", own_file(&acme, "application/pdf", 10)), 200);
    forget_memory(&gateway->ingress);
    long before = most_memory(&gateway->ingress);
    const char *id = own_file(&acme, "application/pdf", LARGE);
    struct answer answer = call(&acme, .path = "/api/send-message", .headers = {"Prefer: wait=60"},
                                .body = send_of("document", id, ""));
    expect_status(answer, 200);
    answer = call(&acme, .path = file_path(id));
    cr_assert_eq(strlen(answer.body), LARGE);
    expect_no_more_memory(&gateway->ingress, before);
}

Test(media_sent, of_95_megabytes_is_never_in_memory)
{
    given_sender();
    expect_own_large_file_passes();
    relay_end();
}

Test(media_sent, of_95_megabytes_in_a_bucket_is_never_in_memory)
{
    given_bucket_keeper(NULL);
    start_sender();
    expect_own_large_file_passes();
    bucket_end();
}

Test(media_sent, of_one_request_are_so_many_at_the_most)
{
    given_sender();
    struct tg_text body = {0}; // ends with the test
    tg_text_append_string(&body, "{\"messages\": [");
    for (int i = 0; i <= TG_LOANS_MAX; i++) {
        const char *id = text_of("00000000-0000-4000-8000-%012d", i);
        tg_text_append_format(&body, "%s%s", i > 0 ? ", " : "", send_of("image", id, ""));
    }
    tg_text_append_string(&body, "]}");
    struct answer answer = call(&acme, .path = "/api/send-messages", .body = body.data);
    expect_status(answer, 207);
    const char *last = text_of("/messages/%d/code", TG_LOANS_MAX - 1);
    expect_equal(answer_text(&answer, last), "media_not_found");
    last = text_of("/messages/%d/code", TG_LOANS_MAX);
    expect_equal(answer_text(&answer, last), "invalid_message");
    relay_end();
}

static void unlock(void)
{
    (void)database_text(gateway->database, "ROLLBACK");
}

// Acme's that found no place have ended: whoever has one waits for the lock.
static void unlock_when_refused(size_t ended, void *context)
{
    bool *is_locked = context;
    if (*is_locked && ended >= TG_ERRANDS_MAX / 2) {
        *is_locked = false;
        unlock();
    }
}

Test(media_sent, of_one_org_leaves_others_room)
{
    enum { SENDS = TG_ERRANDS_MAX + 1 };
    struct http_request requests[SENDS];
    struct answer answers[SENDS];
    bool is_locked = true;
    long refused = 0;
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    const char *others = own_file(&beta, "image/png", 10);
    for (int i = 0; i < SENDS; i++)
        requests[i] =
            (struct http_request){.path = "/api/send-message",
                                  .key = i < SENDS - 1 ? acme.key : beta.key,
                                  .body = send_of("image", i < SENDS - 1 ? id : others, "")};
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE media_at_meta");
    http_ask_all(gateway->ingress.url, requests, SENDS, answers, unlock_when_refused, &is_locked);
    for (int i = 0; i < SENDS - 1; i++) {
        refused += answers[i].status == 429;
        cr_assert(answers[i].status == 202 || answers[i].status == 429, "%s", answers[i].body);
    }
    cr_assert_geq(refused, TG_ERRANDS_MAX / 2);
    expect_status(answers[SENDS - 1], 202);
    relay_end();
}

Test(media_sent, is_uploaded_anew_once_its_id_was_deleted_at_meta)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    expect_status(send_file(&acme, "image", id), 200);
    const char *first = meta_id_of(id, acme.channel_id);
    expect_status(call(&acme, .method = "DELETE", .path = text_of("/v23.0/%s", first)), 200);
    struct answer answer = send_file(&acme, "image", id);
    expect_status(answer, 200);
    cr_assert_str_neq(posted_id(&answer, "{image,id}"), first);
    cr_assert_eq(uploads(&acme), 2);
    relay_end();
}

static struct answer make_campaign(const char *id, const char *more)
{
    return call(&acme, .path = "/api/campaigns",
                .body = text_of("{\"payload\": {\"type\": \"image\", \"image\": {\"id\": \"%s\"}}, "
                                "\"recipients\": [{\"phone\": \"+919876500001\"}, "
                                "{\"phone\": \"+919876500002\"}]%s}",
                                id, more));
}

// Before anything is charged; and Meta has forgotten it one day.
Test(media_sent, is_brought_to_meta_once_for_a_campaign)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    const char *in_time =
        text_of(", \"not_after\": \"%s\"",
                database_text(gateway->database, "SELECT time_text(now() + interval '28 days')"));
    struct answer answer = make_campaign(id, "");
    expect_refused(&answer, 400, "missing_field", "not_after");
    answer = make_campaign(id, ", \"not_after\": \"2999-01-01T00:00:00Z\"");
    expect_refused(&answer, 400, "invalid_message", "payload.image.id");
    answer = make_campaign("019ace1f-0b52-7d43-9c1a-7f4f5a3f0c12", in_time);
    expect_refused(&answer, 404, "media_not_found", "payload.image.id");
    answer = make_campaign(own_file(&acme, "audio/mpeg", 10), in_time);
    expect_refused(&answer, 400, "invalid_message", "payload.image.id");
    cr_assert_eq(uploads(&acme), 0);
    answer = make_campaign(id, in_time);
    expect_status(answer, 201);
    const char *campaign = answer_text(&answer, "/campaign_id");
    expect_status(
        call(&acme, .method = "POST", .path = text_of("/api/campaigns/%s/start", campaign)), 200);
    eventually(
        database_number(gateway->database,
                        "SELECT count(*) FROM messages m JOIN campaign_messages k ON "
                        "k.message_id = m.id WHERE k.campaign_id = '%s' AND m.status IN "
                        "('sent', 'delivered', 'read') AND m.payload #>> '{image,id}' = '%s'",
                        campaign, meta_id_of(id, acme.channel_id)) == 2);
    cr_assert_eq(uploads(&acme), 1);
    relay_end();
}

// Each recipient's own would be brought there while all the others wait.
Test(media_sent, is_for_no_placeholder_of_a_campaign)
{
    given_sender();
    const char *id = own_file(&acme, "image/png", 10);
    struct answer answer =
        call(&acme, .path = "/api/campaigns",
             .body = text_of("{\"payload\": {\"type\": \"image\", \"image\": {\"id\": "
                             "\"{{file}}\"}}, \"recipients\": [{\"phone\": \"+" PHONE
                             "\", \"params\": {\"file\": \"%s\"}}]}",
                             id));
    expect_equal(answer_text(&answer, "/detail/errors/0/code"), "invalid_message");
    expect_equal(answer_text(&answer, "/detail/errors/0/detail/field"), "payload.image.id");
    relay_end();
}

static void stop_when_under_way(size_t ended, void *context)
{
    const char *metric = "tollgate_media_lent_bytes_total";
    bool *is_told = context;
    if (!*is_told && ended == 0 && strcmp(daemon_metric(&gateway->ingress, metric), "1000") == 0) {
        *is_told = true;
        process_signal(gateway->ingress.process, SIGTERM);
    }
}

Test(media_sent, of_an_ingress_that_stops_is_not_waited_for)
{
    struct answer answer;
    bool is_told = false;
    given_sender();
    const char *id = own_file(&acme, "image/png", 1000);
    simulator_set(gateway->simulator, "{\"latency_ms\": 60000}");
    const struct http_request request = {
        .path = "/api/send-message", .key = acme.key, .body = send_of("image", id, "")};
    http_ask_all(gateway->ingress.url, &request, 1, &answer, stop_when_under_way, &is_told);
    expect_unsent(answer, 503, "unavailable");
    process_end_cleanly(gateway->ingress.process);
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    gateway->ingress = start_ingress(gateway);
    gateway->http = http_open(gateway->ingress.url);
    expect_status(send_file(&acme, "image", id), 200);
    relay_end();
}

// What goes to Meta under the org's token is nothing that a gateway without a relay does; nor does
// one without a store keep anything.
Test(media_sent, is_not_where_there_is_no_store_or_no_relay)
{
    given_relay(.ingress_settings = {"TOLLGATE_RELAY=on"});
    struct http_request request = own_file_of(&acme, "image/png", 10);
    expect_refusal(http_ask(gateway->http, &request), 503, "unavailable");
    expect_unsent(send_file(&acme, "image", NOBODYS), 503, "unavailable");
    expect_nothing_sent(&acme);
    relay_end();
}
