// What an org looks at: its messages and conversations (sql/ingress), each as a JSON document, by
// tg_store_desk (desk.h).
#pragma once

struct tg_call;

extern const struct tg_call tg_list_messages;
extern const struct tg_call tg_list_conversations;
extern const struct tg_call tg_get_usage;
extern const struct tg_call tg_read_conversation;
