#include "tests/system/testbed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PORT_LOWEST = 10000, PORTS = 10000, POLL_MS = 10 };

// A hook of LeakSanitizer: in the tests' own processes nothing is freed on purpose. The daemons are
// processes of their own.
int __lsan_is_turned_off(void); // NOLINT(bugprone-reserved-identifier,cert-dcl51-cpp)
int __lsan_is_turned_off(void)  // NOLINT(bugprone-reserved-identifier,cert-dcl51-cpp)
{
    return 1;
}

char *text_of_list(const char *format, va_list args)
{
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    cr_assert(length >= 0);
    return text;
}

char *text_of(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_of_list(format, args);
    va_end(args);
    return text;
}

char *file_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    cr_assert(memory);
    char buffer[4096];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        cr_assert(fwrite(buffer, 1, n, memory) == n);
    (void)fclose(file);
    cr_assert(fclose(memory) == 0);
    if (length)
        *length = size;
    return text;
}

const char *file_with(const char *name, const char *text)
{
    char *path = text_of("%s/%s", testbed_directory(), name);
    FILE *file = fopen(path, "we");
    cr_assert(file, "%s: %s", path, strerrordesc_np(errno));
    cr_assert(fputs(text, file) >= 0);
    cr_assert(fclose(file) == 0);
    return path;
}

const char *testbed_variable(const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): nobody changes it
    cr_assert(value && *value, "%s is not set: use tests/run", name);
    return value;
}

int testbed_patience_s(void)
{
    const char *value = getenv("TOLLGATE_TEST_PATIENCE_S"); // NOLINT(concurrency-mt-unsafe)
    return value ? (int)strtol(value, NULL, 10) : 20;
}

const char *testbed_directory(void)
{
    static char *directory;
    if (directory)
        return directory;
    // With the test its servers die too, but only if it dies with the runner.
    cr_assert(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
    char *suite =
        text_of("%s/%s", testbed_variable("TOLLGATE_TEST_RUN_DIR"), criterion_current_suite->name);
    directory = text_of("%s/%s.%d", suite, criterion_current_test->name, (int)getpid());
    cr_assert(mkdir(suite, 0755) == 0 || errno == EEXIST, "%s: %s", suite, strerrordesc_np(errno));
    cr_assert(mkdir(directory, 0755) == 0, "%s: %s", directory, strerrordesc_np(errno));
    return directory;
}

const char *testbed_daemon(const char *name)
{
    return text_of("%s/%s", testbed_variable("TOLLGATE_TEST_BIN_DIR"), name);
}

// Takes the port for this process by a lock that ends with it.
static bool reserve(int port)
{
    const char *path = text_of("%s/port-%d", testbed_variable("TOLLGATE_TEST_RUN_DIR"), port);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    cr_assert(fd >= 0, "%s: %s", path, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    close(fd);
    return false;
}

static bool is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0);
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return bound;
}

int testbed_port(void)
{
    static int next;
    if (next == 0)
        next = (int)getpid() * 7; // far from where a neighbour begins
    for (int i = 0; i < PORTS; i++) {
        int port = PORT_LOWEST + next++ % PORTS;
        if (reserve(port) && is_free(port))
            return port;
    }
    cr_assert(false, "no port is free");
    return 0;
}

long long testbed_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void testbed_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}
