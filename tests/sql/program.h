// Programs that a test runs beside its statements: deploy/migrate above all. For the test's main
// thread.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

// A program that is under way, with both its outputs in one pipe.
struct program {
    pid_t pid;
    int output;
};

// Starts a program. Its environment is PATH alone: no passwords for the roles, which all tests of a
// server share.
struct program program_start(const char *const *arguments);

// Waits for its end; returns what it said, and in *good whether it exited with 0.
const char *program_finish(struct program program, bool *good);

// Runs it to its end, which must be a good one; returns what it said.
const char *must_succeed(const char *const *arguments);

// Starts `root`/deploy/migrate on the test's database.
struct program start_migration(const char *root);
// Runs it; it must succeed, or be refused. Both return what it said.
const char *migrate(const char *root);
const char *refused_migration(const char *root);
