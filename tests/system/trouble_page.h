// docs/troubleshooting.md, read: what it says that people see, should ask and should do.
#pragma once

#include "tests/system/org.h"

enum cell { SYMPTOM, LOOK, DO };

const char *page_text(void);

// A cell of the row that begins so.
const char *page_cell(const char *symptom, enum cell cell);

// What stands between the next two backquotes, and *at behind them; NULL: there are none.
const char *page_piece(const char **at);

// A question or a change that can be tried as it stands, or within psql -c; NULL: it is none.
const char *page_sql(const char *piece);

// Tries it by psql, about the org where it has 'ORG'. given_sql: it must succeed.
struct command_result page_run(const struct org *org, const char *sql);
void given_sql(const struct org *org, const char *sql);

// Runs what SQL a cell has, and returns what comes.
const char *page_follow(const struct org *org, const char *cell);

// Each of the first `count` pieces of a cell (0: all of them), but SQL, was seen: its parts, where
// it has "..." between them, one behind the other.
void page_expect(const char *cell, int count, const char *seen);

// An answer as the page has it: "402 insufficient_balance, Insufficient wallet balance".
const char *told(const struct answer *answer);

// The text with the first `from` in it, if there is one, replaced.
const char *replaced(const char *text, const char *from, const char *to);
