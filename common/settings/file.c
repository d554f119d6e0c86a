#include "common/settings/file.h"

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <errno.h>
#include <string.h>

struct pair {
    const char *name;
    const char *value;
};

struct tg_settings_file {
    struct pair *pairs;
    size_t count;
    size_t length;
    char text[TG_SETTINGS_FILE_BYTES + 2]; // the pairs point into it
};

static const char blanks[] = " \t\r";

static const char *reason_of(int why)
{
    if (why == TG_FILE_IRREGULAR)
        return "Not a regular file";
    return strerrordesc_np(why == TG_FILE_TOO_LONG ? EFBIG : why);
}

// Takes the blanks off both ends, in place.
static char *trim(char *text)
{
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]))
        text[--length] = '\0';
    return text;
}

// Takes the quotes off, in place. NULL: it can be read in two ways.
static char *unquote(char *value)
{
    size_t length = strlen(value);
    char quote = *value;
    if (quote != '\'' && quote != '"')
        return value[strcspn(value, "\\'\"")] == '\0' ? value : NULL;
    if (length < 2 || value[length - 1] != quote)
        return NULL;
    value[length - 1] = '\0';
    value++;
    return value[strcspn(value, quote == '"' ? "\\\"" : "'")] == '\0' ? value : NULL;
}

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789";
    return *name && name[strspn(name, letters)] == '\0' && (*name < '0' || *name > '9');
}

// What is wrong with the line; NULL: nothing.
static const char *read_line(struct tg_settings_file *file, char *line)
{
    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';')
        return NULL;
    char *equals = strchr(line, '=');
    if (!equals)
        return "must be NAME=value";
    *equals = '\0';
    char *name = trim(line);
    char *value = unquote(trim(equals + 1));
    if (!is_name(name))
        return "must begin with a name";
    if (!value)
        return "has a backslash or a quote that can be read in two ways: put the value into '...'";
    if (tg_settings_file_value(file, name))
        return "names what stands there before";
    file->pairs = tg_realloc(file->pairs, (file->count + 1) * sizeof *file->pairs);
    file->pairs[file->count++] = (struct pair){name, value};
    return NULL;
}

static bool read_lines(const char *path, struct tg_settings_file *file, struct tg_error *error)
{
    char *end = file->text + file->length;
    int number = 1;
    if (memchr(file->text, '\0', file->length))
        return tg_error_set(error, "invalid_setting", "TOLLGATE_SETTINGS_FILE",
                            "TOLLGATE_SETTINGS_FILE: %.80s holds a NUL", path);
    for (char *line = file->text; line < end; number++) {
        char *next = line + strcspn(line, "\n");
        *next = '\0';
        const char *wrong = read_line(file, line);
        if (wrong)
            return tg_error_set(error, "invalid_setting", "TOLLGATE_SETTINGS_FILE",
                                "TOLLGATE_SETTINGS_FILE: line %d of %.40s %s", number, path, wrong);
        line = next + 1;
    }
    return true;
}

struct tg_settings_file *tg_settings_file_read(const char *path, struct tg_error *error)
{
    struct tg_settings_file *file = tg_alloc(sizeof *file);
    int why = tg_file_read(path, false, file->text, TG_SETTINGS_FILE_BYTES, &file->length);
    if (why != TG_FILE_READ)
        tg_error_set(error, "invalid_setting", "TOLLGATE_SETTINGS_FILE",
                     "TOLLGATE_SETTINGS_FILE: cannot read %.80s: %s", path, reason_of(why));
    if (why == TG_FILE_READ && read_lines(path, file, error))
        return file;
    tg_settings_file_free(file);
    return NULL;
}

void tg_settings_file_free(struct tg_settings_file *file)
{
    if (!file)
        return;
    explicit_bzero(file->text, sizeof file->text);
    free(file->pairs);
    free(file);
}

const char *tg_settings_file_value(const struct tg_settings_file *file, const char *name)
{
    for (size_t i = 0; file && i < file->count; i++) {
        if (strcmp(file->pairs[i].name, name) == 0)
            return file->pairs[i].value;
    }
    return NULL;
}

const char *tg_settings_file_name(const struct tg_settings_file *file, size_t n)
{
    return file && n < file->count ? file->pairs[n].name : NULL;
}
