#include "tests/system/trouble_page.h"

#include <string.h>

const char *page_text(void)
{
    const char *text = file_text(TOLLGATE_SOURCE_DIR "/docs/troubleshooting.md", NULL);
    cr_assert(text);
    return text;
}

const char *page_cell(const char *symptom, enum cell cell)
{
    const char *begin = strstr(page_text(), text_of("\n| %s", symptom));
    cr_assert(begin, "no row begins with %s", symptom);
    begin += strlen("\n| ");
    for (enum cell i = SYMPTOM; i < cell; i++)
        begin = strstr(begin, " | ") + strlen(" | ");
    return text_of("%.*s", (int)(strstr(begin, " |") - begin), begin);
}

const char *page_piece(const char **at)
{
    const char *begin = strchr(*at, '`');
    const char *end = begin ? strchr(begin + 1, '`') : NULL;
    if (!end)
        return NULL;
    *at = end + 1;
    return text_of("%.*s", (int)(end - begin - 1), begin + 1);
}

const char *replaced(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);
    return found ? text_of("%.*s%s%s", (int)(found - text), text, to, found + strlen(from)) : text;
}

const char *page_sql(const char *piece)
{
    const char *command = strstr(piece, "psql -c ");
    const char *sql = command ? command + strlen("psql -c ") + 1 : piece;
    if ((strncmp(sql, "SELECT ", 7) != 0 && strncmp(sql, "UPDATE ", 7) != 0) || strstr(sql, "(..."))
        return NULL;
    return text_of("%.*s", (int)strlen(sql) - (command ? 1 : 0), sql);
}

struct command_result page_run(const struct org *org, const char *sql)
{
    static const char id[] = "'01a22385-853e-726b-bd9a-6548b97c633f'";
    sql = replaced(replaced(sql, "'ORG'", text_of("'%s'", org->id)), "'...'", id);
    return command_run(WORDS("psql", "--no-psqlrc", "--no-align", "--tuples-only", "--dbname",
                             database_url(org->gateway->database, "postgres"), "--command",
                             replaced(sql, "(PID)", "(0)")),
                       NULL);
}

void given_sql(const struct org *org, const char *sql)
{
    struct command_result run = page_run(org, sql);
    cr_assert(run.status == 0, "%s: %s", sql, run.errors);
}

const char *page_follow(const struct org *org, const char *cell)
{
    const char *output = "";
    const char *piece;
    while ((piece = page_piece(&cell))) {
        const char *sql = page_sql(piece);
        if (!sql)
            continue;
        struct command_result run = page_run(org, sql);
        cr_assert(run.status == 0, "%s: %s", piece, run.errors);
        output = text_of("%s%s", output, run.output);
    }
    return output;
}

// Without the blanks around it.
static const char *trimmed(const char *text, size_t length)
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return text_of("%.*s", (int)length, text);
}

// Is a piece there? Its parts, where it has "..." between them, one behind the other.
static bool is_seen(const char *piece, const char *seen)
{
    const char *dots;
    do {
        dots = strstr(piece, "...");
        seen = strstr(seen, trimmed(piece, dots ? (size_t)(dots - piece) : strlen(piece)));
        if (dots)
            piece = dots + strlen("...");
    } while (seen && dots);
    return seen;
}

void page_expect(const char *cell, int count, const char *seen)
{
    const char *at = cell;
    const char *piece;
    for (int i = 0; (count == 0 || i < count) && (piece = page_piece(&at)); i++)
        cr_expect(page_sql(piece) || is_seen(piece, seen), "%s: what comes is: %.1000s", piece,
                  seen);
}

const char *told(const struct answer *answer)
{
    return text_of("%d %s, %s %s", answer->status, answer_text(answer, "/code"),
                   answer_text(answer, "/error"), answer->body);
}
