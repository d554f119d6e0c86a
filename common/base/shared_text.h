// A text that some threads read while another exchanges it: who holds a version of it goes on
// reading that one. All functions but create and destroy are thread-safe.
#pragma once

struct tg_shared_text;

struct tg_shared_text *tg_shared_text_create(const char *text); // copied, here and in set
// Nobody holds a version any more. NULL is fine.
void tg_shared_text_destroy(struct tg_shared_text *shared);

// The text as it is now. It stays as it is until it is let go, and is wanted back soon.
const char *tg_shared_text_hold(struct tg_shared_text *shared);
void tg_shared_text_let_go(struct tg_shared_text *shared, const char *held);

// Who holds it from now on gets this text.
void tg_shared_text_set(struct tg_shared_text *shared, const char *text);
