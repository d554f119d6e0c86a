// What every whole-daemon test stands on: its own directory, texts that live as long as it does,
// ports that no other test has, and waiting for a condition.
//
// A test is a process of its own that ends soon: what the harness hands out is never freed, and
// all failures end the test at once.
#pragma once

#include "common/base/attributes.h"

#include <criterion/criterion.h>
#include <stdarg.h>

// How long a test waits for what must happen: 20, or TOLLGATE_TEST_PATIENCE_S; the daemons are slow
// under sanitizers.
#define PATIENCE_S testbed_patience_s()
int testbed_patience_s(void);

#define TESTBED_STRING_OF(x) #x
#define TESTBED_STRING(x) TESTBED_STRING_OF(x)
// Where in the tests we are, for helpers that fail on behalf of their caller.
#define HERE __FILE__ ":" TESTBED_STRING(__LINE__)

// printf into memory that lives until the test ends.
char *text_of(const char *format, ...) TG_PRINTF(1, 2);
char *text_of_list(const char *format, va_list args) TG_PRINTF(1, 0);

// The bytes of a file, NUL-terminated; NULL if it cannot be read. *length may be NULL.
char *file_text(const char *path, size_t *length);

// Writes `text` to a new file of the test's directory and returns its path.
const char *file_with(const char *name, const char *text);

// A variable that tests/run sets; the test fails without it.
const char *testbed_variable(const char *name);

// The directory of this test, under TOLLGATE_TEST_RUN_DIR; made when first asked for.
const char *testbed_directory(void);

// The path of a daemon under test, such as "tollgate-worker".
const char *testbed_daemon(const char *name);

// A port of 127.0.0.1 that nobody listens on, kept from all other tests until this one ends, so
// that a server may be stopped and started on it again. Not from the range that the kernel takes
// for outgoing connections: there a client of a stopped server may meet itself.
int testbed_port(void);

long long testbed_now_ms(void);

// Polls until the condition holds; fails the test when it has not after so many seconds.
#define eventually_within(seconds, condition)                                                      \
    do {                                                                                           \
        long long testbed_deadline = testbed_now_ms() + (seconds)*1000LL;                          \
        while (!(condition)) {                                                                     \
            cr_assert(testbed_now_ms() < testbed_deadline, "not within %d s: %s", (int)(seconds),  \
                      #condition);                                                                 \
            testbed_pause();                                                                       \
        }                                                                                          \
    } while (0)
#define eventually(condition) eventually_within(PATIENCE_S, condition)

// Between two looks at a condition; never to wait for time to pass.
void testbed_pause(void);
