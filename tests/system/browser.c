#include "tests/system/browser.h"

#include "common/base/text.h"
#include "tests/system/http.h"
#include "tests/system/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What a tenant's page does takes a moment, but a browser that has gone wrong says nothing.
enum { ANSWER_S = 60, HIGH_FD = 20 };

#define PROGRAM "chromium-headless-shell"
#define NOT_THERE PROGRAM " (Debian's package of that name) has not started, or has ended:\n%s"

struct browser {
    struct process *process;
    const char *mark;    // in the environment of all its processes
    int commands;        // the end of a pair of sockets
    int asked;           // the newest command's id
    struct tg_text came; // and is not read yet
};

// Both ends above those numbers that the program is to have; its own is for it to inherit.
static void make_pair(int *ours, int *its)
{
    int made[2];
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, made) == 0, "%s", strerrordesc_np(errno));
    *ours = fcntl(made[0], F_DUPFD_CLOEXEC, HIGH_FD);
    *its = fcntl(made[1], F_DUPFD, HIGH_FD);
    cr_assert(*ours >= 0 && *its >= 0, "%s", strerrordesc_np(errno));
    close(made[0]);
    close(made[1]);
}

// As Chromium names it: the digest of a certificate's public key.
static const char *key_digest(const char *certificate)
{
    static const char script[] = "openssl x509 -in \"$0\" -noout -pubkey | "
                                 "openssl pkey -pubin -outform DER | "
                                 "openssl dgst -sha256 -binary | base64";
    struct command_result digest = command_run(WORDS("sh", "-c", script, certificate), NULL);
    cr_assert(digest.status == 0, "%s", digest.errors);
    return text_of("%.*s", (int)strcspn(digest.output, "\n"), digest.output);
}

// Nothing but what the test asks for: no other machine, no service of its maker's, and no more
// memory than two small pages take. It opens pages of the tests alone, as whoever runs these, also
// as root: so without a sandbox, for which it would need rights of its own.
static void launch(struct browser *browser, const char *with_ends, const char *certificate)
{
    static const char names[] = "--host-resolver-rules=MAP *.example 127.0.0.1, "
                                "MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
    const char *believed = NULL;
    if (certificate)
        believed = text_of("--ignore-certificate-errors-spki-list=%s", key_digest(certificate));
    browser->process = process_start(
        "chromium",
        WORDS("bash", "-c", with_ends, PROGRAM, "--remote-debugging-pipe", "--no-sandbox",
              text_of("--user-data-dir=%s/chromium", testbed_directory()), "--no-first-run",
              "--no-proxy-server", names, "--disable-background-networking",
              "--disable-component-update", "--disable-breakpad", "--no-pings", "--disable-gpu",
              "--disable-dev-shm-usage", "--renderer-process-limit=2",
              "--js-flags=--max-old-space-size=64", believed),
        (const char *const[]){browser->mark, NULL});
}

struct browser *browser_start(const char *certificate)
{
    int its;
    struct browser *browser = calloc(1, sizeof *browser);
    cr_assert(browser);
    make_pair(&browser->commands, &its);
    browser->mark = text_of("BROWSER_OF=%s", testbed_directory());
    launch(browser, text_of("exec 3<&%d 4>&%d && exec \"$0\" \"$@\"", its, its), certificate);
    close(its);
    return browser;
}

// Waits for further bytes.
static void read_more(struct browser *browser, const char *what, long long deadline_ms)
{
    char bytes[8192];
    struct pollfd look = {.fd = browser->commands, .events = POLLIN};
    long long left_ms = deadline_ms - testbed_now_ms();
    int ready = left_ms > 0 ? poll(&look, 1, (int)left_ms) : 0;
    cr_assert(ready > 0, "the browser has not answered %s:\n%s", what,
              process_log(browser->process));
    ssize_t got = read(browser->commands, bytes, sizeof bytes);
    cr_assert(got > 0, NOT_THERE, process_log(browser->process));
    tg_text_append(&browser->came, bytes, (size_t)got);
}

// Messages end in NUL.
static struct json_object *next_message(struct browser *browser, const char *what,
                                        long long deadline_ms)
{
    struct tg_text *came = &browser->came;
    const char *end;
    while (!(end = memchr(tg_text_string(came), '\0', came->length)))
        read_more(browser, what, deadline_ms);
    struct json_object *message = json_tokener_parse(came->data);
    cr_assert(message, "%s", came->data);
    size_t read = (size_t)(end - came->data) + 1;
    memmove(came->data, came->data + read, came->length - read);
    came->length -= read;
    return message;
}

