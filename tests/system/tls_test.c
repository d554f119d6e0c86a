// TLS on the listeners: what is taken and answered as without it, certificates that are renewed
// under open connections, and what is refused.
#include "tests/system/certificate.h"
#include "tests/system/desk.h"
#include "tests/system/org.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include "common/limits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(tls, .timeout = 120);

#define OUR_NAMES "IP:127.0.0.1,DNS:localhost"

static struct certificate ours;

// On all listeners.
static struct gateway *given_gateway_with_tls(void)
{
    ours = certificate_create("ours", OUR_NAMES);
    http_trust(ours.authority);
    const char *certificate = text_of("TOLLGATE_ADMIN_TLS_CERT=%s", ours.path);
    const char *key = text_of("TOLLGATE_ADMIN_TLS_KEY=%s", ours.key);
    return given_gateway(.ingress_settings = {text_of("TOLLGATE_TLS_CERT=%s", ours.path),
                                              text_of("TOLLGATE_TLS_KEY=%s", ours.key), certificate,
                                              key},
                         .worker_settings = {certificate, key});
}

static const char *port_of(const char *url)
{
    return strrchr(url, ':') + 1;
}

Test(tls, takes_and_answers_as_http_does)
{
    struct gateway *gateway = given_gateway_with_tls();
    struct org org = given_org(gateway, .number = "123456");
    cr_assert(strncmp(gateway->ingress.url, "https://", 8) == 0);
    cr_assert(strncmp(gateway->workers[0].admin_url, "https://", 8) == 0);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/status"), "sent");
    answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    cr_assert_not(answer.fresh, "the connection is kept");

    // A body of many records, held back while its key is looked up and longer than one read.
    const char *body = text_of("{\"text\": \"%0100000d\"}", 1);
    answer = ask(gateway->http, .path = "/webhook", .body = body,
                 .headers = {signature_header(GATEWAY_APP_SECRET, body, strlen(body))});
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(webhooks_left(gateway) == 0);
    answer = get(&org, "/api/wallet");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

Test(tls, lets_operators_in_where_other_machines_come_too)
{
    ours = certificate_create("ours", OUR_NAMES ",IP:0.0.0.0");
    http_trust(ours.authority);
    struct gateway *gateway =
        given_gateway(.desk = true,
                      .ingress_settings = {"TOLLGATE_ADMIN_LISTEN=0.0.0.0:0",
                                           text_of("TOLLGATE_ADMIN_TLS_CERT=%s", ours.path),
                                           text_of("TOLLGATE_ADMIN_TLS_KEY=%s", ours.key)});
    struct answer answer = look(gateway, "/admin/operators");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_not(daemon_has_logged(&gateway->ingress, "operators_kept_out"));
    stop_gateway(gateway);
}

Test(tls, refuses_what_the_library_itself_refuses_in_json_too)
{
    struct gateway *gateway = given_gateway_with_tls();
    struct answer answer = ask(http_open(gateway->ingress.url), .path = "/api/wallet",
                               .headers = {text_of("X-Long: %020000d", 1)});
    expect_refused(&answer, 431, "head_too_large", NULL);
    stop_gateway(gateway);
}

Test(tls, who_does_not_speak_it_or_not_well_enough_gets_nothing)
{
    struct gateway *gateway = given_gateway_with_tls();
    const char *port = port_of(gateway->ingress.url);
    const char *urls[] = {gateway->ingress.url, gateway->ingress.admin_url,
                          gateway->workers[0].admin_url};
    for (size_t i = 0; i < 3; i++) {
        struct http *plain = http_open(text_of("http://127.0.0.1:%s", port_of(urls[i])));
        cr_expect_eq(http_try(plain, &(struct http_request){.path = "/healthz"}).status, 0);
    }
    // Who does not know the authority.
    http_trust(certificate_create("another", OUR_NAMES).authority);
    cr_expect_eq(
        http_try(http_open(gateway->ingress.url), &(struct http_request){.path = "/"}).status, 0);
    static const struct {
        const char *version;
        bool taken;
    } cases[] = {{"-tls1", false}, {"-tls1_1", false}, {"-tls1_2", true}, {"-tls1_3", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_result run = command_run(
            WORDS("openssl", "s_client", "-connect", text_of("127.0.0.1:%s", port), "-CAfile",
                  ours.authority, "-cipher", "ALL:@SECLEVEL=0", cases[i].version),
            NULL);
        cr_expect_eq(run.status == 0, cases[i].taken, "%s: %s", cases[i].version, run.errors);
    }
    http_trust(ours.authority);
    stop_gateway(gateway);
}

// A key that is not agreed on anew for each connection would let who has ours later read what was
// recorded.
Test(tls, with_an_rsa_key_too_each_connection_has_a_key_of_its_own)
{
    const struct certificate rsa = certificate_create_rsa("rsa", OUR_NAMES);
    http_trust(rsa.authority);
    struct gateway *gateway =
        given_gateway(.ingress_settings = {text_of("TOLLGATE_TLS_CERT=%s", rsa.path),
                                           text_of("TOLLGATE_TLS_KEY=%s", rsa.key)});
    cr_assert_eq(ask(gateway->http, .path = "/nothing").status, 404);
    static const struct {
        const char *ciphers;
        bool taken;
    } cases[] = {{"kECDHE:@SECLEVEL=0", true}, {"kRSA:@SECLEVEL=0", false}};
    for (size_t i = 0; i < 2; i++) {
        struct command_result run =
            command_run(WORDS("openssl", "s_client", "-connect",
                              text_of("127.0.0.1:%s", port_of(gateway->ingress.url)), "-tls1_2",
                              "-cipher", cases[i].ciphers),
                        NULL);
        cr_expect_eq(run.status == 0, cases[i].taken, "%s: %s", cases[i].ciphers, run.errors);
    }
    stop_gateway(gateway);
}

static int ask_anew(const char *url)
{
    struct http *http = http_open(url);
    int status = http_try(http, &(struct http_request){.path = "/healthz"}).status;
    http_close(http);
    return status;
}

static void expect_believed(const struct gateway *gateway, const struct certificate *whose)
{
    http_trust(whose->authority);
    cr_assert_eq(ask_anew(gateway->ingress.url), 404);
    cr_assert_eq(ask_anew(gateway->ingress.admin_url), 200);
    cr_assert_eq(ask_anew(gateway->workers[0].admin_url), 200);
}

Test(tls, a_renewed_certificate_is_taken_up_and_cuts_off_nobody)
{
    struct gateway *gateway = given_gateway_with_tls();
    struct org org = given_org(gateway, .number = "123456");
    const struct certificate first = certificate_create("first", OUR_NAMES);
    const struct certificate renewed = certificate_create("renewed", OUR_NAMES);
    cr_assert(send_text(&org, "919876543210").status == 202);

    // A certificate without its key is refused, and all stays as it was.
    certificate_replace(&ours, &(struct certificate){renewed.path, first.key, renewed.authority});
    (void)daemon_hang_up(&gateway->ingress, "certificate_refused", "reason");
    cr_assert(strstr(process_log(gateway->ingress.process),
                     "\"TOLLGATE_TLS_KEY: is not the key of the certificate: "));
    expect_believed(gateway, &ours);

    certificate_replace(&ours, &renewed);
    cr_assert_str_not_empty(daemon_hang_up(&gateway->ingress, "certificate_read", "ends"));
    cr_assert_str_not_empty(daemon_hang_up(&gateway->workers[0], "certificate_read", "ends"));
    eventually(daemon_count_events(&gateway->ingress, "certificate_read") == 2);
    expect_believed(gateway, &renewed);
    // Who was connected before still is, under the one of before (of whose authority libcurl asks
    // that it is the same).
    http_trust(ours.authority);
    struct answer answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    cr_assert_not(answer.fresh);
    cr_assert_eq(ask_anew(gateway->ingress.url), 0);
    http_trust(renewed.authority);
    stop_gateway(gateway);
}

enum { ROUNDS = 8, REQUESTS = 12 };

static struct http_request requests[REQUESTS];
static struct answer answers[REQUESTS];
static struct certificate pair[2];

// Whoever connects meanwhile believes both. (The two files cannot be exchanged at one moment: a
// reading between them is refused.)
static void renew(size_t ended, void *context)
{
    static int n;
    const struct gateway *gateway = context;
    (void)ended;
    certificate_replace(&ours, &pair[n++ % 2]);
    process_signal(gateway->ingress.process, SIGHUP);
}

Test(tls, renewals_under_load_fail_no_handshake)
{
    struct gateway *gateway = given_gateway_with_tls();
    pair[0] = certificate_create("one", OUR_NAMES);
    pair[1] = certificate_create("two", OUR_NAMES);
    http_trust(file_with("all.pem", text_of("%s%s%s", file_text(ours.authority, NULL),
                                            file_text(pair[0].authority, NULL),
                                            file_text(pair[1].authority, NULL))));
    for (int n = 0; n < ROUNDS; n++) {
        for (int i = 0; i < REQUESTS; i++) {
            const char *body = text_of("{\"n\": %d}", n * REQUESTS + i);
            requests[i] = (struct http_request){
                .path = "/webhook",
                .body = body,
                .headers = {signature_header(GATEWAY_APP_SECRET, body, strlen(body))}};
        }
        http_ask_all(gateway->ingress.url, requests, REQUESTS, answers, renew, gateway);
        for (int i = 0; i < REQUESTS; i++)
            cr_assert_eq(answers[i].status, 200, "%d: %d %s", i, answers[i].status,
                         answers[i].body);
    }
    cr_assert_geq(daemon_count_events(&gateway->ingress, "certificate_read"), ROUNDS);
    eventually(webhooks_left(gateway) == 0);
    stop_gateway(gateway);
}

// A handshake has the time that a request's headers have, as a whole, and not from one byte to the
// next; meanwhile others are served.
Test(tls, slow_handshakes_are_cut_off_like_slow_headers)
{
    enum { SILENT = 40, SLOW = 40 };
    static const unsigned char hello[] = {22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3};
    struct gateway *gateway = given_gateway_with_tls();
    // (Nobody looks after the few of the admin listener; but silence ends there, too.)
    int silent = raw_connect(gateway->workers[0].admin_url);
    int clients[SILENT + SLOW];
    size_t sent = 0;
    for (size_t i = 0; i < SILENT + SLOW; i++)
        clients[i] = raw_connect(gateway->ingress.url);
    long long began_ms = testbed_now_ms();
    size_t open = SILENT + SLOW;
    while (open > 0) {
        cr_assert(testbed_now_ms() - began_ms < 20000, "%zu are not cut off", open);
        cr_assert_eq(ask(gateway->http, .path = "/nothing").status, 404);
        bool more = (size_t)(testbed_now_ms() - began_ms) / 1000 >= sent;
        for (size_t i = 0; i < SILENT + SLOW; i++) {
            if (clients[i] >= 0 && i >= SILENT && more)
                (void)raw_write(clients[i], (const char *)&hello[sent % sizeof hello], 1);
            if (clients[i] >= 0 && raw_is_closed(clients[i])) {
                close(clients[i]);
                clients[i] = -1;
                open--;
            }
        }
        sent += more;
        testbed_pause();
    }
    cr_assert_geq(strtol(daemon_metric(&gateway->ingress, "tollgate_connections_cut_total{"
                                                          "why=\"headers\"}"),
                         NULL, 10),
                  SILENT + SLOW);
    eventually(raw_is_closed(silent));
    stop_gateway(gateway);
}

// The line that both daemons say is NAME, `said`; and, if it is about the other setting too, its
// NAME.
// "": all is good.
static void expect_said(const char *certificate, const char *key, const char *said,
                        const char *other)
{
    static const char *const daemons[] = {"tollgate-ingress", "tollgate-worker"};
    static const char *const kinds[] = {"TLS", "ADMIN_TLS"};
    for (size_t i = 0; i < 2; i++) {
        struct command_result run = command_run(
            WORDS(testbed_daemon(daemons[i]), "--check"),
            WORDS("TOLLGATE_POSTGRES_URL=postgresql://127.0.0.1/x", "TOLLGATE_APP_SECRETS=x",
                  "TOLLGATE_VERIFY_TOKEN=x", text_of("TOLLGATE_%s_CERT=%s", kinds[i], certificate),
                  text_of("TOLLGATE_%s_KEY=%s", kinds[i], key)));
        const char *line = text_of("%s: TOLLGATE_%s%s", daemons[i], kinds[i], said);
        if (other)
            line = text_of("%sTOLLGATE_%s%s", line, kinds[i], other);
        line = text_of("%.150s", line); // what is longer is cut
        cr_expect_eq(run.status, *said ? 2 : 0, "%s", run.errors);
        cr_expect(!*said || strstr(run.errors, line), "not there: %s: %s", line, run.errors);
    }
}

Test(tls, what_is_wrong_with_the_files_is_named)
{
    const struct certificate good = certificate_create("good", OUR_NAMES);
    const struct certificate other = certificate_create("other", OUR_NAMES);
    const char *chain = file_text(good.path, NULL);
    const char *issuer = strstr(chain + 1, "-----BEGIN");
    const char *unsorted =
        file_with("unsorted.pem", text_of("%s%.*s", issuer, (int)(issuer - chain), chain));
    const char *long_one = file_with("long.pem", text_of("%070000d", 1));
    const char *open_key = file_with("open.pem", file_text(good.key, NULL));
    const char *locked = text_of("%s/locked.pem", testbed_directory());
    struct command_result lock = command_run(WORDS("openssl", "pkey", "-in", good.key, "-aes128",
                                                   "-passout", "pass:secret", "-out", locked),
                                             NULL);
    cr_assert_eq(lock.status, 0, "%s", lock.errors);
    cr_assert(chmod(locked, 0600) == 0 && chmod(open_key, 0644) == 0);

    expect_said("", "", "", NULL);
    expect_said(good.path, good.key, "", NULL);
    cr_assert(chmod(good.key, 0640) == 0);
    expect_said(good.path, good.key, "", NULL);
    expect_said(good.path, "", "_KEY is not set; it must be, with ", "_CERT\n");
    expect_said("", good.key, "_CERT is not set; it must be, with ", "_KEY\n");
    const struct {
        const char *certificate;
        const char *key;
        const char *said;
        const char *path;
    } cases[] = {
        {"/nowhere/cert.pem", good.key, "_CERT: No such file or directory", "/nowhere/cert.pem"},
        {good.path, "/nowhere/key.pem", "_KEY: No such file or directory", "/nowhere/key.pem"},
        {"/tmp", good.key, "_CERT: is no file", "/tmp"},
        {good.path, "/dev/zero", "_KEY: is no file", "/dev/zero"},
        {long_one, good.key, "_CERT: is too long", long_one},
        {good.key, good.key, "_CERT: has no certificate in PEM", good.key},
        {unsorted, good.key, "_CERT: must have its own certificate first, then its issuer's",
         unsorted},
        {good.path, open_key, "_KEY: has rights for others (chmod o= takes them away)", open_key},
        {good.path, locked, "_KEY: has no key in PEM, or one with a password", locked},
        {good.path, other.key, "_KEY: is not the key of the certificate", other.key},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_said(cases[i].certificate, cases[i].key,
                    text_of("%s: %s", cases[i].said, cases[i].path), NULL);
}

// The certificate, `authorities` times its authority's, and blanks up to a length.
static const char *chain_of(const struct certificate *certificate, int authorities, size_t length)
{
    const char *chain = file_text(certificate->path, NULL);
    const char *authority = strstr(chain + 1, "-----BEGIN");
    for (int i = 1; i < authorities; i++)
        chain = text_of("%s%s", chain, authority);
    size_t blanks = strlen(chain) < length ? length - strlen(chain) : 0;
    return file_with("a.pem", text_of("%s%*s", chain, (int)blanks, ""));
}

Test(tls, files_have_so_many_certificates_and_bytes)
{
    const struct certificate good = certificate_create("good", OUR_NAMES);
    expect_said(chain_of(&good, TG_TLS_CHAIN_MAX - 1, 0), good.key, "", NULL);
    const char *path = chain_of(&good, TG_TLS_CHAIN_MAX, 0);
    expect_said(path, good.key, text_of("_CERT: has too many certificates: %s", path), NULL);
    path = chain_of(&good, 60, 0);
    expect_said(path, good.key, text_of("_CERT: has too many certificates: %s", path), NULL);
    expect_said(chain_of(&good, 1, TG_TLS_FILE_BYTES), good.key, "", NULL);
    path = chain_of(&good, 1, TG_TLS_FILE_BYTES + 1);
    expect_said(path, good.key, text_of("_CERT: is too long: %s", path), NULL);
    path = chain_of(&good, 1, 100UL * TG_TLS_FILE_BYTES);
    expect_said(path, good.key, text_of("_CERT: is too long: %s", path), NULL);
}
