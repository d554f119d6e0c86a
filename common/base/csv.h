// Comma-separated values (RFC 4180). They are read a record at a time, from a file of any length:
// lines may end in LF alone; a byte order mark at the beginning is passed over; a quote that does
// not begin a cell stands for itself.
#pragma once

#include "common/base/text.h"

#include <stdio.h>

enum { TG_CSV_CELLS_MAX = 64 };

struct tg_csv {
    FILE *file; // the caller's
    size_t record_max;
    size_t line; // on which the record begins that was read last, from 1
    size_t n;    // its cells
    size_t next_line;
    size_t ends[TG_CSV_CELLS_MAX]; // in `bytes`, of each cell
    struct tg_text bytes;
};

// Of records of up to so many bytes. The caller finishes it.
struct tg_csv tg_csv_of(FILE *file, size_t record_max);
void tg_csv_finish(struct tg_csv *csv);

enum tg_csv_read {
    TG_CSV_RECORD,
    TG_CSV_BAD, // it is too long, has too many cells, or a quote that nothing ends; it was passed
    TG_CSV_END
};

// The next record that is no empty line.
enum tg_csv_read tg_csv_next(struct tg_csv *csv) TG_MUST_CHECK;

// A cell of that record, until the next one is read; absent if it has fewer.
struct tg_span tg_csv_cell(const struct tg_csv *csv, size_t i);
// The same without the blanks and tabs around it.
struct tg_span tg_csv_trimmed_cell(const struct tg_csv *csv, size_t i);

// Appends a record and its CRLF. What a spreadsheet would take for a formula (it begins with = + -
// @ a tab or a CR, and is no number such as -12.50) gets a ' before it.
void tg_csv_append(struct tg_text *text, const struct tg_span *cells, size_t n);
