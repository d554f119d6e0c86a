#include "common/store/lists.h"

#include "common/store/desk_calls.h"

READ(list_messages, ORG, FOUND, PAGE_BY_ID);
READ(list_conversations, ORG, FOUND, PAGE_BY_ID);
READ(get_usage, ORG, FOUND);
CHANGE(read_conversation, ORG, ID("p_channel_id"), N("p_contact_id"), BODY);

const struct tg_call *const tg_list_calls[] = {&tg_list_messages, &tg_list_conversations,
                                               &tg_get_usage, &tg_read_conversation, NULL};
