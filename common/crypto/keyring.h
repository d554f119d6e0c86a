// The keys under which secrets are sealed (seal.h). They come from a file that may be read again
// while others use them, and stand in memory that is locked, is left out of cores and is wiped.
//
// A key is a line of the file, "ID KEY": an id of up to 32 letters, digits, "-" and "_", and 32
// bytes in base64. The first line has the newest, under which is sealed; the others open what was
// sealed before. Empty lines and those that begin with "#" are none. Who is neither the file's
// owner nor of its group must have no right to it.
#pragma once

#include "common/base/error.h"

#include <stddef.h>

enum { TG_KEY_SIZE = 32, TG_KEY_ID_SIZE = 33 };

struct tg_key {
    char id[TG_KEY_ID_SIZE];
    unsigned char bytes[TG_KEY_SIZE];
};

struct tg_keyring;
struct tg_keys;

struct tg_keyring *tg_keyring_create(void); // without any key
// Nobody holds a key of it any more. NULL is fine.
void tg_keyring_destroy(struct tg_keyring *ring);

// The file's keys are those of the ring from now on. If anything is wrong the ring stays as it is:
// false, and `error->message` is one line without anything of a key. Thread-safe, and so is all
// below.
bool tg_keyring_read(struct tg_keyring *ring, const char *path,
                     struct tg_error *error) TG_MUST_CHECK;

// The id of the newest key. False, and "": there is no key.
bool tg_keyring_newest(struct tg_keyring *ring, char id[static TG_KEY_ID_SIZE]);

// The keys as they are now, which stay so until they are let go, whatever is read meanwhile.
struct tg_keys *tg_keyring_hold(struct tg_keyring *ring);
void tg_keyring_let_go(struct tg_keyring *ring, struct tg_keys *held);

// The key of that id, or (NULL) the newest one. NULL: there is none.
const struct tg_key *tg_keys_find(const struct tg_keys *keys, const char *id);
