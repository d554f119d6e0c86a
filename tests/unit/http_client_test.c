// The way out, against a listener of the test's own.
#include "common/http/client.h"

#include "common/base/clock.h"
#include "common/http/client_private.h"
#include "tests/unit/peer.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, SILENCE_MS = 7000 };

#define BODY "{\"to\":\"15550001\"}"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct tg_http *given_client(void)
{
    return tg_http_create(
        &(const struct tg_http_options){.calls_max = 2, .silence_ms = SILENCE_MS});
}

// `given` says what is unusual.
static void begin(struct tg_http *http, const char *url, const struct tg_http_request *given)
{
    struct tg_http_request request = *given;
    request.method = given->method ? given->method : "POST";
    request.url = url;
    request.connect_timeout_ms = DEADLINE_MS;
    request.timeout_ms = given->timeout_ms ? given->timeout_ms : DEADLINE_MS;
    request.answer_max = given->answer_max ? given->answer_max : 64;
    if (strcmp(request.method, "POST") == 0 && !given->body.data)
        request.body = (struct tg_span){BODY, sizeof BODY - 1};
    tg_http_begin(http, &request);
}

// A request and what comes of it.
static struct tg_http_answer ask(struct tg_http *http, struct peer *peer,
                                 const struct tg_http_request *given)
{
    struct tg_http_answer answer = {0};
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    bool ended = false;
    begin(http, peer->url, given);
    while (!(ended = tg_http_take(http, &answer)) && tg_now_ms() < deadline_ms) {
        tg_http_run(http, 5);
        peer_look(peer);
    }
    cr_assert(ended);
    return answer;
}

static struct tg_http_answer post(struct tg_http *http, struct peer *peer)
{
    return ask(http, peer, &(const struct tg_http_request){0});
}

Test(http_client, brings_the_whole_answer)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, "HTTP/1.1 429 Slow down\r\nRetry-After: 30\r\n"
                                         "Content-Length: 2\r\n\r\nhi");
    int mark = 0;
    struct tg_http_answer answer =
        ask(http, peer, &(const struct tg_http_request){.context = &mark});
    cr_expect_eq(answer.context, &mark);
    cr_expect_eq(answer.end, TG_HTTP_ANSWERED);
    cr_expect(answer.sent && !answer.again);
    cr_expect_eq(answer.status, 429);
    cr_expect_eq(answer.retry_after_s, 30);
    cr_expect_str_eq(answer.reason, "");
    cr_expect_eq(answer.body.length, 2);
    cr_expect_eq(strncmp(answer.body.data, "hi", 2), 0);
    cr_expect_eq(tg_http_room(http), 2);
    tg_http_destroy(http);
    peer_end(peer);
}

// Else the other side is asked what the caller did not ask.
Test(http_client, says_what_it_is_told_and_nothing_of_libcurls_own)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, OK);
    (void)ask(http, peer,
              &(const struct tg_http_request){.method = "PATCH",
                                              .body = {BODY, sizeof BODY - 1},
                                              .headers = {"Content-Type: text/x", "A: b"}});
    cr_expect_eq(strncmp(peer->heard, "PATCH / HTTP/1.1\r\n", 18), 0, "%s", peer->heard);
    cr_expect_eq(peer_has_heard(peer, "Content-Type:"), 1, "%s", peer->heard);
    cr_expect(strstr(peer->heard, "Content-Type: text/x\r\n"), "%s", peer->heard);
    cr_expect(strstr(peer->heard, "A: b\r\n"), "%s", peer->heard);
    cr_expect(strstr(peer->heard, "User-Agent: tollgate/"), "%s", peer->heard);
    cr_expect_not(strstr(peer->heard, "Expect:"), "%s", peer->heard);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, uses_a_connection_again)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("\r\n\r\n", OK);
    const struct tg_http_request get = {.method = "GET"};
    cr_expect_eq(ask(http, peer, &get).status, 200);
    cr_expect_eq(ask(http, peer, &get).status, 200);
    cr_expect_eq(peer->connections, 1);
    tg_http_destroy(http);
    peer_end(peer);
}

