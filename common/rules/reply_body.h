// What Meta gets of a rule's reply.
#pragma once

#include "common/store/inbound.h"
#include "common/store/rules.h"

// Makes of a rule's reply (JSON: a string, or a Cloud API message object) what Meta gets: its
// placeholders are filled in with the contact's profile name, as tg_spelling_name writes it, and it
// is a reply to `wamid`. A name with which Meta would not take it counts as none. Fills type and
// payload; false: Meta would not take it.
bool tg_reply_write(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                    struct tg_reply *reply, struct tg_error *error) TG_MUST_CHECK;

// What a message gets by the rule that answers it: the same, or `skip` of the reply says why
// nothing. False: Meta would not take it; *error names the part of the rule.
bool tg_reply_decide(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                     struct tg_reply *reply, struct tg_error *error) TG_MUST_CHECK;

// Would that always come to something, even for who has no name? One that is `former` need not: to
// somebody with a name is enough, and its braces are its own.
bool tg_reply_check(const struct tg_rule *rule, struct tg_error *error) TG_MUST_CHECK;
