// Access tokens at rest: written by SQL as ever, sealed by the janitor, opened by the worker that
// posts; and nothing of them, nor of other secrets, in what may be stolen.
#include "tests/system/desk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

TestSuite(sealed, .timeout = 120);

// 32 bytes each.
#define K1 "k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
#define K2 "k2 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"

static const char *keys_path(void)
{
    return text_of("%s/token-keys", testbed_directory());
}

static void write_keys(const char *keys)
{
    const char *next = text_of("%s.next", keys_path());
    FILE *file = fopen(next, "we");
    cr_assert(file && fputs(keys, file) >= 0 && fclose(file) == 0);
    cr_assert(chmod(next, 0600) == 0 && rename(next, keys_path()) == 0);
}

static const char *keys_setting(const char *keys)
{
    write_keys(keys);
    return text_of("TOLLGATE_TOKEN_KEYS=%s", keys_path());
}

// "k1", or "" while it lies open.
static const char *key_of(const struct org *org)
{
    return database_text(org->gateway->database, "SELECT token_key FROM channels WHERE id = '%s'",
                         org->channel_id);
}

static const char *token_of(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT access_token FROM channels WHERE id = '%s'", org->channel_id);
}

static const char *channel_of(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT concat_ws(' ', status, paused_for) FROM channels WHERE id = '%s'",
                         org->channel_id);
}

static void set_token(const struct org *org, const char *token)
{
    (void)database_text(org->gateway->database,
                        "UPDATE channels SET access_token = '%s' WHERE id = '%s'", token,
                        org->channel_id);
}

static void hang_up(const struct daemon *daemon, const char *event)
{
    cr_assert(!daemon_has_logged(daemon, event));
    process_signal(daemon->process, SIGHUP);
    eventually(daemon_has_logged(daemon, event));
}

static void expect_sends(const struct org *org)
{
    struct answer answer = send_text_and_wait(org, "919876543210");
    expect_equal(answer_text(&answer, "/status"), "sent");
}

// Meta's app asks for a proof of its secret, which is made of the token.
static void want_proof(struct gateway *gateway)
{
    simulator_aim(gateway->simulator, "http://127.0.0.1:1/none", "the-secret-of-the-app");
    simulator_set(gateway->simulator, "{\"wants_proof\": true, \"webhooks\": false}");
}

// The simulator takes no token but such as begin with EAA, so that it was opened.
Test(sealed, a_token_is_used_as_it_was_written_and_as_it_was_sealed)
{
    struct gateway *gateway = given_gateway(.worker_settings = {keys_setting(K1)});
    struct org org = given_org(gateway);
    expect_sends(&org);
    eventually(strcmp(key_of(&org), "k1") == 0);
    cr_assert_eq(strncmp(token_of(&org), "sealed:k1:", 10), 0, "%s", token_of(&org));
    expect_sends(&org);
    // A new one by SQL likewise, and it counts at once.
    set_token(&org, "EAAanother");
    expect_sends(&org);
    eventually(strcmp(key_of(&org), "k1") == 0);
    expect_sends(&org);
    cr_assert_eq(simulator_posts_to(gateway->simulator, "919876543210"), 4);
    stop_gateway(gateway);
}

Test(sealed, with_a_proof_of_the_app_s_secret)
{
    struct gateway *gateway =
        given_gateway(.worker_settings = {keys_setting(K1),
                                          "TOLLGATE_GRAPH_APP_SECRET=the-secret-of-the-app"});
    want_proof(gateway);
    struct org org = given_org(gateway);
    eventually(strcmp(key_of(&org), "k1") == 0);
    expect_sends(&org);
    stop_gateway(gateway);
}

Test(sealed, a_paused_number_stays_paused_and_a_new_token_resumes_it)
{
    struct gateway *gateway =
        given_gateway(.worker_settings = {keys_setting(K1), "TOLLGATE_WORKER_ROLES=send"});
    struct org org = given_org(gateway, .token = "dead");
    struct answer answer = send_text_and_wait(&org, "919876543210");
    expect_equal(answer_text(&answer, "/detail/error/code"), "190");
    expect_equal(channel_of(&org), "paused 190");
    (void)start_worker_with_settings(gateway, WORDS(keys_setting(K1)));
    eventually(strcmp(key_of(&org), "k1") == 0);
    expect_equal(channel_of(&org), "paused 190");
    set_token(&org, "EAAnew");
    expect_equal(channel_of(&org), "active");
    expect_sends(&org);
    stop_gateway(gateway);
}