// libcurl by itself would send it again, and say that all is well.
Test(http_client, sends_no_body_twice_when_a_used_connection_ends_without_an_answer)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, OK);
    cr_assert_eq(post(http, peer).status, 200);
    peer->answer = NULL;
    struct tg_http_answer answer = post(http, peer);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect(answer.sent && answer.again);
    cr_expect_eq(answer.status, 0);
    cr_expect_str_neq(answer.reason, "");
    cr_expect_eq(peer_has_heard(peer, BODY), 2);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, sends_nothing_twice_that_has_no_body_either)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("\r\n\r\n", OK);
    const struct tg_http_request delete = {.method = "DELETE"};
    cr_assert_eq(ask(http, peer, &delete).status, 200);
    peer->answer = NULL;
    struct tg_http_answer answer = ask(http, peer, &delete);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect(answer.sent);
    cr_expect_eq(peer_has_heard(peer, "DELETE"), 2);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, takes_an_answer_that_is_too_long_for_none)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, OK);
    struct tg_http_answer answer =
        ask(http, peer, &(const struct tg_http_request){.answer_max = 1});
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect_eq(answer.status, 0);
    tg_http_destroy(http);
    peer_end(peer);
}

static bool refuse(void *context)
{
    (void)context;
    return true;
}

Test(http_client, lets_no_byte_of_a_body_leave_that_is_held_back)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, OK);
    struct tg_http_answer answer =
        ask(http, peer, &(const struct tg_http_request){.hold_back = refuse});
    peer_look(peer);
    cr_expect_eq(answer.end, TG_HTTP_HELD_BACK);
    cr_expect_not(answer.sent);
    cr_expect_not(strchr(peer->heard, '{'), "%s", peer->heard);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, tells_a_refused_connection_from_an_answer_that_never_came)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("never", OK);
    const struct tg_http_request hasty = {.timeout_ms = 50};
    struct tg_http_answer answer = ask(http, peer, &hasty);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect(answer.sent);
    close(peer->listener);
    peer_hang_up(peer);
    answer = post(http, peer);
    cr_expect_eq(answer.end, TG_HTTP_REFUSED);
    cr_expect_not(answer.sent);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, breaks_off_what_is_under_way)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("never", OK);
    struct tg_http_answer answer;
    begin(http, peer->url, &(const struct tg_http_request){0});
    while (!strstr(peer->heard, BODY)) {
        tg_http_run(http, 5);
        peer_look(peer);
    }
    cr_expect_eq(tg_http_active(http), 1);
    cr_assert(tg_http_break_off(http, &answer));
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    begin(http, peer->url, &(const struct tg_http_request){0}); // and never runs
    cr_assert(tg_http_break_off(http, &answer));
    cr_expect_eq(answer.end, TG_HTTP_UNSENT);
    cr_expect_not(tg_http_break_off(http, &answer));
    cr_expect_eq(tg_http_active(http), 0);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, wakes_up_when_it_is_told)
{
    struct tg_http *http = given_client();
    tg_http_wake(http);
    tg_http_run(http, INT_MAX); // else for ever
    tg_http_destroy(http);
}

