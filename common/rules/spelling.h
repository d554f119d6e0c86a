// How people spell: texts by what is read of them, not by their bytes. Unicode's own rules, which
// libunistring knows. Bytes that are no UTF-8 are read as
// U+FFFD.
#pragma once

#include "common/base/text.h"

// Appends a text in the form in which two that read the same are the same: NFKC, without case,
// without what nobody sees (direction marks, zero-width characters), one blank for all white space
// together, and nothing around it but letters and digits. Of a text that has none of these the rest
// stays.
void tg_spelling_fold(struct tg_span text, struct tg_text *folded);

// The text without white space, and what nobody sees, around it.
struct tg_span tg_spelling_trim(struct tg_span text);

// Appends a text with each letter and its accents as one (NFC), where they can be.
void tg_spelling_compose(struct tg_span text, struct tg_text *composed);

// Appends a profile name as it can stand within a sentence, and as Meta takes it in a parameter of
// a template: on one line, one blank for all white space together, nothing that turns the direction
// of what follows, and at most TG_REPLY_NAME_MAX characters. Nothing of one that nobody could see.
void tg_spelling_name(struct tg_span name, struct tg_text *shown);
