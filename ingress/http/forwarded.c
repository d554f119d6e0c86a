#include "ingress/http/forwarded.h"

#include <string.h>

void forwarded_for(const char *list, const struct tg_networks *proxies, struct tg_ip *ip)
{
    size_t end = strlen(list);
    while (end > 0 && tg_networks_hold(proxies, *ip)) {
        size_t begin = end;
        while (begin > 0 && list[begin - 1] != ',')
            begin--;
        const char *item = list + begin + strspn(list + begin, " \t");
        size_t length = strcspn(item, ", \t");
        struct tg_ip passed_on;
        if (length > 0 && !tg_ip_read(item, length, &passed_on))
            return;
        if (length > 0)
            *ip = passed_on;
        end = begin > 0 ? begin - 1 : 0;
    }
}