static void write_message(const struct browser *browser, struct json_object *message)
{
    const char *text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    size_t size = strlen(text) + 1;
    for (size_t written = 0; written < size;) {
        ssize_t n = send(browser->commands, text + written, size - written, MSG_NOSIGNAL);
        cr_assert(n > 0, NOT_THERE, process_log(browser->process));
        written += (size_t)n;
    }
    json_object_put(message);
}

// A command to the browser (session NULL) or to a tab. Returns what came of it: "result" or
// "error". What is told meanwhile is passed over.
static struct json_object *command(struct browser *browser, const char *session, const char *method,
                                   struct json_object *parameters)
{
    long long deadline_ms = testbed_now_ms() + ANSWER_S * 1000LL;
    struct json_object *message = json_object_new_object();
    const char *id = text_of("%d", ++browser->asked);
    json_object_object_add(message, "id", json_object_new_int(browser->asked));
    json_object_object_add(message, "method", json_object_new_string(method));
    json_object_object_add(message, "params", parameters);
    if (session)
        json_object_object_add(message, "sessionId", json_object_new_string(session));
    write_message(browser, message);
    do {
        message = next_message(browser, method, deadline_ms);
    } while (strcmp(json_text(message, "/id"), id) != 0);
    return message;
}

static bool carries_mark(const char *pid, const char *mark)
{
    size_t length = 0;
    const char *environment = file_text(text_of("/proc/%s/environ", pid), &length);
    if (!environment) // it has ended
        return false;
    for (size_t at = 0; at < length; at += strlen(environment + at) + 1) {
        if (strcmp(environment + at, mark) == 0)
            return true;
    }
    return false;
}

static int count_processes(const struct browser *browser)
{
    int count = 0;
    DIR *processes = opendir("/proc");
    cr_assert(processes);
    const struct dirent *entry;
    while ((entry = readdir(processes))) { // NOLINT(concurrency-mt-unsafe): a stream of our own
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            count += carries_mark(entry->d_name, browser->mark);
    }
    closedir(processes);
    return count;
}

void browser_stop(struct browser *browser)
{
    cr_assert(count_processes(browser) > 1, "nobody carries %s", browser->mark);
    json_object_put(command(browser, NULL, "Browser.close", json_object_new_object()));
    (void)process_wait(browser->process, PATIENCE_S);
    eventually(count_processes(browser) == 0);
    close(browser->commands);
    tg_text_finish(&browser->came);
    free(browser);
}

static struct json_object *parameter(const char *name, const char *value)
{
    struct json_object *parameters = json_object_new_object();
    json_object_object_add(parameters, name, json_object_new_string(value));
    return parameters;
}

struct tab tab_open(struct browser *browser, const char *url)
{
    struct json_object *made = command(browser, NULL, "Target.createTarget", parameter("url", url));
    struct json_object *wish = parameter("targetId", json_text(made, "/result/targetId"));
    json_object_object_add(wish, "flatten", json_object_new_boolean(true));
    struct json_object *attached = command(browser, NULL, "Target.attachToTarget", wish);
    struct tab tab = {browser, json_text(attached, "/result/sessionId")};
    cr_assert(*tab.session, "%s", json_object_to_json_string(attached));
    const char *complete =
        text_of("document.readyState === 'complete' && location.href === new URL('%s').href", url);
    eventually(tab_shows(&tab, complete));
    return tab;
}

static struct json_object *evaluate(const struct tab *tab, const char *script)
{
    struct json_object *parameters = parameter("expression", script);
    json_object_object_add(parameters, "awaitPromise", json_object_new_boolean(true));
    json_object_object_add(parameters, "returnByValue", json_object_new_boolean(true));
    return command(tab->browser, tab->session, "Runtime.evaluate", parameters);
}

static struct json_object *run(const struct tab *tab, const char *script)
{
    struct json_object *value = NULL;
    struct json_object *thrown = NULL;
    struct json_object *message = evaluate(tab, script);
    bool good = json_pointer_get(message, "/result/result", &value) == 0 &&
                json_pointer_get(message, "/result/exceptionDetails", &thrown) != 0;
    cr_assert(good, "%s: %s", script, json_object_to_json_string(message));
    return json_object_object_get(value, "value");
}

struct json_object *tab_run(const struct tab *tab, const char *script, ...)
{
    va_list args;
    va_start(args, script);
    const char *text = text_of_list(script, args);
    va_end(args);
    return run(tab, text);
}

const char *tab_text(const struct tab *tab, const char *script, ...)
{
    va_list args;
    va_start(args, script);
    const char *text = text_of_list(script, args);
    va_end(args);
    struct json_object *value = run(tab, text);
    return value ? json_object_get_string(value) : "";
}

bool tab_shows(const struct tab *tab, const char *script)
{
    struct json_object *message = evaluate(tab, script);
    return strcmp(json_text(message, "/result/result/value"), "true") == 0;
}
