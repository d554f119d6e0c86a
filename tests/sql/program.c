#include "tests/sql/program.h"

#include "tests/sql/database.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 * 1024 };

struct program program_start(const char *const *arguments)
{
    const char *path = getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    const char *const environment[] = {text("PATH=%s", path), NULL};
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    cr_assert_eq(posix_spawn_file_actions_init(&actions), 0);
    cr_assert_eq(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO), 0);
    cr_assert_eq(posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO), 0);
    struct program program = {.output = ends[0]};
    int failure = posix_spawnp(&program.pid, arguments[0], &actions, NULL, (char *const *)arguments,
                               (char *const *)environment);
    cr_assert_eq(failure, 0, "%s did not start", arguments[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    return program;
}

const char *program_finish(struct program program, bool *good)
{
    char output[OUTPUT_MAX];
    size_t length = 0;
    ssize_t more;
    while (length < sizeof output - 1 &&
           (more = read(program.output, output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)more;
    output[length] = '\0';
    (void)close(program.output);
    int status;
    cr_assert_eq(waitpid(program.pid, &status, 0), program.pid);
    *good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return text("%s", output);
}

const char *must_succeed(const char *const *arguments)
{
    bool good;
    const char *output = program_finish(program_start(arguments), &good);
    cr_assert(good, "%s", output);
    return output;
}

struct program start_migration(const char *root)
{
    return program_start(
        (const char *const[]){text("%s/deploy/migrate", root), "--url", database_conninfo(), NULL});
}

const char *migrate(const char *root)
{
    bool good;
    const char *output = program_finish(start_migration(root), &good);
    cr_assert(good, "%s", output);
    return output;
}

const char *refused_migration(const char *root)
{
    bool good;
    const char *output = program_finish(start_migration(root), &good);
    cr_assert_not(good, "%s", output);
    return output;
}
