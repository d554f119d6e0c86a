// The way to Meta, against a listener of the test's own.
#include "worker/send/graph.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "tests/unit/peer.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

enum { DEADLINE_MS = 10000 };

#define PAYLOAD "{\"to\":\"15550001\"}"

static struct peer *given_meta(void)
{
    return given_peer(PAYLOAD, "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n"
                               "{\"messages\":[{\"id\":\"wamid.HBgLMTU1NTU\"}]}");
}

static struct in_hand *given_message_of_age(long long age_ms)
{
    struct tg_claim claim = {.phone_number_id = "1001"};
    const struct tg_job job = {0};
    tg_text_append_string(&claim.access_token, "token");
    tg_text_append_string(&claim.payload, PAYLOAD);
    return in_hand_create(&claim, &job, tg_boottime_ms() - age_ms);
}

static struct tg_settings settings_of(const struct peer *meta)
{
    return (struct tg_settings){.graph_url = meta->url,
                                .graph_version = "v23.0",
                                .graph_timeout_ms = DEADLINE_MS,
                                .graph_app_secret = tg_shared_text_create(""),
                                .send_concurrency = 1};
}

static struct in_hand *post_with(struct peer *meta, struct in_hand *message,
                                 struct tg_settings settings)
{
    struct tg_http *http = graph_create(&settings);
    struct in_hand *finished = NULL;
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    graph_post(http, &settings, message, &message->claim.access_token);
    while (!(finished = graph_take_finished(http)) && tg_now_ms() < deadline_ms) {
        tg_http_run(http, 5);
        peer_look(meta);
    }
    cr_assert_eq(finished, message);
    peer_look(meta);
    tg_http_destroy(http);
    return finished;
}

static struct in_hand *post(struct peer *meta, struct in_hand *message)
{
    return post_with(meta, message, settings_of(meta));
}

// HMAC-SHA256 of the access token with the app's secret.
Test(graph, proves_that_it_knows_the_app_s_secret)
{
    struct peer *meta = given_meta();
    struct tg_settings settings = settings_of(meta);
    tg_shared_text_set(settings.graph_app_secret, "app-secret");
    struct in_hand *message = post_with(meta, given_message_of_age(0), settings);
    cr_assert_str_eq(message->outcome.key, "sent");
    cr_assert(
        strstr(meta->heard,
               "POST /v23.0/1001/messages?appsecret_proof="
               "4b062935fec529e51d39e89ee371a452c231b1e0c5549ac72d83fc4f3a0b0471 HTTP/1.1\r\n"),
        "%s", meta->heard);
    cr_assert_not(strstr(meta->heard, "app-secret"), "%s", meta->heard);
    in_hand_destroy(message);
    peer_end(meta);
}

Test(graph, posts_a_message_whose_claim_is_fresh)
{
    struct peer *meta = given_meta();
    struct in_hand *message = post(meta, given_message_of_age(0));
    cr_assert_str_eq(message->outcome.key, "sent");
    cr_assert_str_eq(message->outcome.wamid, "wamid.HBgLMTU1NTU");
    cr_assert_not(message->hand_back);
    cr_assert(strstr(meta->heard, "POST /v23.0/1001/messages HTTP/1.1\r\n"), "%s", meta->heard);
    cr_assert(strstr(meta->heard, "Content-Type: application/json\r\n"), "%s", meta->heard);
    cr_assert(strstr(meta->heard, "Authorization: Bearer token\r\n"), "%s", meta->heard);
    in_hand_destroy(message);
    peer_end(meta);
}

// By then it may count as abandoned.
Test(graph, lets_no_byte_of_a_message_leave_whose_claim_is_too_old)
{
    struct peer *meta = given_meta();
    struct in_hand *message = post(meta, given_message_of_age(TG_SENDING_GRACE_MS + 1000));
    cr_assert(message->hand_back);
    cr_assert_not(strchr(meta->heard, '{'), "%s", meta->heard);
    in_hand_destroy(message);
    peer_end(meta);
}

Test(graph, bears_a_connection_for_a_few_seconds_that_acknowledges_nothing)
{
    struct peer *meta = given_meta();
    const struct tg_settings settings = settings_of(meta);
    struct tg_http *http = graph_create(&settings);
    struct in_hand *message = given_message_of_age(0);
    unsigned silence_ms = 0;
    socklen_t size = sizeof silence_ms;
    graph_post(http, &settings, message, &message->claim.access_token);
    while (meta->connection < 0) {
        tg_http_run(http, 5);
        peer_accept(meta);
    }
    cr_assert(getsockopt(peer_other_end(meta), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, &size) ==
              0);
    cr_assert_eq(silence_ms, TG_META_SILENCE_MS);
    in_hand_destroy(graph_break_off(http));
    tg_http_destroy(http);
    peer_end(meta);
}

// What Meta's answer has to say, in so many bytes; what is longer is none, and Meta may have the
// message.
static void expect_outcome_of_length(int length, const char *key)
{
    TG_TEXT_AUTO answer = {0};
    tg_text_append_format(&answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%-*s", length,
                          length, "{\"messages\":[{\"id\":\"wamid.HBgLMTU1NTU\"}]}");
    struct peer *meta = given_peer(PAYLOAD, tg_text_string(&answer));
    struct in_hand *message = post(meta, given_message_of_age(0));
    cr_assert_str_eq(message->outcome.key, key, "%d: %s", length, message->outcome.key);
    in_hand_destroy(message);
    peer_end(meta);
}

Test(graph, takes_an_answer_of_so_many_bytes_and_no_longer_one)
{
    expect_outcome_of_length(TG_META_ANSWER_MAX, "sent");
    expect_outcome_of_length(TG_META_ANSWER_MAX + 1, "network:after_write");
    expect_outcome_of_length(100 * TG_META_ANSWER_MAX, "network:after_write");
}
