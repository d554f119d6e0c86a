#include "ingress/admin/endpoints.h"

#include <stddef.h>

const struct endpoint *const desk_tables[] = {org_endpoints,           channel_endpoints,
                                              desk_wallet_endpoints,   key_endpoints,
                                              desk_session_endpoints,  operator_endpoints,
                                              audit_log_endpoints,     rule_endpoints,
                                              error_rule_endpoints,    dead_letter_endpoints,
                                              alert_endpoints,         found_message_endpoints,
                                              overview_endpoints,      token_key_endpoints,
                                              desk_campaign_endpoints, desk_endpoint_endpoints,
                                              desk_event_endpoints,    desk_template_endpoints,
                                              desk_media_endpoints,    NULL};
