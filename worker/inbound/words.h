// Words with which contacts opt out of bulk sends, and in again.
#pragma once

#include "common/pg/pg.h"
#include "worker/inbound/items.h"

// Finds out which messages are one of the words of the org whose number was written to, by what
// they say or by what the button is that was pressed, however it is spelled (spelling.h): sets
// their wish, and their word to it as it is compared. A sentence that contains a word is none.
// Between tg_pg_begin and tg_pg_commit.
enum tg_pg_status words_judge(struct tg_pg *pg, struct item *const *messages,
                              size_t n) TG_MUST_CHECK;