// Else the kernel would go on for a quarter of an hour, and libcurl give it all new requests.
Test(http_client, bears_a_connection_for_a_few_seconds_that_acknowledges_nothing)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, OK);
    unsigned silence_ms = 0;
    socklen_t size = sizeof silence_ms;
    cr_assert_eq(post(http, peer).status, 200);
    cr_assert(getsockopt(peer_other_end(peer), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, &size) ==
              0);
    cr_expect_eq(silence_ms, SILENCE_MS);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, does_without_plain_http_if_it_shall)
{
    struct tg_http *http = tg_http_create(&(const struct tg_http_options){
        .calls_max = 1, .silence_ms = SILENCE_MS, .https_only = true});
    struct peer *peer = given_peer(BODY, OK);
    cr_expect_eq(post(http, peer).end, TG_HTTP_UNSENT);
    cr_expect_eq(peer->length, 0);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, knows_what_was_certainly_not_taken)
{
    static const struct {
        CURLcode code;
        enum tg_http_end end;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, TG_HTTP_NO_HOST},
        {CURLE_COULDNT_RESOLVE_PROXY, TG_HTTP_NO_HOST},
        {CURLE_COULDNT_CONNECT, TG_HTTP_REFUSED},
        {CURLE_SSL_CONNECT_ERROR, TG_HTTP_NO_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, TG_HTTP_NO_TLS},
        {CURLE_SSL_CERTPROBLEM, TG_HTTP_NO_TLS},
        {CURLE_SSL_CIPHER, TG_HTTP_NO_TLS},
        {CURLE_SSL_CACERT_BADFILE, TG_HTTP_NO_TLS},
        {CURLE_SSL_ISSUER_ERROR, TG_HTTP_NO_TLS},
        {CURLE_SSL_INVALIDCERTSTATUS, TG_HTTP_NO_TLS},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, TG_HTTP_NO_TLS},
        {CURLE_USE_SSL_FAILED, TG_HTTP_NO_TLS},
        {CURLE_OPERATION_TIMEDOUT, TG_HTTP_UNSENT},
        {CURLE_SEND_ERROR, TG_HTTP_UNSENT},
        {CURLE_RECV_ERROR, TG_HTTP_UNSENT},
        {CURLE_GOT_NOTHING, TG_HTTP_UNSENT},
        {CURLE_HTTP2, TG_HTTP_UNSENT},
        {CURLE_OUT_OF_MEMORY, TG_HTTP_UNSENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(tg_http_end_of(cases[i].code, false), cases[i].end, "curl %d",
                     (int)cases[i].code);
}

Test(http_client, may_have_reached_them_with_any_failure_after_the_first_byte)
{
    // All of libcurl's failures, those among them that otherwise mean "certainly not taken".
    for (int code = 1; code < CURL_LAST; code++)
        cr_expect_eq(tg_http_end_of((CURLcode)code, true), TG_HTTP_UNKNOWN, "curl %d", code);
    cr_expect_eq(tg_http_end_of(CURLE_OK, true), TG_HTTP_ANSWERED);
}

Test(http_client, may_have_reached_them_if_libcurl_wanted_it_a_second_time)
{
    cr_expect_eq(tg_http_end_of(CURLE_SEND_FAIL_REWIND, false), TG_HTTP_UNKNOWN);
}

// An answer that broke off is not believed, and its status is none.
Test(http_client, believes_no_answer_that_broke_off)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer(BODY, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                                         "Retry-After: 9\r\nConnection: close\r\n\r\nhi");
    struct tg_http_answer answer;
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    begin(http, peer->url, &(const struct tg_http_request){0});
    bool ended = false;
    while (!(ended = tg_http_take(http, &answer)) && tg_now_ms() < deadline_ms) {
        tg_http_run(http, 5);
        peer_look(peer);
        if (strstr(peer->heard, BODY))
            peer_hang_up(peer);
    }
    cr_assert(ended);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect_eq(answer.status, 0);
    cr_expect_eq(answer.retry_after_s, 0);
    tg_http_destroy(http);
    peer_end(peer);
}

// A file with this text, which goes with its descriptor.
static int given_file(const char *text)
{
    char path[] = "/tmp/http-client-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    unlink(path);
    return file;
}

