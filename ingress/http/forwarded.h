// X-Forwarded-For: each proxy adds, behind what came, from whom.
#pragma once

#include "common/base/network.h"

// *ip is a proxy's: it becomes that of whom the proxies have passed on, the last one of the list
// that is no proxy of ours. What is no address, and all before it, says nothing.
void forwarded_for(const char *list, const struct tg_networks *proxies, struct tg_ip *ip);
