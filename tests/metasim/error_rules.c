#include "tests/metasim/error_rules.h"

#include "tests/metasim/sim_limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 32 };

enum column { OUTCOME, HTTP, TITLE, MEANING, COLUMNS };

static const char *const column_names[COLUMNS] = {
    [OUTCOME] = "outcome", [HTTP] = "http", [TITLE] = "title", [MEANING] = "meaning"};

// Splits a line in place; returns the number of fields.
static size_t split_fields(char *line, char *fields[static FIELDS_MAX])
{
    size_t count = 0;
    char *in = line;
    for (;;) {
        char *out = in;
        if (count < FIELDS_MAX)
            fields[count++] = out;
        bool quoted = *in == '"';
        if (quoted)
            in++;
        while (*in && (quoted || *in != ',')) {
            if (quoted && *in == '"') {
                in++;
                if (*in != '"') {
                    quoted = false;
                    continue;
                }
            }
            *out++ = *in++;
        }
        bool last = *in == '\0';
        *out = '\0';
        if (last)
            return count;
        in++;
    }
}

static bool parse_number(const char *text, const char **end, int *number)
{
    char *stop = NULL;
    long value = strtol(text, &stop, 10);
    if (stop == text || value < 0 || value >= SIM_CODES)
        return false;
    *end = stop;
    *number = (int)value;
    return true;
}

static bool parse_codes(const char *text, struct error_rule *rule)
{
    const char *end = text;
    if (!parse_number(text, &end, &rule->first))
        return false;
    rule->last = rule->first;
    if (*end == '-' && !parse_number(end + 1, &end, &rule->last))
        return false;
    if (*end == '/' && !parse_number(end + 1, &end, &rule->subcode))
        return false;
    return *end == '\0' && rule->first <= rule->last;
}

static void add_rule(struct error_rules *rules, char *const fields[static FIELDS_MAX],
                     const size_t columns[static COLUMNS])
{
    struct error_rule rule = {0};
    const char *end = "";
    if (rules->count == SIM_ERROR_RULES_MAX || !parse_codes(fields[columns[OUTCOME]], &rule) ||
        !parse_number(fields[columns[HTTP]], &end, &rule.http_status))
        return;
    rule.title = strdup(fields[columns[TITLE]]);
    rule.meaning = strdup(fields[columns[MEANING]]);
    if (!rule.title || !rule.meaning)
        abort();
    rules->rules[rules->count++] = rule;
}

static bool find_columns(char *const fields[static FIELDS_MAX], size_t count,
                         size_t columns[static COLUMNS], const char *path, struct tg_error *error)
{
    for (size_t column = 0; column < COLUMNS; column++) {
        size_t at = 0;
        while (at < count && strcmp(fields[at], column_names[column]) != 0)
            at++;
        if (at == count)
            return tg_error_set(error, "bad_error_rules", NULL, "%s: no column \"%s\"", path,
                                column_names[column]);
        columns[column] = at;
    }
    return true;
}

bool error_rules_load(struct error_rules *rules, const char *path, struct tg_error *error)
{
    *rules = (struct error_rules){0};
    FILE *file = fopen(path, "re");
    if (!file)
        return tg_error_set(error, "bad_error_rules", NULL, "%s: %s", path, strerrordesc_np(errno));
    rules->rules = calloc(SIM_ERROR_RULES_MAX, sizeof *rules->rules);
    if (!rules->rules)
        abort();
    char *line = NULL;
    size_t capacity = 0;
    size_t columns[COLUMNS] = {0};
    bool header = true;
    bool good = true;
    while (good && getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        char *fields[FIELDS_MAX];
        size_t count = split_fields(line, fields);
        for (size_t i = count; i < FIELDS_MAX; i++)
            fields[i] = line + strlen(line); // a short row has empty fields at its end
        if (header)
            good = find_columns(fields, count, columns, path, error);
        else
            add_rule(rules, fields, columns);
        header = false;
    }
    if (good && rules->count == 0)
        good = tg_error_set(error, "bad_error_rules", NULL, "%s: no error codes", path);
    free(line);
    fclose(file);
    if (!good)
        error_rules_finish(rules);
    return good;
}

void error_rules_finish(struct error_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->rules[i].title);
        free(rules->rules[i].meaning);
    }
    free(rules->rules);
    *rules = (struct error_rules){0};
}

struct error_rule error_rules_find(const struct error_rules *rules, int code, int subcode)
{
    static char unknown_title[] = "Unknown error";
    static char unknown_meaning[] = "An error that Meta does not document";
    struct error_rule found = {code, code, 0, 400, unknown_title, unknown_meaning};
    int closeness = 0;
    for (size_t i = 0; i < rules->count; i++) {
        const struct error_rule *rule = &rules->rules[i];
        if (code < rule->first || code > rule->last ||
            (rule->subcode != 0 && rule->subcode != subcode))
            continue;
        int close = 1 + 2 * (rule->first == rule->last) + (rule->subcode != 0);
        if (close > closeness) {
            found = *rule;
            closeness = close;
        }
    }
    return found;
}
