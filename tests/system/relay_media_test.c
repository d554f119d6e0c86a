// Files through the relay: as large as Meta takes them, cut off, dead, slow.
#include "common/limits.h"
#include "tests/system/raw.h"
#include "tests/system/relayed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(relay_media, .timeout = 120);

Test(relay_media, passes_a_file_up_and_down)
{
    given_relay();
    const char *id = upload(&acme, "image/png", 1000);
    struct answer answer = call(&acme, .path = text_of("/v23.0/%s", id));
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/id"), id);
    expect_equal(answer_text(&answer, "/file_size"), "1000");
    const char *path = path_in(answer_text(&answer, "/url"));
    expect_equal(path, content_path(&acme, id));

    for (int i = 0; i < 2; i++) { // and from the address that is remembered
        answer = call(&acme, .path = path);
        expect_status(answer, 200);
        cr_assert_eq(strspn(answer.body, "x"), 1000);
        expect_equal(answer_header(&answer, "Content-Type"), "image/png");
        expect_equal(answer_header(&answer, "Content-Disposition"), "attachment");
        cr_assert(strstr(answer_header(&answer, "Content-Security-Policy"), "sandbox"));
        expect_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    }
    const char *look = text_of("GET /v23.0/%s", id);
    cr_assert_eq(simulator_calls(gateway->simulator, look), 1);

    // The address has died meanwhile: Meta is asked once for another.
    simulator_account(gateway->simulator, text_of("{\"media_id\": \"%s\"}", id));
    answer = call(&acme, .path = path);
    expect_status(answer, 200);
    cr_assert_eq(simulator_calls(gateway->simulator, look), 2);

    expect_not_there(call(&beta, .path = text_of("/v23.0/%s", id)));
    expect_not_there(call(&beta, .path = path));
    expect_not_there(call(&beta, .path = content_path(&beta, id)));
    answer = call(&acme, .method = "DELETE", .path = text_of("/v23.0/%s/?", id));
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/success"), "true");
    expect_not_there(call(&acme, .path = path));
    relay_end();
}

// (The figure of an ingress that is deployed stands in tests/bench/relay.)
Test(relay_media, of_95_megabytes_is_never_in_memory)
{
    given_relay();
    (void)upload(&acme, "image/png", 1000); // what is made once
    forget_memory(&gateway->ingress);
    long before = most_memory(&gateway->ingress);
    const char *id = upload(&acme, "application/pdf", LARGE);
    struct answer answer = call(&acme, .path = content_path(&acme, id));
    expect_status(answer, 200);
    cr_assert_eq(strlen(answer.body), LARGE);
    cr_assert_eq(answer.body[LARGE - 1], 'x');
    expect_equal(answer_header(&answer, "Content-Type"), "application/pdf");
    expect_no_more_memory(&gateway->ingress, before);
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_relayed_bytes_total{way=\"down\"}"),
                 "95000000");
    relay_end();
}

// Half of a form, of a client that goes.
Test(relay_media, that_its_client_cuts_off_never_gets_to_meta)
{
    given_relay();
    const struct http_request whole = upload_of(&acme, "image/png", MB);
    int connection = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(connection,
                         "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                         whole.path, acme.key, whole.content_type, whole.body_length));
    cr_assert(raw_write(connection, whole.body, MB / 2));
    close(connection);
    eventually(strcmp(daemon_metric(&gateway->ingress, "tollgate_http_connections"), "0") == 0);
    cr_assert_eq(simulator_calls(gateway->simulator, text_of("POST %s", whole.path)), 0);
    (void)upload(&acme, "image/png", MB); // the next one has its room
    relay_end();
}

Test(relay_media, that_meta_cuts_off_is_not_sent_again)
{
    given_relay();
    const struct http_request request = upload_of(&acme, "image/png", MB);
    const char *id = upload(&acme, "image/png", MB);
    simulator_set(gateway->simulator, "{\"cut_upload_at\": 100000, \"cut_download_at\": 100000}");
    long uploads = simulator_stat(gateway->simulator, "uploads");
    expect_error(http_ask(gateway->http, &request), 500, "1"); // it may have been taken
    cr_assert_eq(simulator_stat(gateway->simulator, "uploads"), uploads + 1);
    expect_error(call(&acme, .path = content_path(&acme, id)), 503, "2");
    simulator_set(gateway->simulator, "{\"cut_upload_at\": 0, \"cut_download_at\": 0}");
    expect_status(call(&acme, .path = content_path(&acme, id)), 200);
    expect_status(http_ask(gateway->http, &request), 200);
    relay_end();
}

Test(relay_media, whose_token_died_is_told_in_meta_s_words)
{
    given_relay();
    const char *id = upload(&acme, "image/png", MB);
    expect_status(call(&acme, .path = content_path(&acme, id)), 200);
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    struct answer answer = call(&acme, .path = content_path(&acme, id));
    expect_error(answer, 401, "190");
    cr_assert(strncmp(answer_header(&answer, "www-authenticate"), "OAuth", 5) == 0);
    relay_end();
}

// A key that goes on to Meta within the form would be told to it.
Test(relay_media, has_no_key_of_ours_in_its_form)
{
    given_relay();
    const char *form =
        text_of("--x\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n"
                "%s\r\n--x--\r\n",
                acme.key);
    expect_error(call(&acme, .path = text_of("/v23.0/%s/media", acme.phone_number_id),
                      .content_type = "multipart/form-data; boundary=x", .body = form),
                 400, "100");
    expect_error(call(&acme, .path = text_of("/v23.0/%s/media", acme.phone_number_id),
                      .content_type = "application/json", .body = "{}"),
                 400, "100");
    cr_assert_eq(simulator_calls(gateway->simulator, NULL), 0);
    relay_end();
}

static int ask_for(const struct org *org, const char *path)
{
    int connection = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(connection,
                         "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path,
                         org->key));
    return connection;
}