Test(sealed, a_token_from_another_row_is_never_posted)
{
    struct gateway *gateway = given_gateway(.worker_settings = {keys_setting(K1)});
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    eventually(strcmp(key_of(&acme), "k1") == 0 && strcmp(key_of(&beta), "k1") == 0);
    set_token(&beta, token_of(&acme));
    struct answer answer = send_text_and_wait(&beta, "919876543210");
    expect_equal(answer_text(&answer, "/detail/error/code"), "token:not_opened");
    expect_equal(org_balance(&beta), "100.00");
    expect_equal(channel_of(&beta), "paused token:not_opened");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    expect_sends(&acme);
    set_token(&beta, "EAAbeta");
    expect_sends(&beta);
    stop_gateway(gateway);
}

// As docs/secrets.md has it: the new key goes before the old one, and the old one goes once nothing
// is sealed under it.
Test(sealed, keys_are_replaced_while_all_runs)
{
    struct gateway *gateway = given_gateway(.worker_settings = {keys_setting(K1)});
    struct org org = given_org(gateway);
    eventually(strcmp(key_of(&org), "k1") == 0);
    write_keys(K2 K1);
    hang_up(&gateway->workers[0], "token_keys_reread");
    eventually(strcmp(key_of(&org), "k2") == 0);
    expect_sends(&org);
    write_keys(K2);
    process_signal(gateway->workers[0].process, SIGHUP);
    expect_sends(&org);
    // A wrong file changes nothing.
    write_keys("k3\n");
    hang_up(&gateway->workers[0], "token_keys_refused");
    expect_sends(&org);
    stop_gateway(gateway);
}

// The worker has lost its keys: nothing is posted, nothing lost.
Test(sealed, without_its_key_a_message_waits)
{
    struct gateway *gateway = given_gateway(.worker_settings = {keys_setting(K1)});
    struct org org = given_org(gateway);
    eventually(strcmp(key_of(&org), "k1") == 0);
    process_stop_cleanly(gateway->workers[--gateway->worker_count].process);
    struct daemon *worker = start_worker_with_settings(gateway, WORDS(NULL));
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(channel_of(&org), "paused token:no_key") == 0);
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    process_stop_cleanly(worker->process);
    gateway->worker_count--;
    (void)start_worker(gateway);
    (void)database_text(gateway->database,
                        "UPDATE channels SET status = 'active' WHERE paused_for = 'token:no_key'");
    make_due(gateway, id);
    expect_ends(gateway, id, "sent");
    stop_gateway(gateway);
}

static void expect_not_in(const char *where, const char *bytes, size_t length,
                          const char *const *secrets)
{
    cr_assert_gt(length, 100, "%s", where);
    for (; *secrets; secrets++)
        cr_assert_null(memmem(bytes, length, *secrets, strlen(*secrets)), "%s: %s", where,
                       *secrets);
}

// Its dump, and what it appends.
static bool is_in_files_of(const struct redis *redis, const char *text)
{
    return command_run(WORDS("grep", "--recursive", "--text", "--quiet", "--include=*.rdb",
                             "--include=*.aof", "--fixed-strings", "-e", text, redis->directory),
                       NULL)
               .status == 0;
}

static void expect_no_secrets(struct gateway *gateway, const char *const *secrets)
{
    struct command_result dump =
        command_run(WORDS("pg_dump", database_url(gateway->database, "postgres")), NULL);
    cr_assert_eq(dump.status, 0, "%s", dump.errors);
    cr_assert(strstr(dump.output, "sealed:k1:"));
    expect_not_in("pg_dump", dump.output, strlen(dump.output), secrets);

    expect_equal(redis_command(gateway->redis, "SAVE"), "OK\n");
    cr_assert(is_in_files_of(gateway->redis, "tollgate:"));
    for (const char *const *secret = secrets; *secret; secret++)
        cr_assert_not(is_in_files_of(gateway->redis, *secret), "Redis: %s", *secret);

    const struct daemon *const daemons[] = {&gateway->ingress, &gateway->workers[0]};
    for (size_t i = 0; i < 2; i++) {
        const char *log = process_log(daemons[i]->process);
        expect_not_in("the log", log, strlen(log), secrets);
    }
}

