// The calls of each subject, and the subjects of each daemon, which schema.c holds against the
// database. Each list ends in NULL.
#pragma once

#include "common/pg/call.h"

extern const struct tg_call *const tg_accept_calls[];
extern const struct tg_call *const tg_caller_calls[];
extern const struct tg_call *const tg_campaign_calls[];
extern const struct tg_call *const tg_campaign_desk_calls[]; // orgs' and operators'
extern const struct tg_call *const tg_campaign_work_calls[]; // a worker's
extern const struct tg_call *const tg_contact_calls[];
extern const struct tg_call *const tg_delivery_calls[];
extern const struct tg_call *const tg_desk_calls[];
extern const struct tg_call *const tg_dispatch_calls[];
extern const struct tg_call *const tg_endpoint_calls[]; // orgs' and operators'
extern const struct tg_call *const tg_event_calls[];
extern const struct tg_call *const tg_figure_calls[];
extern const struct tg_call *const tg_inbound_calls[];
extern const struct tg_call *const tg_list_calls[];
extern const struct tg_call *const tg_listed_rule_calls[]; // of both daemons, as tg_word_calls
extern const struct tg_call *const tg_look_calls[];
extern const struct tg_call *const tg_media_calls[];
extern const struct tg_call *const tg_media_read_calls[]; // of ingress
extern const struct tg_call *const tg_media_relay_calls[];
extern const struct tg_call *const tg_own_calls[];
extern const struct tg_call *const tg_read_calls[];
extern const struct tg_call *const tg_relay_calls[];
extern const struct tg_call *const tg_rule_calls[];
extern const struct tg_call *const tg_sealing_calls[];
extern const struct tg_call *const tg_statement_calls[];
extern const struct tg_call *const tg_desk_statement_calls[]; // operators'
extern const struct tg_call *const tg_token_calls[];
extern const struct tg_call *const tg_try_calls[];
extern const struct tg_call *const tg_session_calls[];
extern const struct tg_call *const tg_upkeep_calls[];
extern const struct tg_call *const tg_wallet_calls[];
extern const struct tg_call *const tg_word_calls[];

extern const struct tg_call *const *const tg_calls_of_ingress[];
extern const struct tg_call *const *const tg_calls_of_worker[];
extern const struct tg_call *const *const tg_calls_of_operator[];
extern const struct tg_call *const *const tg_calls_of_relay[];
