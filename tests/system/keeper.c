#include "tests/system/keeper.h"

#include "tests/system/webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *store;
const char *store_key[3];
struct daemon *keeper;

const char *store_setting(const char *directory)
{
    return text_of("TOLLGATE_MEDIA_STORE=%s", directory);
}

const char *given_directory(const char *name)
{
    const char *directory = text_of("%s/%s", testbed_directory(), name);
    cr_assert(mkdir(directory, 0700) == 0 || errno == EEXIST);
    return directory;
}

struct daemon *start_keeper(const char *further)
{
    const char *settings[8] = {"TOLLGATE_WORKER_ROLES=inbound,janitor,media", store_setting(store)};
    size_t n = 2;
    for (size_t i = 0; i < 3 && store_key[i]; i++)
        settings[n++] = store_key[i];
    settings[n] = further;
    return start_worker_with_settings(gateway, settings);
}

void given_keeper_with(const char *place, const char *further)
{
    store = place;
    given_relay(.ingress_settings = {store_setting(store), store_key[0], store_key[1],
                                     store_key[2]});
    struct answer answer =
        call(&acme, .method = "PATCH", .path = "/api/settings", .body = "{\"keep_media\": true}");
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/keep_media"), "true");
    keeper = start_keeper(further);
}

void given_keeper(void)
{
    given_keeper_with(given_directory("store"), NULL);
}

const char *bucket_folder;
static struct http *bucket;

#define KEY_ID "AKIDEXAMPLE"

static const char *start_bucket(void)
{
    int port = testbed_port();
    const char *url = text_of("http://127.0.0.1:%d", port);
    bucket_folder = given_directory("bucket");
    struct process *process = process_start(
        "bucket",
        WORDS("node", text_of("%s/tests/bucket/bucket.mjs", TOLLGATE_SOURCE_DIR), bucket_folder,
              text_of("%d", port), "kept", "eu-central-1", KEY_ID, BUCKET_SECRET),
        NULL);
    eventually(strstr(process_log(process), "listening"));
    bucket = http_open(url);
    return text_of("%s/kept/files", url);
}

void given_bucket_keeper(const char *further)
{
    const char *address = start_bucket();
    store_key[0] = "TOLLGATE_MEDIA_STORE_REGION=eu-central-1";
    store_key[1] = "TOLLGATE_MEDIA_STORE_KEY_ID=" KEY_ID;
    store_key[2] = "TOLLGATE_MEDIA_STORE_SECRET=" BUCKET_SECRET;
    given_keeper_with(address, further);
}

void bucket_set_trouble(const char *trouble)
{
    expect_status(ask(bucket, .method = "PUT", .path = "/_/down", .body = trouble), 200);
}

bool bucket_has_been_asked(const char *what)
{
    struct answer answer = ask(bucket, .path = "/_/log");
    return strstr(answer.body, what) != NULL;
}

void bucket_end(void)
{
    cr_assert_not(strstr(process_log(keeper->process), BUCKET_SECRET));
    cr_assert_not(strstr(process_log(gateway->ingress.process), BUCKET_SECRET));
    cr_assert_not(bucket_has_been_asked(" 403 "), "%s", ask(bucket, .path = "/_/log").body);
    relay_end();
}

const char *receive_from(const struct org *org, const char *from, const char *media_id)
{
    static int n;
    const char *wamid = text_of("wamid.media%d", n++);
    struct answer answer = post_webhook(
        gateway,
        message_body(
            org->phone_number_id, from, wamid, 0,
            text_of("\"type\": \"document\", \"document\": {\"id\": \"%s\", \"mime_type\": "
                    "\"application/pdf\", \"filename\": \"Rechnung \\u00e4.pdf\"}",
                    media_id)),
        0);
    expect_status(answer, 200);
    eventually(
        *database_text(gateway->database, "SELECT id FROM messages WHERE wamid = '%s'", wamid));
    return database_text(gateway->database, "SELECT id FROM messages WHERE wamid = '%s'", wamid);
}

const char *receive_file(const struct org *org, const char *media_id)
{
    return receive_from(org, "919876543210", media_id);
}

const char *file_column(const char *id, const char *name)
{
    return database_text(gateway->database, "SELECT %s FROM media WHERE id = '%s'", name, id);
}

bool file_is(const char *id, const char *state)
{
    return strcmp(file_column(id, "state"), state) == 0;
}

bool file_has_met(const char *id, const char *error)
{
    return strcmp(file_column(id, "error_code"), error) == 0;
}

void make_file_due(const char *id)
{
    (void)database_text(gateway->database, "UPDATE media SET next_at = now() WHERE id = '%s'", id);
}

const char *file_path(const char *id)
{
    return text_of("/api/media/%s", id);
}

void expect_refusal_at(const char *here, struct answer answer, int status, const char *code)
{
    expect_refused_at(here, &answer, status, code, NULL);
}

void expect_large_file_passes(int within_s)
{
    const char *small = receive_file(&acme, upload(&acme, "application/pdf", 10));
    eventually(file_is(small, "kept"));
    const char *meta_id = upload(&acme, "application/pdf", LARGE);
    forget_memory(keeper);
    forget_memory(&gateway->ingress);
    long before = most_memory(keeper);
    long ingress_before = most_memory(&gateway->ingress);
    const char *id = receive_file(&acme, meta_id);
    eventually_within(within_s, file_is(id, "kept"));
    struct answer answer = call(&acme, .path = file_path(id));
    expect_status(answer, 200);
    cr_assert_eq(strlen(answer.body), LARGE);
    expect_no_more_memory(keeper, before);
    expect_no_more_memory(&gateway->ingress, ingress_before);
}

struct http_request own_file_of(const struct org *org, const char *type, size_t size)
{
    char *bytes = malloc(size + 1); // ends with the test
    cr_assert(bytes);
    memset(bytes, 'x', size);
    bytes[size] = '\0';
    return (struct http_request){.method = "POST",
                                 .path = "/api/media",
                                 .key = org->key,
                                 .content_type = type,
                                 .body = bytes,
                                 .body_length = size};
}

const char *own_file(const struct org *org, const char *type, size_t size)
{
    const struct http_request request = own_file_of(org, type, size);
    struct answer answer = http_ask(gateway->http, &request);
    expect_status(answer, 201);
    expect_equal(answer_text(&answer, "/state"), "kept");
    return answer_text(&answer, "/id");
}
