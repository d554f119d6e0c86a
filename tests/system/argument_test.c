// Arguments are for everybody on the machine to read: no script of deploy/ gives psql a password
// among them.
#include "tests/system/testbed.h"

#include "tests/system/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(argument, .timeout = 60);

// A psql that tells how it was called, and fails.
static const char *path_with_psql(void)
{
    const char *file = file_with("psql", "#!/usr/bin/env bash\n"
                                         "echo \"password=[$PGPASSWORD] arguments=[$*]\" "
                                         ">\"${0%/*}/called\"\n"
                                         "exit 3\n");
    cr_assert_eq(chmod(file, 0755), 0);
    const char *path = getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    return text_of("PATH=%s:%s", testbed_directory(), path);
}

static const char *called_by(const char *const *words, const char *url)
{
    struct command_result run = command_run(
        words, WORDS(path_with_psql(), text_of("TOLLGATE_POSTGRES_URL=%s", url), "PGPASSWORD=own"));
    cr_assert_neq(run.status, 0, "%s", words[0]);
    const char *called = file_text(text_of("%s/called", testbed_directory()), NULL);
    cr_assert(called, "%s: %s", words[0], run.errors);
    cr_assert_eq(remove(text_of("%s/called", testbed_directory())), 0);
    return called;
}

static const struct {
    const char *url;
    const char *password;
    const char *rest; // is what psql is given
} urls[] = {
    {"postgresql://owner:S3cret-word@db/tollgate", "S3cret-word", "postgresql://owner@db/tollgate"},
    {"postgres://owner:S3cret%2Fword%5Cn@db:5433/tollgate?sslmode=require", "S3cret/word\\n",
     "postgres://owner@db:5433/tollgate?sslmode=require"},
    {"postgresql://owner@db/tollgate?password=S3cret%26word&sslmode=require", "S3cret&word",
     "postgresql://owner@db/tollgate?sslmode=require"},
    {"host=db password=S3cret-word user=owner", "S3cret-word", "host=db  user=owner"},
    {"password = 'S3cret \\'word' host=db", "S3cret 'word", "host=db"},
    {"postgresql://owner@db/tollgate", "own", "postgresql://owner@db/tollgate"},
};

Test(argument, no_password_is_one)
{
    static const char root[] = TOLLGATE_SOURCE_DIR "/deploy/";
    const char *const *const scripts[] = {
        WORDS(text_of("%smigrate", root)), WORDS(text_of("%saudit", root)),
        WORDS(text_of("%safter-restore", root)),
        WORDS(text_of("%serase", root), "--org", "11111111-1111-4111-8111-111111111111", "--phone",
              "919876543210"),
        WORDS(text_of("%simport-express", root), "--from", "postgresql://old@db/old")};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        for (size_t j = 0; j < sizeof urls / sizeof *urls; j++) {
            bool of_old = i == 4; // which asks the old database first
            const char *const *words =
                of_old ? WORDS(scripts[i][0], "--from", urls[j].url) : scripts[i];
            const char *called = called_by(words, urls[j].url);
            cr_assert(strstr(called, text_of("password=[%s] ", urls[j].password)), "%s: %s",
                      words[0], called);
            cr_assert(strstr(called, urls[j].rest), "%s: %s", words[0], called);
            cr_assert_null(strstr(strstr(called, "arguments=["), "S3cret"), "%s: %s", words[0],
                           called);
        }
    }
}
