#include "ingress/api/endpoints.h"

#include <stddef.h>

const struct endpoint *const api_tables[] = {
    send_endpoints,     message_endpoints,      conversation_endpoints, wallet_endpoints,
    account_endpoints,  session_endpoints,      own_key_endpoints,      setting_endpoints,
    contact_endpoints,  own_channel_endpoints,  template_endpoints,     usage_endpoints,
    campaign_endpoints, own_endpoint_endpoints, own_rule_endpoints,     NULL};
