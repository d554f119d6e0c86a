// What the rows of own_endpoint_endpoints have as their context.
#pragma once

#include "common/base/network.h"
#include "common/crypto/keyring.h"

struct own_endpoints {
    struct tg_keyring *keys;            // under which secrets are sealed, if there are any
    const struct tg_networks *networks; // inner ones where endpoints may be
};