// What is sealed, what stands as a hash, and what stands nowhere but in settings.
Test(sealed, no_dump_and_no_log_has_a_secret)
{
    struct gateway *gateway =
        given_gateway(.ingress_settings = {"TOLLGATE_LOG_LEVEL=debug"},
                      .worker_settings = {keys_setting(K1), "TOLLGATE_LOG_LEVEL=debug",
                                          "TOLLGATE_GRAPH_APP_SECRET=the-secret-of-the-app"});
    want_proof(gateway);
    struct org org = given_org(gateway, .token = "EAAclear-as-it-was-written");
    struct org dead = given_org(gateway, .token = "clear-and-dead");
    expect_sends(&org);
    (void)send_text_and_wait(&dead, "919876543211");
    eventually(strcmp(key_of(&org), "k1") == 0 && strcmp(key_of(&dead), "k1") == 0);
    expect_sends(&org);
    expect_no_secrets(gateway,
                      WORDS("EAAclear-as-it-was-written", "clear-and-dead", "the-secret-of-the-app",
                            GATEWAY_APP_SECRET, GATEWAY_VERIFY_TOKEN, org.key, dead.key,
                            "AQEBAQEBAQEBAQEBAQEB"));
    stop_gateway(gateway);
}

Test(sealed, whoever_starts_without_keys_is_told_that_tokens_lie_open)
{
    struct gateway *gateway = given_gateway(.auth = "keys");
    (void)given_org(gateway);
    cr_assert(daemon_has_logged(&gateway->workers[0], "token_keys_missing"));
    cr_assert_not(daemon_has_logged(&gateway->ingress, "tokens_lie_open"));
    process_stop_cleanly(gateway->ingress.process);
    gateway->ingress = start_ingress(gateway);
    eventually(daemon_has_logged(&gateway->ingress, "tokens_lie_open"));
    eventually_within(
        40, strcmp(daemon_metric(&gateway->workers[0], "tollgate_open_tokens"), "1") == 0);
    process_stop_cleanly(gateway->workers[--gateway->worker_count].process);
    struct daemon *worker = start_worker_with_settings(gateway, WORDS(keys_setting(K1)));
    eventually_within(40, strcmp(daemon_metric(worker, "tollgate_open_tokens"), "0") == 0);
    cr_assert_not(daemon_has_logged(worker, "token_keys_missing"));
    stop_gateway(gateway);
}

// How often a text stands in the memory of a process; -1: this test may not look. (It has to be
// root's: a daemon's memory is nobody else's to read, not even of its own user.)
static long count_in_memory(const struct process *process, const char *text)
{
    enum { PIECE = 1 << 20 };
    const char *maps = file_text(text_of("/proc/%d/maps", (int)process->pid), NULL);
    FILE *memory = fopen(text_of("/proc/%d/mem", (int)process->pid), "re");
    long count = 0;
    if (!maps || !memory)
        return -1;
    char *bytes = malloc(PIECE);
    cr_assert(bytes);
    for (const char *line = maps; *line; line += strcspn(line, "\n") + 1) {
        char *rest;
        unsigned long at = strtoul(line, &rest, 16);
        unsigned long end = strtoul(rest + 1, &rest, 16);
        // (What a sanitizer keeps of addresses is terabytes, and none of ours.)
        if (strncmp(rest, " rw", 3) != 0 || end - at > 1UL << 30)
            continue;
        for (; at < end; at += PIECE - 64) {
            size_t wanted = end - at < PIECE ? end - at : PIECE;
            size_t n =
                fseeko(memory, (off_t)at, SEEK_SET) == 0 ? fread(bytes, 1, wanted, memory) : 0;
            count += n > 0 && memmem(bytes, n, text, strlen(text));
        }
    }
    (void)fclose(memory);
    free(bytes);
    return count;
}

// One worker seals; the other posts, and never sees a token that lies open.
Test(sealed, no_token_stays_in_the_memory_of_who_posts)
{
    static const char token[] = "EAAtoken-that-leaves-no-trace";
    struct gateway *gateway =
        given_gateway(.worker_settings = {keys_setting(K1), "TOLLGATE_WORKER_ROLES=janitor"});
    struct org org = given_org(gateway, .token = token);
    eventually(strcmp(key_of(&org), "k1") == 0);
    struct daemon *worker = start_worker_with_settings(
        gateway, WORDS(keys_setting(K1), "TOLLGATE_WORKER_ROLES=send",
                       "TOLLGATE_GRAPH_APP_SECRET=the-secret-of-the-app"));
    for (int i = 0; i < 3; i++)
        expect_sends(&org);
    long count = count_in_memory(worker->process, token);
    if (count < 0)
        cr_skip_test("only root may look into the memory of a daemon");
    cr_assert_eq(count, 0);
    cr_assert_gt(count_in_memory(worker->process, "the-secret-of-the-app"), 0); // it is looked for
    stop_gateway(gateway);
}