Test(http_client, sends_a_file_from_its_beginning_and_no_more_of_it_than_it_shall)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("file-end", OK);
    int file = given_file("file-begin file-end and more");
    const struct tg_http_request upload = {.file = file,
                                           .file_size = strlen("file-begin file-end")};
    struct tg_http_request request = upload;
    request.method = "PUT"; // (a POST of this test's has a body)
    struct tg_http_answer answer = ask(http, peer, &request);
    cr_expect_eq(answer.status, 200);
    cr_expect(answer.sent);
    cr_expect(strstr(peer->heard, "Content-Length: 19\r\n"), "%s", peer->heard);
    cr_expect(strstr(peer->heard, "\r\n\r\nfile-begin file-end"), "%s", peer->heard);
    cr_expect_not(strstr(peer->heard, "more"), "%s", peer->heard);
    close(file);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, sends_a_part_of_a_file_between_what_stands_around_it)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("tail", OK);
    int file = given_file("before the-part behind");
    const struct tg_http_request request = {.method = "PUT",
                                            .file = file,
                                            .file_from = strlen("before "),
                                            .file_size = strlen("the-part"),
                                            .before = tg_span_of("head "),
                                            .after = tg_span_of(" tail")};
    struct tg_http_answer answer = ask(http, peer, &request);
    cr_expect_eq(answer.status, 200);
    cr_expect(strstr(peer->heard, "Content-Length: 18\r\n"), "%s", peer->heard);
    cr_expect(strstr(peer->heard, "\r\n\r\nhead the-part tail"), "%s", peer->heard);
    close(file);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, sends_no_file_twice_when_a_used_connection_ends_without_an_answer)
{
    struct tg_http *http = given_client();
    int file = given_file("file-end");
    struct peer *peer = given_peer("file-end", OK);
    const struct tg_http_request upload = {.method = "PUT", .file = file, .file_size = 8};
    cr_assert_eq(ask(http, peer, &upload).status, 200);
    peer->answer = NULL;
    struct tg_http_answer answer = ask(http, peer, &upload);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect(answer.sent && answer.again);
    cr_expect_eq(peer_has_heard(peer, "file-end"), 2);
    close(file);
    tg_http_destroy(http);
    peer_end(peer);
}

// A file that was cut would leave the other side waiting.
Test(http_client, ends_when_a_file_is_shorter_than_it_was)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("file-end", OK);
    int file = given_file("short");
    const struct tg_http_request upload = {.method = "PUT", .file = file, .file_size = 100};
    cr_expect_eq(ask(http, peer, &upload).end, TG_HTTP_UNKNOWN);
    close(file);
    tg_http_destroy(http);
    peer_end(peer);
}

struct taken {
    char text[64];
    size_t max;
    int status;
};

static bool take(void *context, int status, const char *bytes, size_t size)
{
    struct taken *taken = context;
    taken->status = status;
    strncat(taken->text, bytes, size);
    return strlen(taken->text) <= taken->max;
}

Test(http_client, hands_an_answer_over_as_it_comes)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("\r\n\r\n", "HTTP/1.1 404 Gone\r\nContent-Length: 5\r\n"
                                               "X-One: 1\r\nX-Two: a\r\nX-Two: b\r\n\r\nhello");
    struct taken taken = {.max = 5};
    const struct tg_http_request get = {.method = "GET", .context = &taken, .take = take};
    struct tg_http_answer answer = ask(http, peer, &get);
    cr_expect_eq(answer.status, 404);
    cr_expect_eq(answer.body.length, 0);
    cr_expect_str_eq(taken.text, "hello");
    cr_expect_eq(taken.status, 404);
    cr_expect_str_eq(tg_http_header(&answer, "x-one"), "1");
    cr_expect_str_eq(tg_http_header(&answer, "X-Two"), "b");
    cr_expect_null(tg_http_header(&answer, "X-Three"));

    taken = (struct taken){.max = 1};
    answer = ask(http, peer, &get);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect_eq(answer.status, 0);
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, ends_what_stands_still)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    const struct tg_http_request get = {.method = "GET", .stall_s = 1};
    struct tg_http_answer answer = ask(http, peer, &get);
    cr_expect_eq(answer.end, TG_HTTP_UNKNOWN);
    cr_expect_leq(answer.seconds, 8.0); // its time as a whole is longer
    tg_http_destroy(http);
    peer_end(peer);
}

Test(http_client, breaks_off_the_one_that_is_meant)
{
    struct tg_http *http = given_client();
    struct peer *peer = given_peer("never", OK);
    int first = 1;
    int second = 2;
    struct tg_http_answer answer;
    begin(http, peer->url, &(const struct tg_http_request){.context = &first});
    begin(http, peer->url, &(const struct tg_http_request){.context = &second});
    cr_assert(tg_http_break_off_one(http, &second, &answer));
    cr_expect_eq(answer.context, &second);
    cr_expect_not(tg_http_break_off_one(http, &second, &answer));
    cr_expect_eq(tg_http_active(http), 1);
    cr_assert(tg_http_break_off(http, &answer));
    cr_expect_eq(answer.context, &first);
    tg_http_destroy(http);
    peer_end(peer);
}
