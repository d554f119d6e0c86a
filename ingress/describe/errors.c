#include "ingress/describe/describe.h"

#include "ingress/describe/embedded.h"
#include "ingress/http/codes.h"

#include <stdio.h>
#include <string.h>

static const char *const charged_words[] = {[CHARGED_NOTHING] = "no",
                                            [CHARGED_AS_TOLD] = "`detail.refunded` says it",
                                            [CHARGED_PERHAPS] = "perhaps: ask"};

static void append_code(struct tg_text *markdown, const struct code *code)
{
    tg_text_append_format(markdown, "| `%s` | %d", code->name, code->status);
    if (code->also)
        tg_text_append_format(markdown, " or %d", code->also);
    tg_text_append_format(markdown, " | %s | %s | %s |\n", code->means, code->remedy,
                          charged_words[code->charged]);
}

// The next field of a line of CSV (RFC 4180); *at moves behind it and its comma.
static void read_field(const char **at, struct tg_text *field)
{
    bool quoted = **at == '"';
    const char *byte = *at + quoted;
    tg_text_clear(field);
    for (; *byte && (quoted || !strchr(",\n", *byte)); byte++) {
        if (quoted && *byte == '"' && *++byte != '"')
            break;
        if (*byte == '|')
            tg_text_append_string(field, "\\");
        tg_text_append(field, byte, 1);
    }
    *at = byte + (*byte == ',');
}

// The fields of sql/error_rules.csv, in its order.
enum field {
    OUTCOME,
    WORDS,
    HTTP,
    TITLE,
    MEANING,
    CLASS,
    REFUNDABLE,
    RETRY,
    ACTION,
    SOURCE,
    UNCONFIRMED,
    ADVICE,
    FIELDS
};

static void append_outcome(struct tg_text *markdown, struct tg_text *fields)
{
    const char *words = tg_text_string(&fields[WORDS]);
    const char *title = tg_text_string(&fields[TITLE]);
    bool of_send = strncmp(tg_text_string(&fields[OUTCOME]), "account:", 8) != 0;
    const char *charged = !of_send ? "it is no send's"
                          : strcmp(tg_text_string(&fields[UNCONFIRMED]), "yes") == 0
                              ? "for now: unconfirmed"
                          : strcmp(tg_text_string(&fields[REFUNDABLE]), "yes") == 0 ? "no: refunded"
                                                                                    : "yes";
    const char *action = tg_text_string(&fields[ACTION]);
    bool again = strcmp(tg_text_string(&fields[RETRY]), "never") != 0;
    tg_text_append_format(
        markdown, "| `%s`%s%s%s | %s%s%s | %s%s%s%s | %s |\n", tg_text_string(&fields[OUTCOME]),
        *words ? " with \"" : "", words, *words ? "\"" : "", title, *title ? ": " : "",
        tg_text_string(&fields[MEANING]), again ? "tried again" : "final",
        strcmp(action, "none") == 0 ? "" : "; `", strcmp(action, "none") == 0 ? "" : action,
        strcmp(action, "none") == 0 ? "" : "`", charged);
}

static void append_outcomes(struct tg_text *markdown)
{
    const char *at = strchr(embedded_text("sql/error_rules.csv"), '\n') + 1;
    struct tg_text fields[FIELDS] = {{0}};
    while (*at) {
        for (size_t i = 0; i < FIELDS; i++)
            read_field(&at, &fields[i]);
        append_outcome(markdown, fields);
        at += *at == '\n';
    }
    for (size_t i = 0; i < FIELDS; i++)
        tg_text_finish(&fields[i]);
}

void describe_errors(struct tg_text *markdown)
{
    tg_text_append_string(
        markdown,
        "# Every error\n\n"
        "Made by `tollgate-ingress --errors` from the table of codes (`ingress/http/codes.c`) and "
        "the rules of outcomes\n(`sql/error_rules.csv`); a test holds it to them.\n\n"
        "## Codes of refusals\n\n"
        "What a request may be refused with: `code` in `{\"error\", \"code\", \"detail\"}`. "
        "*Charged* "
        "is about a send.\n\n"
        "| code | status | means | do | charged |\n| --- | --- | --- | --- | --- |\n");
    for (const struct code *code = codes; code->name; code++)
        append_code(markdown, code);
    tg_text_append_string(
        markdown,
        "\n## What comes of a message\n\n"
        "`error.code` of a message, and `detail.error.code` of `send_failed`: Meta's code, or one "
        "of "
        "Tollgate's own. *Then* says\nwhether it is tried again, and what follows besides; an "
        "operator may change that "
        "([admin.md](admin.md#patch-adminerror-rulesoutcome)).\n"
        "Other codes of Meta's count as their kind does ([sending.md](sending.md)).\n\n"
        "| outcome | means | then | charged |\n| --- | --- | --- | --- |\n");
    append_outcomes(markdown);
}