// Keeps what is asked of PostgreSQL, and each token that ever stands in a row.
static void keep_history(struct gateway *gateway)
{
    (void)database_text(
        gateway->database,
        "CREATE TABLE history (what text); GRANT ALL ON history TO PUBLIC; "
        "ALTER FUNCTION check_channel(jsonb) RENAME TO check_channel_itself; "
        "CREATE FUNCTION check_channel(p_body jsonb) RETURNS void LANGUAGE sql AS $$ "
        "INSERT INTO history VALUES (p_body::text); SELECT check_channel_itself(p_body) $$; "
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
        "tollgate.history VALUES (NEW.access_token); RETURN NULL; END $$; "
        "CREATE TRIGGER history AFTER INSERT OR UPDATE ON channels FOR EACH ROW "
        "EXECUTE FUNCTION keep()");
}

static struct answer change(struct gateway *gateway, const char *method, const char *path,
                            const char *body)
{
    struct answer answer = tell(gateway, method, path, body);
    cr_assert(answer.status == 200 || answer.status == 201, "%d %s", answer.status, answer.body);
    return answer;
}

// What operators write is sealed before PostgreSQL sees it, for the row where it comes to stand,
// and opens there.
Test(sealed, no_token_that_operators_write_ever_lies_open)
{
    const char *keys = keys_setting(K1);
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {keys},
                      .worker_settings = {keys, "TOLLGATE_WORKER_ROLES=send,inbound"});
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    (void)database_text(gateway->database, "UPDATE channels SET status = 'disabled'");
    keep_history(gateway);
    const char *path = text_of("/admin/orgs/%s/channels", acme.id);
    struct answer answer = change(gateway, "POST", path,
                                  "{\"phone_number_id\": \"1010\", \"access_token\": "
                                  "\"dead-clear\"}");
    acme.channel_id = answer_text(&answer, "/id");
    expect_equal(key_of(&acme), "k1");
    answer = send_text_and_wait(&acme, "919876543210");
    expect_equal(answer_text(&answer, "/detail/error/code"), "190");
    expect_equal(channel_of(&acme), "paused 190");
    path = text_of("%s/%s", path, acme.channel_id);
    (void)change(gateway, "PATCH", path, "{\"access_token\": \"EAAclear\"}");
    expect_equal(channel_of(&acme), "active");
    expect_sends(&acme);
    answer =
        change(gateway, "POST", text_of("%s/hand-over", path),
               text_of("{\"to_org_id\": \"%s\", \"access_token\": \"EAAclear-of-beta\"}", beta.id));
    beta.channel_id = answer_text(&answer, "/id");
    expect_equal(key_of(&beta), "k1");
    expect_sends(&beta);
    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', count(*) FILTER (WHERE what ~ 'clear'), "
                               "count(*) FILTER (WHERE what ~ 'sealed_token'), count(DISTINCT "
                               "what) FILTER (WHERE what ~ '^sealed:k1:')) FROM history"),
                 "0 3 3");
    stop_gateway(gateway);
}

// What they write must be one all the same, and without keys it is as ever.
Test(sealed, what_is_no_token_is_not_sealed_and_without_keys_none_is)
{
    const char *keys = keys_setting(K1);
    struct gateway *gateway =
        given_gateway(.desk = true, .without_worker = true, .ingress_settings = {keys});
    struct org org = given_org(gateway);
    const char *path = text_of("/admin/orgs/%s/channels/%s", org.id, org.channel_id);
    static const char *const bad[] = {"two words", "sealed:k1:AAAA", "tab\\t", "caf\u00e9", " "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer =
            tell(gateway, "PATCH", path, text_of("{\"access_token\": \"%s\"}", bad[i]));
        expect_refused(&answer, 400, "invalid_field", "access_token");
        answer = tell(gateway, "PATCH", path, text_of("{\"sealed_token\": \"%s\"}", bad[i]));
        expect_refused(&answer, 400, "unknown_field", "sealed_token");
    }
    expect_equal(key_of(&org), "");
    // The file is read again as a worker's is.
    write_keys(K2 K1);
    expect_equal(daemon_hang_up(&gateway->ingress, "token_keys_reread", "newest"), "k2");
    (void)change(gateway, "PATCH", path, "{\"access_token\": \"EAAnew\"}");
    expect_equal(key_of(&org), "k2");
    write_keys("k3\n");
    (void)daemon_hang_up(&gateway->ingress, "token_keys_refused", "reason");
    (void)change(gateway, "PATCH", path, "{\"access_token\": \"EAAnew\"}");
    expect_equal(key_of(&org), "k2");
    stop_gateway(gateway);
    gateway = given_gateway(.desk = true, .without_worker = true);
    org = given_org(gateway);
    path = text_of("/admin/orgs/%s/channels/%s", org.id, org.channel_id);
    (void)change(gateway, "PATCH", path, "{\"access_token\": \"EAAnew\"}");
    expect_equal(token_of(&org), "EAAnew");
    stop_gateway(gateway);
}

