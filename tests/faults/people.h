// Is everybody who has several names one contact, and has each opted out who said so?
#pragma once

#include "tests/faults/check.h"

// Everybody with a phone and user ids writes under the phone and each of these, now that nothing
// holds a wallet.
void people_greet(struct check *check);

// Each of them gets another number, and with it another user id.
void people_move(struct check *check);

void check_people(struct check *check);
