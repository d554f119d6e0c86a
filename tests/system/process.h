// Processes that a test starts. None outlives the test: the kernel kills what is left when the test
// ends, however it ends.
#pragma once

#include "tests/system/testbed.h"

#include <sys/types.h>

struct process {
    const char *name; // of its log too
    const char *log_path;
    pid_t pid; // 0: ended and waited for
    int status;
};

// A NULL-terminated list in place: WORDS("a", "b").
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// Starts argv[0] (found in PATH) with its output in NAME.log of the test's directory. It gets the
// test's environment without any TOLLGATE_ variable, and then `environment` ("NAME=value", the last
// one of a name counts, NULL ends it; NULL: nothing). A name that is used again continues its log.
struct process *process_start(const char *name, const char *const *argv,
                              const char *const *environment);

// The same for PostgreSQL's programs, which refuse to run as root: as the user postgres then.
struct process *process_start_as_postgres(const char *name, const char *const *argv,
                                          const char *const *environment);

// Makes it the owner of a directory.
void process_give_to_postgres(const char *directory);

bool process_running(struct process *process);

// Waits for its end; the test fails if it still runs after so many seconds. Returns the exit
// status, or 128 and the signal.
int process_wait(struct process *process, int seconds);

void process_signal(const struct process *process, int signal);

// SIGKILL, and waits.
void process_kill(struct process *process);

// SIGTERM: it must end within 10 s with status 0. A daemon whose sanitizer has found something
// does not.
void process_stop_cleanly(struct process *process);
// The same for one that has got its signal: a second one would end a daemon at once.
void process_end_cleanly(struct process *process);

// What it has written so far.
const char *process_log(const struct process *process);

// The value of `key` in the newest line of its log with event=`event`; waits for that line.
const char *process_log_value(struct process *process, const char *event, const char *key);

// A command that ends by itself.
struct command_result {
    int status;
    const char *output;
    const char *errors;
};
struct command_result command_run(const char *const *argv, const char *const *environment);
struct command_result command_run_as_postgres(const char *const *argv,
                                              const char *const *environment);
