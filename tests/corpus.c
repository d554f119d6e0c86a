#include "tests/corpus.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char data[] = TOLLGATE_SOURCE_DIR "/tests/data";

// The text of a path; freed by the caller.
static char *path_of(const char *root, const char *folder, const char *name)
{
    char *path = NULL;
    cr_assert(asprintf(&path, "%s/%s/%s", root, folder, name) >= 0);
    return path;
}

// NULL if the file cannot be read.
static char *read_file(const char *root, const char *folder, const char *name, size_t *length)
{
    char *path = path_of(root, folder, name);
    FILE *file = fopen(path, "re");
    free(path);
    if (!file)
        return NULL;
    char *bytes = NULL;
    FILE *memory = open_memstream(&bytes, length);
    cr_assert(memory);
    char buffer[65536];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        cr_assert_eq(fwrite(buffer, 1, n, memory), n);
    (void)fclose(file);
    cr_assert_eq(fclose(memory), 0);
    return bytes;
}

char *corpus_read(const char *folder, const char *name, size_t *length)
{
    size_t ignored;
    char *bytes = read_file(data, folder, name, length ? length : &ignored);
    cr_assert(bytes, "tests/data/%s/%s cannot be read", folder, name);
    return bytes;
}

// Is it in tests/data, too, byte for byte?
static bool is_ours(const char *folder, const struct corpus_body *body)
{
    size_t length = 0;
    char *ours = read_file(data, folder, body->name, &length);
    bool same = ours && length == body->length && memcmp(ours, body->bytes, length) == 0;
    free(ours);
    return same;
}

static int is_json(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".json") == 0;
}

static size_t each_of(const char *root, const char *folder,
                      void (*visit)(const struct corpus_body *body, void *context), void *context)
{
    char *path = path_of(root, folder, "");
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_json, alphasort);
    size_t visited = 0;
    cr_assert(count >= 0 || root != data, "%s cannot be read", path);
    free(path);
    for (int i = 0; i < count; i++) {
        struct corpus_body body = {.name = entries[i]->d_name};
        char *bytes = read_file(root, folder, body.name, &body.length);
        cr_assert(bytes, "%s/%s/%s cannot be read", root, folder, body.name);
        body.bytes = bytes;
        if (root == data || !is_ours(folder, &body)) {
            visit(&body, context);
            visited++;
        }
        free(bytes);
        free(entries[i]);
    }
    free(entries);
    return visited;
}

size_t corpus_each(const char *folder, void (*visit)(const struct corpus_body *body, void *context),
                   void *context)
{
    return each_of(data, folder, visit, context);
}

size_t corpus_each_further(const char *folder,
                           void (*visit)(const struct corpus_body *body, void *context),
                           void *context)
{
    const char *shared = getenv("TOLLGATE_SHARED_DIR"); // NOLINT(concurrency-mt-unsafe)
    if (!shared || !*shared)
        return 0;
    char *root = path_of(shared, "meta", "");
    size_t visited = each_of(root, folder, visit, context);
    free(root);
    return visited;
}