static struct command_result ctl(struct gateway *gateway, const char *command)
{
    return command_run(WORDS(testbed_daemon("tollgatectl"), command),
                       WORDS(text_of("TOLLGATE_ADMIN_URL=%s", gateway->ingress.admin_url),
                             "TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN));
}

static void expect_rotation(struct gateway *gateway, int status, const char *says)
{
    struct command_result result = ctl(gateway, "rotate-keys");
    cr_assert_eq(result.status, status, "%s%s", result.output, result.errors);
    cr_assert(strstr(result.output, says), "%s", result.output);
    cr_assert(status == 0 || strstr(result.errors, says), "%s", result.errors);
}

static void hang_up_all(struct gateway *gateway)
{
    (void)daemon_hang_up(&gateway->ingress, "token_keys_reread", "newest");
    for (size_t i = 0; i < gateway->worker_count; i++)
        (void)daemon_hang_up(&gateway->workers[i], "token_keys_reread", "newest");
}

// Messages that wait to be sent, which a rotation must not touch.
static void keep_sending(const struct org *org, size_t *n)
{
    for (int i = 0; i < 20; i++, ++*n) {
        struct answer answer = send_text(org, text_of("9198765%05zu", *n));
        (void)expect_accepted(&answer);
    }
}

// As docs/secrets.md has it: the new key behind the old one, then first, then alone.
Test(sealed, keys_are_rotated_by_one_command_while_messages_leave)
{
    const char *keys = keys_setting(K1);
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {keys}, .worker_settings = {keys});
    (void)start_worker(gateway);
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    size_t n = 0;
    expect_rotation(gateway, 0, "All tokens stand under k1");
    keep_sending(&acme, &n);
    write_keys(K1 K2);
    hang_up_all(gateway);
    keep_sending(&acme, &n);
    expect_rotation(gateway, 0, "All tokens stand under k1");
    write_keys(K2 K1);
    for (size_t i = 0; i < gateway->worker_count; i++)
        (void)daemon_hang_up(&gateway->workers[i], "token_keys_reread", "newest");
    keep_sending(&beta, &n);
    expect_rotation(gateway, 0, "All tokens stand under k2"); // the ingress has read its file, too
    expect_equal(key_of(&acme), "k2");
    expect_equal(key_of(&beta), "k2");
    keep_sending(&beta, &n);
    write_keys(K2);
    hang_up_all(gateway);
    keep_sending(&acme, &n);
    expect_sends(&acme);
    expect_sends(&beta);
    eventually(
        database_number(gateway->database, "SELECT count(*) FROM messages WHERE status = 'sent'") ==
        (long)n + 2);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM alerts"), 0);
    struct answer answer = look(gateway, "/admin/audit-log?object=token_sealing");
    expect_equal(answer_text(&answer, "/changes/0/after/asked_for"), "k2");
    expect_equal(answer_text(&answer, "/changes/0/actor"), "operator:admin");
    stop_gateway(gateway);
}

Test(sealed, a_rotation_says_why_it_does_not_end)
{
    const char *keys = keys_setting(K1);
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {keys}, .worker_settings = {keys});
    struct org acme = given_org(gateway);
    expect_rotation(gateway, 0, "All tokens stand under k1");
    // The worker has not read it.
    write_keys(K2 K1);
    expect_rotation(gateway, 1, "The janitor's worker seals under k1");
    // Of the old key nothing is left, too early.
    write_keys(K2);
    (void)daemon_hang_up(&gateway->workers[0], "token_keys_reread", "newest");
    expect_rotation(gateway, 1, "Not under k2: 1 for want of their key, 0 that do not open");
    write_keys(K2 K1);
    (void)daemon_hang_up(&gateway->workers[0], "token_keys_reread", "newest");
    expect_rotation(gateway, 0, "All tokens stand under k2");
    struct org beta = given_org(gateway, .token = token_of(&acme));
    expect_rotation(gateway, 0, "All tokens stand under k2"); // nobody has looked into it yet
    (void)beta;
    write_keys("k3 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n" K2);
    (void)daemon_hang_up(&gateway->workers[0], "token_keys_reread", "newest");
    expect_rotation(gateway, 1, "Not under k3: 0 for want of their key, 1 that do not open");
    write_keys("k3\n");
    struct command_result result = ctl(gateway, "rotate-keys");
    cr_assert(result.status == 1 && strstr(result.errors, "TOLLGATE_TOKEN_KEYS: "), "%s",
              result.errors);
    cr_assert_eq(ctl(gateway, "token-keys").status, 0);
    stop_gateway(gateway);
}

