// A file of settings that is read again while its daemons run.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

TestSuite(reload, .timeout = 120);

static const char *path;

static void write_settings(const char *text)
{
    const char *next = text_of("%s.next", path);
    FILE *file = fopen(next, "we");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0 && rename(next, path) == 0);
}

// What is in the file must not be in the environment, where an empty value is none.
static struct gateway *given_gateway_with_file(const char *text)
{
    path = text_of("%s/settings", testbed_directory());
    write_settings(text);
    const char *file = text_of("TOLLGATE_SETTINGS_FILE=%s", path);
    return given_gateway(.ingress_settings = {file,
                                              "TOLLGATE_APP_SECRETS=", "TOLLGATE_VERIFY_TOKEN="},
                         .worker_settings = {file, "TOLLGATE_APP_SECRETS="});
}

static int post_signed(struct gateway *gateway, const char *secret)
{
    const char *body = text_of("{\"secret\": \"%s\"}", secret);
    return ask(gateway->http, .path = "/webhook", .body = body,
               .headers = {signature_header(secret, body, strlen(body))})
        .status;
}

static int shake_hands(struct gateway *gateway, const char *token)
{
    return ask(gateway->http, .path = text_of("/webhook?hub.mode=subscribe&hub.challenge=1&"
                                              "hub.verify_token=%s",
                                              token))
        .status;
}

#define OLD "TOLLGATE_APP_SECRETS=the-old-app-secret\nTOLLGATE_VERIFY_TOKEN=old-token\n"
#define BOTH                                                                                       \
    "TOLLGATE_APP_SECRETS=the-new-app-secret,the-old-app-secret\nTOLLGATE_VERIFY_TOKEN=new\n"
#define NEW "TOLLGATE_APP_SECRETS=the-new-app-secret\nTOLLGATE_VERIFY_TOKEN=new\n"

Test(reload, takes_up_secrets_in_both_daemons)
{
    struct gateway *gateway = given_gateway_with_file(OLD);
    cr_assert_eq(post_signed(gateway, "the-old-app-secret"), 200);
    cr_assert_eq(post_signed(gateway, "the-new-app-secret"), 401);
    cr_assert_eq(shake_hands(gateway, "old-token"), 200);

    write_settings(BOTH);
    expect_equal(daemon_hang_up(&gateway->workers[0], "settings_reread", "changed"),
                 "TOLLGATE_APP_SECRETS");
    expect_equal(daemon_hang_up(&gateway->ingress, "settings_reread", "changed"),
                 "TOLLGATE_APP_SECRETS,TOLLGATE_VERIFY_TOKEN");

    cr_assert_eq(post_signed(gateway, "the-new-app-secret"), 200);
    cr_assert_eq(shake_hands(gateway, "old-token"), 403);
    cr_assert_eq(shake_hands(gateway, "new"), 200);
    eventually(webhooks_left(gateway) == 0);
    // What is no webhook of Meta's shape is dead, but not for its signature.
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM dead_letters "
                                                    "WHERE reason = 'bad_signature'"),
                 0);
    stop_gateway(gateway);
}

Test(reload, begins_and_ends_to_follow_messages)
{
    struct gateway *gateway = given_gateway_with_file(OLD);
    struct org org = given_org(gateway);
    struct answer before = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(before.status, 200);
    write_settings(OLD "TOLLGATE_LOG_MESSAGES=info\n");
    expect_equal(daemon_hang_up(&gateway->ingress, "settings_reread", "changed"),
                 "TOLLGATE_LOG_MESSAGES");
    expect_equal(daemon_hang_up(&gateway->workers[0], "settings_reread", "changed"),
                 "TOLLGATE_LOG_MESSAGES");
    struct answer followed = send_text_and_wait(&org, "919876543211");
    cr_assert_eq(followed.status, 200);
    eventually(daemon_count_events(&gateway->ingress, "send_accepted") == 1);
    eventually(daemon_count_events(&gateway->workers[0], "send_sent") == 1);
    write_settings(OLD);
    (void)daemon_hang_up(&gateway->ingress, "settings_reread", "changed");
    struct answer after = send_text_and_wait(&org, "919876543212");
    cr_assert_eq(after.status, 200);
    stop_gateway(gateway);
    cr_assert_eq(daemon_count_events(&gateway->ingress, "send_accepted"), 1);
}

Test(reload, of_a_wrong_file_changes_nothing_and_none_ends_nobody)
{
    struct gateway *gateway = given_gateway_with_file(OLD);
    write_settings(NEW "TOLLGATE_LANES=many\n");
    const char *reason = daemon_hang_up(&gateway->ingress, "settings_refused", "reason");
    cr_assert(strstr(reason, "TOLLGATE_LANES"), "%s", reason);
    cr_assert_eq(post_signed(gateway, "the-old-app-secret"), 200);
    cr_assert_eq(remove(path), 0);
    (void)daemon_hang_up(&gateway->ingress, "settings_refused", "reason");
    cr_assert_eq(post_signed(gateway, "the-old-app-secret"), 200);

    stop_gateway(gateway);

    gateway = given_gateway();
    (void)daemon_hang_up(&gateway->ingress, "settings_kept", "reason");
    (void)daemon_hang_up(&gateway->workers[0], "settings_kept", "reason");
    stop_gateway(gateway);
}

// One to whom Meta never answers has the only place for longer than a test is patient.
Test(reload, gives_a_worker_more_in_hand)
{
    struct gateway *gateway = given_gateway_with_file(NEW "TOLLGATE_SEND_CONCURRENCY=1\n");
    struct org org = given_org(gateway);
    struct answer first = send_text(&org, "15552000001");
    const char *first_id = expect_accepted(&first);
    eventually(simulator_posts_of(gateway->simulator, first_id) == 1);
    struct answer second = send_text(&org, "919876543210");
    const char *second_id = expect_accepted(&second);

    write_settings(NEW "TOLLGATE_SEND_CONCURRENCY=2\n");
    expect_equal(daemon_hang_up(&gateway->workers[0], "settings_reread", "changed"),
                 "TOLLGATE_SEND_CONCURRENCY");

    expect_ends(gateway, second_id, "sent");
    expect_equal(message_state(gateway, first_id), "sending");
    stop_gateway(gateway);
}

enum { POSTS = 300 };

static struct http_request requests[POSTS];
static struct answer answers[POSTS];

// The secret that signs stands in all of the files.
static void exchange(size_t ended, void *context)
{
    static bool old;
    const struct gateway *gateway = context;
    (void)ended;
    old = !old;
    write_settings(old ? BOTH : NEW);
    process_signal(gateway->ingress.process, SIGHUP);
    process_signal(gateway->workers[0].process, SIGHUP);
}

Test(reload, under_load_refuses_nothing)
{
    struct gateway *gateway = given_gateway_with_file(NEW);
    for (int i = 0; i < POSTS; i++) {
        const char *body = text_of("{\"n\": %d}", i);
        requests[i] = (struct http_request){
            .path = "/webhook",
            .body = body,
            .headers = {signature_header("the-new-app-secret", body, strlen(body))}};
    }
    http_ask_all(gateway->ingress.url, requests, POSTS, answers, exchange, gateway);
    for (int i = 0; i < POSTS; i++)
        cr_assert_eq(answers[i].status, 200, "%d: %d %s", i, answers[i].status, answers[i].body);
    cr_assert_geq(daemon_count_events(&gateway->ingress, "settings_reread"), 1);
    eventually(webhooks_left(gateway) == 0);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM dead_letters "
                                                    "WHERE reason = 'bad_signature'"),
                 0);
    stop_gateway(gateway);
}
