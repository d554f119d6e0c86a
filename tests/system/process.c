#include "tests/system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_S = 10, COMMAND_S = 100, ENVIRONMENT_MAX = 256, LOG_TAIL = 3000 };

struct launch {
    const char *const *argv;
    const char *const *environment;
    const struct passwd *user; // NULL: the test's own
    const char *output;
    const char *errors; // NULL: with the output
};

static bool is_named(const char *const *variables, const char *variable)
{
    size_t length = strcspn(variable, "=") + 1;
    for (; *variables; variables++) {
        if (strncmp(*variables, variable, length) == 0)
            return true;
    }
    return false;
}

// The test's environment without our settings, and what is added. The last of two counts.
static char **merge_environment(const char *const *added)
{
    char **merged = calloc(ENVIRONMENT_MAX, sizeof *merged);
    cr_assert(merged);
    size_t n = 0;
    for (char **variable = environ; *variable; variable++) {
        if (strncmp(*variable, "TOLLGATE_", strlen("TOLLGATE_")) != 0)
            merged[n++] = *variable;
        cr_assert(n < ENVIRONMENT_MAX - 1);
    }
    for (; added && *added; added++) {
        if (!is_named(added + 1, *added))
            merged[n++] = text_of("%s", *added);
        cr_assert(n < ENVIRONMENT_MAX - 1);
    }
    return merged;
}

static void open_as(const char *path, int fd)
{
    int opened = open(path, O_CREAT | O_WRONLY | O_APPEND, 0666);
    if (opened < 0 || dup2(opened, fd) < 0)
        _exit(126);
    close(opened);
}

static bool become(const struct passwd *user)
{
    return initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
           setuid(user->pw_uid) == 0 && chdir("/") == 0;
}

// In the child; does not return.
static void exec(const struct launch *launch, char *const *environment, pid_t test)
{
    open_as("/dev/null", STDIN_FILENO);
    open_as(launch->output, STDOUT_FILENO);
    if (launch->errors)
        open_as(launch->errors, STDERR_FILENO);
    else
        dup2(STDOUT_FILENO, STDERR_FILENO);
    if (launch->user && !become(launch->user))
        _exit(126);
    // After the change of user, which undoes it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != test)
        _exit(126);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execvpe(launch->argv[0], (char *const *)launch->argv, environment);
    _exit(127);
}

static pid_t spawn(const struct launch *launch)
{
    char **environment = merge_environment(launch->environment);
    pid_t test = getpid();
    pid_t pid = fork();
    cr_assert(pid >= 0, "fork: %s", strerrordesc_np(errno));
    if (pid == 0)
        exec(launch, environment, test);
    free(environment);
    return pid;
}

static const struct passwd *postgres_user(void)
{
    if (geteuid() != 0)
        return NULL;
    const struct passwd *user = getpwnam("postgres"); // NOLINT(concurrency-mt-unsafe)
    cr_assert(user, "there is no user postgres");
    return user;
}

void process_give_to_postgres(const char *directory)
{
    const struct passwd *user = postgres_user();
    cr_assert(!user || chown(directory, user->pw_uid, user->pw_gid) == 0, "%s: %s", directory,
              strerrordesc_np(errno));
}

static struct process *start(const char *name, const char *const *argv,
                             const char *const *environment, const struct passwd *user)
{
    struct process *process = calloc(1, sizeof *process);
    cr_assert(process);
    process->name = name;
    process->log_path = text_of("%s/%s.log", testbed_directory(), name);
    const struct launch launch = {argv, environment, user, process->log_path, NULL};
    process->pid = spawn(&launch);
    return process;
}

struct process *process_start(const char *name, const char *const *argv,
                              const char *const *environment)
{
    return start(name, argv, environment, NULL);
}

struct process *process_start_as_postgres(const char *name, const char *const *argv,
                                          const char *const *environment)
{
    return start(name, argv, environment, postgres_user());
}

bool process_running(struct process *process)
{
    int status = 0;
    if (process->pid == 0)
        return false;
    pid_t pid = waitpid(process->pid, &status, WNOHANG);
    cr_assert(pid >= 0, "waitpid: %s", strerrordesc_np(errno));
    if (pid == 0)
        return true;
    process->pid = 0;
    process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return false;
}

static const char *log_tail(const struct process *process)
{
    const char *log = process_log(process);
    size_t length = strlen(log);
    return length > LOG_TAIL ? log + length - LOG_TAIL : log;
}

int process_wait(struct process *process, int seconds)
{
    long long deadline_ms = testbed_now_ms() + seconds * 1000LL;
    while (process_running(process)) {
        cr_assert(testbed_now_ms() < deadline_ms, "%s still runs after %d s:\n%s", process->name,
                  seconds, log_tail(process));
        testbed_pause();
    }
    return process->status;
}

void process_signal(const struct process *process, int signal)
{
    if (process->pid > 0)
        cr_assert(kill(process->pid, signal) == 0, "%s: %s", process->name, strerrordesc_np(errno));
}

void process_kill(struct process *process)
{
    if (!process_running(process))
        return;
    process_signal(process, SIGKILL);
    (void)process_wait(process, STOP_S);
}

void process_stop_cleanly(struct process *process)
{
    if (process_running(process))
        process_signal(process, SIGTERM);
    process_end_cleanly(process);
}

void process_end_cleanly(struct process *process)
{
    int status = process_wait(process, STOP_S);
    cr_assert(status == 0, "%s ended with status %d:\n%s", process->name, status,
              log_tail(process));
}

const char *process_log(const struct process *process)
{
    const char *log = file_text(process->log_path, NULL);
    return log ? log : "";
}

static const char *find_value(const char *log, const char *event, const char *key)
{
    const char *wanted = text_of(" event=%s ", event);
    const char *start = text_of(" %s=", key);
    const char *value = NULL;
    for (const char *line = strstr(log, wanted); line; line = strstr(line + 1, wanted)) {
        const char *end = line + strcspn(line, "\n");
        const char *found = strstr(line, start);
        if (*end == '\n' && found && found < end)
            value =
                text_of("%.*s", (int)strcspn(found + strlen(start), " \n"), found + strlen(start));
    }
    return value;
}

const char *process_log_value(struct process *process, const char *event, const char *key)
{
    long long deadline_ms = testbed_now_ms() + PATIENCE_S * 1000LL;
    for (;;) {
        const char *value = find_value(process_log(process), event, key);
        if (value)
            return value;
        cr_assert(process_running(process) && testbed_now_ms() < deadline_ms,
                  "%s has not logged %s:\n%s", process->name, event, log_tail(process));
        testbed_pause();
    }
}

static struct command_result run(const char *const *argv, const char *const *environment,
                                 const struct passwd *user)
{
    static int commands;
    commands++;
    struct process process = {.name = argv[0]};
    const char *errors = text_of("%s/command-%d.errors", testbed_directory(), commands);
    process.log_path = text_of("%s/command-%d.output", testbed_directory(), commands);
    const struct launch launch = {argv, environment, user, process.log_path, errors};
    process.pid = spawn(&launch);
    int status = process_wait(&process, COMMAND_S);
    return (struct command_result){status, file_text(process.log_path, NULL),
                                   file_text(errors, NULL)};
}

struct command_result command_run(const char *const *argv, const char *const *environment)
{
    return run(argv, environment, NULL);
}

struct command_result command_run_as_postgres(const char *const *argv,
                                              const char *const *environment)
{
    return run(argv, environment, postgres_user());
}
