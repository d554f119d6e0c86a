#include "common/base/csv.h"

#include <string.h>

struct tg_csv tg_csv_of(FILE *file, size_t record_max)
{
    return (struct tg_csv){.file = file, .record_max = record_max, .next_line = 1};
}

void tg_csv_finish(struct tg_csv *csv)
{
    tg_text_finish(&csv->bytes);
}

static int next_byte(struct tg_csv *csv)
{
    int c = getc(csv->file);
    csv->next_line += c == '\n';
    return c;
}

static void unread(struct tg_csv *csv, int c)
{
    if (c == EOF)
        return;
    csv->next_line -= c == '\n';
    ungetc(c, csv->file);
}

// What is too long, or in a cell too many, is read, and not kept.
static void keep(struct tg_csv *csv, int c, bool *good)
{
    const char byte = (char)c;
    if (csv->bytes.length < csv->record_max && csv->n < TG_CSV_CELLS_MAX)
        tg_text_append(&csv->bytes, &byte, 1);
    else
        *good = false;
}

static void end_cell(struct tg_csv *csv, bool *good)
{
    if (csv->n < TG_CSV_CELLS_MAX)
        csv->ends[csv->n++] = csv->bytes.length;
    else
        *good = false;
}

// What stands between quotes, the first of which was read; false: nothing ends it.
static bool read_quoted(struct tg_csv *csv, bool *good)
{
    int c;
    while ((c = next_byte(csv)) != EOF) {
        if (c == '"' && (c = next_byte(csv)) != '"') {
            unread(csv, c);
            return true;
        }
        keep(csv, c, good);
    }
    return false;
}

// Reads a cell, and returns what ends it: ',', '\n' or EOF.
static int read_cell(struct tg_csv *csv, bool *good)
{
    int c = next_byte(csv);
    if (c == '"') {
        *good = read_quoted(csv, good) && *good;
        c = next_byte(csv);
    }
    for (; c != ',' && c != '\n' && c != EOF; c = next_byte(csv)) {
        int then = c == '\r' ? next_byte(csv) : EOF;
        if (c == '\r' && (then == '\n' || then == EOF))
            return then;
        keep(csv, c, good);
        if (c == '\r')
            unread(csv, then);
    }
    return c;
}

static void pass_mark(struct tg_csv *csv)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    unsigned char read[sizeof mark];
    if (fread(read, 1, sizeof read, csv->file) != sizeof read ||
        memcmp(read, mark, sizeof mark) != 0)
        rewind(csv->file);
}

enum tg_csv_read tg_csv_next(struct tg_csv *csv)
{
    if (csv->next_line == 1 && ftell(csv->file) == 0)
        pass_mark(csv);
    for (;;) {
        bool good = true;
        int end;
        csv->line = csv->next_line;
        csv->n = 0;
        tg_text_clear(&csv->bytes);
        do {
            end = read_cell(csv, &good);
            end_cell(csv, &good);
        } while (end == ',');
        bool empty = csv->n == 1 && csv->bytes.length == 0 && good;
        if (empty && end == EOF)
            return TG_CSV_END;
        if (!empty)
            return good ? TG_CSV_RECORD : TG_CSV_BAD;
    }
}

struct tg_span tg_csv_cell(const struct tg_csv *csv, size_t i)
{
    size_t begin = i > 0 && i < csv->n ? csv->ends[i - 1] : 0;
    if (i >= csv->n)
        return (struct tg_span){0};
    return (struct tg_span){tg_text_string(&csv->bytes) + begin, csv->ends[i] - begin};
}

struct tg_span tg_csv_trimmed_cell(const struct tg_csv *csv, size_t i)
{
    struct tg_span text = tg_csv_cell(csv, i);
    while (text.length > 0 && strchr(" \t", *text.data)) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && strchr(" \t", text.data[text.length - 1]))
        text.length--;
    return text;
}

// Digits, with a minus before them perhaps, and a point between them.
static bool is_number(struct tg_span cell)
{
    size_t at = cell.length > 0 && cell.data[0] == '-';
    size_t digits = 0;
    size_t points = 0;
    for (; at < cell.length; at++) {
        bool is_digit = cell.data[at] >= '0' && cell.data[at] <= '9';
        bool is_point = cell.data[at] == '.' && digits > 0 && points == 0;
        if (!is_digit && !is_point)
            return false;
        digits += is_digit;
        points += is_point;
    }
    return digits > 0;
}

static bool has_any(struct tg_span cell, const char *bytes)
{
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.data[i] != '\0' && strchr(bytes, cell.data[i]))
            return true;
    }
    return false;
}

static void append_cell(struct tg_text *text, struct tg_span cell)
{
    bool is_formula =
        has_any((struct tg_span){cell.data, cell.length > 0}, "=+-@\t\r") && !is_number(cell);
    bool quoted = has_any(cell, "\",\r\n");
    if (quoted)
        tg_text_append(text, "\"", 1);
    if (is_formula)
        tg_text_append(text, "'", 1);
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.data[i] == '"')
            tg_text_append(text, "\"", 1);
        tg_text_append(text, &cell.data[i], 1);
    }
    if (quoted)
        tg_text_append(text, "\"", 1);
}

void tg_csv_append(struct tg_text *text, const struct tg_span *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            tg_text_append(text, ",", 1);
        append_cell(text, cells[i]);
    }
    tg_text_append(text, "\r\n", 2);
}
