// Words with which contacts opt out of bulk sends, and in again, however they are spelled
// (spelling.h).
#pragma once

#include "common/store/inbound.h"

// Makes what was read of an org's words ready for tg_wish_of.
void tg_words_fold(struct tg_org_words *words);

// What a message wishes by these words: by what it says, or by what the button is that was pressed.
// A sentence that contains a word is none. Where it is one, appends it to message->word as it is
// compared. `line` is room for a text.
enum tg_wish tg_wish_of(const struct tg_org_words *words, struct tg_inbound_message *message,
                        struct tg_text *line) TG_MUST_CHECK;
