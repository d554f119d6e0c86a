#include "tests/system/desk.h"

struct http *desk_of(struct gateway *gateway)
{
    return http_open(gateway->ingress.admin_url);
}

struct answer look(struct gateway *gateway, const char *path)
{
    return ask(desk_of(gateway), .path = path, .key = GATEWAY_ADMIN_TOKEN);
}

struct answer tell(struct gateway *gateway, const char *method, const char *path, const char *body)
{
    return ask(desk_of(gateway), .method = method, .path = path, .body = body,
               .key = GATEWAY_ADMIN_TOKEN);
}
