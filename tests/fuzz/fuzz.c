#include "tests/fuzz/fuzz.h"

#include "common/base/memory.h"
#include "common/base/utf8.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *input_name = "the input";

_Noreturn void fuzz_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: with %s this does not hold: %s\n", file, line, input_name, condition);
    abort();
}

void fuzz_give(fuzz_target *target, const void *bytes, size_t length)
{
    struct tg_text input = {.data = tg_alloc(length + 1), .length = length, .capacity = length + 1};
    if (length > 0)
        memcpy(input.data, bytes, length);
    target(&input);
    free(input.data);
}

static void give_file(fuzz_target *target, const char *path)
{
    TG_TEXT_AUTO bytes = {0};
    char buffer[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    FUZZ_HOLDS(file != NULL);
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        tg_text_append(&bytes, buffer, n);
    (void)fclose(file);
    input_name = path;
    fuzz_give(target, tg_text_string(&bytes), bytes.length);
    input_name = "the input";
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void fuzz_give_findings(fuzz_target *target, const char *name)
{
    struct dirent **entries = NULL;
    TG_TEXT_AUTO path = {0};
    tg_text_append_format(&path, "%s/tests/fuzz/findings/%s/", TOLLGATE_SOURCE_DIR, name);
    size_t folder = path.length;
    int count = scandir(tg_text_string(&path), &entries, is_file, alphasort);
    for (int i = 0; i < count; i++) {
        path.length = folder;
        tg_text_append_string(&path, entries[i]->d_name);
        give_file(target, tg_text_string(&path));
        free(entries[i]);
    }
    free(entries);
    fuzz_give(target, NULL, 0);
}

void fuzz_refused(const struct tg_error *error)
{
    FUZZ_HOLDS(error->code && error->code[0]);
    FUZZ_HOLDS(error->message[0]);
    FUZZ_HOLDS(tg_utf8_is_valid(error->message, strlen(error->message)));
    FUZZ_HOLDS(tg_utf8_is_valid(error->field, strlen(error->field)));
}

struct tg_span fuzz_rest(const struct tg_text *input, size_t at)
{
    if (at > input->length)
        return (struct tg_span){0};
    return (struct tg_span){input->data + at, input->length - at};
}

struct tg_span fuzz_line(const struct tg_text *input, size_t *at)
{
    struct tg_span line = fuzz_rest(input, *at);
    const char *end = line.data ? memchr(line.data, '\n', line.length) : NULL;
    if (end)
        line.length = (size_t)(end - line.data);
    *at += line.length + 1;
    return line;
}

const char *fuzz_file(struct tg_span bytes)
{
    static int descriptor = -1;
    static char path[32];
    if (descriptor < 0) {
        descriptor = memfd_create("input", MFD_CLOEXEC);
        FUZZ_HOLDS(fchmod(descriptor, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    FUZZ_HOLDS(ftruncate(descriptor, 0) == 0);
    FUZZ_HOLDS(pwrite(descriptor, bytes.data, bytes.length, 0) == (ssize_t)bytes.length);
    return path;
}

bool fuzz_same(struct tg_span one, struct tg_span other)
{
    return one.length == other.length && !one.data == !other.data &&
           (!one.data || memcmp(one.data, other.data, one.length) == 0);
}

struct tg_text fuzz_text(struct tg_span span)
{
    struct tg_text text = {0};
    tg_text_append(&text, span.data, span.length);
    return text;
}
