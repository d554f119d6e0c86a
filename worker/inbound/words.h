// Words with which contacts opt out of bulk sends, and in again. An org's are read once, and again
// when receive_messages tells of others. What is remembered is for one thread.
#pragma once

#include "common/pg/pg.h"
#include "worker/inbound/items.h"

struct words;

struct words *words_create(void);
void words_destroy(struct words *words); // NULL is fine

// Finds out which of the messages, of which `received` tells, are one of their org's words, by what
// they say or by what the button is that was pressed, however it is spelled (spelling.h): sets
// their word to it as it is compared, and is_word of those that opt out. A sentence that contains a
// word is none. Those that are new opt their contacts out or in, and opted_out of all follows.
// Between tg_store_receive_messages and tg_pg_commit.
enum tg_pg_status words_judge(struct words *words, struct tg_pg *pg, struct item *const *messages,
                              struct tg_received *received, size_t n) TG_MUST_CHECK;