static bool has_in_hand(const char *n)
{
    return strcmp(daemon_metric(&gateway->ingress, "tollgate_relayed_calls_in_hand"), n) == 0;
}

// Nothing more comes of the file: a call ends with its client, and with the gateway.
Test(relay_media, ends_with_its_client)
{
    given_relay();
    const char *id = upload(&acme, "image/png", MB);
    simulator_set(gateway->simulator, "{\"stall_download_at\": 100000}");
    int connection = ask_for(&acme, content_path(&acme, id));
    eventually(has_in_hand("1"));
    close(connection);
    eventually(has_in_hand("0"));
    expect_equal(
        daemon_metric(&gateway->ingress, "tollgate_relayed_calls_total{outcome=\"client_left\"}"),
        "1");
    connection = ask_for(&acme, content_path(&acme, id));
    eventually(has_in_hand("1"));
    relay_end();
    const char *answer = raw_read_to_end(connection);
    cr_assert(strstr(answer, "HTTP/1.1 503 ") || strstr(answer, "HTTP/1.1 500 "), "%s", answer);
}

// One org with all that it can get leaves the others theirs, and sends as they are.
Test(relay_media, of_one_org_leaves_others_room)
{
    enum { CALLS = TG_RELAY_CALLS_MAX / 2 + 8 };
    given_relay();
    const char *id = upload(&acme, "image/png", 1000);
    const char *other = upload(&beta, "image/png", 1000);
    simulator_set(gateway->simulator, "{\"stall_download_at\": 100}");
    int connections[CALLS];
    for (size_t i = 0; i < CALLS; i++)
        connections[i] = ask_for(&acme, content_path(&acme, id));
    const char *refused = text_of("%d", CALLS - TG_RELAY_CALLS_MAX / 2);
    eventually(
        strcmp(daemon_metric(&gateway->ingress, "tollgate_http_requests_total{status=\"429\"}"),
               refused) == 0);
    eventually(has_in_hand(text_of("%d", TG_RELAY_CALLS_MAX / 2)));
    expect_error(call(&acme, .path = text_of("/v23.0/%s", id)), 429, "4");
    expect_status(call(&beta, .path = text_of("/v23.0/%s", other)), 200);
    struct answer answer = send_text(&acme, "919876543210");
    (void)expect_accepted(&answer);
    for (size_t i = 0; i < CALLS; i++)
        close(connections[i]);
    eventually(has_in_hand("0"));
    relay_end();
}

Test(relay_media, of_more_than_meta_takes_is_refused_before_it_comes)
{
    given_relay();
    int connection = raw_connect(gateway->ingress.url);
    cr_assert(
        raw_printf(connection,
                   "POST /v23.0/%s/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                   "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n",
                   acme.phone_number_id, acme.key, TG_UPLOAD_MAX + 1));
    const char *answer = raw_read_to_end(connection);
    cr_assert(strstr(answer, "HTTP/1.1 413 ") && strstr(answer, "\"code\":100,"), "%s", answer);
    relay_end();
}
