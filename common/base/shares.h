// A bound that many parties share, orgs or addresses, without anybody's number standing fixed: a
// party may take as long as no less is left over than it has itself. So one alone gets half of
// all, of n that want what they can get each has one part in n + 1, and one part is left for who
// comes anew. Thread-safe.
#pragma once

#include "common/base/attributes.h"
#include "common/base/uuid7.h"

struct tg_shares;

// `capacity` is what there is of all; at most so many parties have any of it at once.
struct tg_shares *tg_shares_create(size_t capacity, size_t parties_max);
void tg_shares_destroy(struct tg_shares *shares); // NULL is fine

// Why a party gets nothing: it has its share, or there is none left even for one that has none.
enum { TG_SHARE_USED = -1, TG_SHARES_GONE = -2 };

// Takes n for the party, or returns why it cannot. Else the party's place, from 0 to below
// parties_max, which is its own for as long as it has anything.
int tg_shares_take(struct tg_shares *shares, struct tg_uuid party, size_t n) TG_MUST_CHECK;
// Gives n of it back.
void tg_shares_give(struct tg_shares *shares, int place, size_t n);

// The party's place; -1: it has nothing.
int tg_shares_find(struct tg_shares *shares, struct tg_uuid party);
// What all parties have together.
size_t tg_shares_taken(struct tg_shares *shares);
