// What an org's programs may ask for, each subject's table from its own file.
#pragma once

#include "ingress/route/endpoint.h"

extern const struct endpoint send_endpoints[]; // their context is a struct sends (sends.h)
extern const struct endpoint message_endpoints[];
extern const struct endpoint conversation_endpoints[]; // their context likewise
extern const struct endpoint wallet_endpoints[];
extern const struct endpoint usage_endpoints[];
extern const struct endpoint account_endpoints[];
extern const struct endpoint session_endpoints[];
extern const struct endpoint own_channel_endpoints[];
extern const struct endpoint template_endpoints[];
extern const struct endpoint own_key_endpoints[];
extern const struct endpoint setting_endpoints[];
extern const struct endpoint own_rule_endpoints[];
extern const struct endpoint contact_endpoints[];  // likewise
extern const struct endpoint campaign_endpoints[]; // likewise

extern const struct endpoint own_endpoint_endpoints[]; // their context is a struct own_endpoints

// All of them; NULL behind the last one.
extern const struct endpoint *const api_tables[];

// Sends as Meta's API has them; their context is a struct sends, too.
extern const struct endpoint cloud_send_endpoints[];

// The way into the console, for who has a link.
extern const struct endpoint link_endpoints[];
