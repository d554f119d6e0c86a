// The operators' desk: /admin. Its tables are added to the router with the settings (const struct
// tg_settings *).
#pragma once

#include "ingress/desk/desk.h"

// Each subject's table is in its own file.
extern const struct endpoint org_endpoints[];
extern const struct endpoint channel_endpoints[];
extern const struct endpoint desk_wallet_endpoints[];
extern const struct endpoint key_endpoints[];
extern const struct endpoint desk_session_endpoints[];
extern const struct endpoint operator_endpoints[];
extern const struct endpoint audit_log_endpoints[];
extern const struct endpoint rule_endpoints[];
extern const struct endpoint error_rule_endpoints[];
extern const struct endpoint dead_letter_endpoints[];
extern const struct endpoint alert_endpoints[];
extern const struct endpoint found_message_endpoints[];
extern const struct endpoint overview_endpoints[];
extern const struct endpoint token_key_endpoints[];
extern const struct endpoint desk_campaign_endpoints[];
extern const struct endpoint desk_endpoint_endpoints[];
extern const struct endpoint desk_event_endpoints[];
extern const struct endpoint desk_template_endpoints[];
extern const struct endpoint desk_media_endpoints[];

// All of them; NULL behind the last one.
extern const struct endpoint *const desk_tables[];