static int wait_status_of(struct process *process)
{
    int status = 0;
    cr_assert_eq(waitpid(process->pid, &status, 0), process->pid);
    process->pid = 0;
    return status;
}

// Whatever the limit allows. (A sanitizer would take the signal for itself; the kernel says in the
// wait status whether it has written a core, wherever core_pattern sends it.)
Test(sealed, a_crash_writes_no_core)
{
    static const char *const names[] = {"tollgate-ingress", "tollgate-worker"};
    struct gateway *gateway = given_gateway(.auth = "keys");
    for (size_t i = 0; i < 2; i++) {
        const char *limits =
            text_of("cd %s && ulimit -c unlimited && exec \"$0\"", testbed_directory());
        struct process *process = process_start(
            text_of("crash-%zu", i), WORDS("bash", "-c", limits, testbed_daemon(names[i])),
            WORDS(text_of("TOLLGATE_POSTGRES_URL=%s",
                          database_url(gateway->database,
                                       i == 0 ? "tollgate_ingress" : "tollgate_worker")),
                  text_of("TOLLGATE_REDIS_URL=%s", redis_url(gateway->redis)),
                  "TOLLGATE_LISTEN=127.0.0.1:0", "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET,
                  "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN,
                  "ASAN_OPTIONS=handle_segv=0:disable_coredump=0:detect_leaks=0",
                  "TSAN_OPTIONS=handle_segv=0:disable_coredump=0"));
        (void)process_log_value(process, "service_started", "pid");
        process_signal(process, SIGSEGV);
        int status = wait_status_of(process);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%d", status);
        cr_assert_not(WCOREDUMP(status), "%s", names[i]);
    }
    stop_gateway(gateway);
}

static struct answer relayed_call(const struct org *org)
{
    return ask(org->gateway->http, .path = text_of("/v23.0/%s", org->phone_number_id),
               .key = org->key);
}

static void expect_unopened(const struct org *org)
{
    struct answer answer = relayed_call(org);
    cr_assert_eq(answer.status, 503, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error/code"), "2");
    cr_assert(strstr(answer_text(&answer, "/error/error_data/details"), "access token"), "%s",
              answer.body);
}

// Nothing but the relay goes without, and nothing of another row's is shown to Meta.
Test(sealed, a_relayed_call_is_made_under_a_token_that_ingress_can_open)
{
    const char *keys = keys_setting(K1);
    struct gateway *gateway =
        given_gateway(.worker_settings = {keys, "TOLLGATE_GRAPH_APP_SECRET=the-secret-of-the-app"},
                      .ingress_settings = {keys,
                                           "TOLLGATE_GRAPH_APP_SECRET=the-secret-of-the-app"});
    want_proof(gateway);
    struct org acme = given_org(gateway, .token = "EAAacme");
    struct org beta = given_org(gateway, .token = "EAAbeta");
    eventually(strcmp(key_of(&acme), "k1") == 0 && strcmp(key_of(&beta), "k1") == 0);
    struct answer answer = relayed_call(&acme);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/id"), acme.phone_number_id);
    set_token(&beta, token_of(&acme));
    expect_unopened(&beta);
    expect_equal(process_log_value(gateway->ingress.process, "relay_token_not_opened", "why"),
                 "not_opened");
    set_token(&beta, "EAAbeta again"); // no token, and no two headers either
    expect_unopened(&beta);

    write_keys(K2);
    (void)daemon_hang_up(&gateway->ingress, "token_keys_reread", "newest");
    expect_unopened(&acme);
    expect_equal(process_log_value(gateway->ingress.process, "relay_token_not_opened", "why"),
                 "no_key");
    expect_sends(&acme);
    cr_assert_not(strstr(process_log(gateway->ingress.process), "EAA"));
    stop_gateway(gateway);
}
