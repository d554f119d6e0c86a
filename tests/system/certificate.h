// Authorities and certificates of a test's own, made by openssl.
#pragma once

#include "tests/system/testbed.h"

// All are paths of files in PEM.
struct certificate {
    const char *path; // with its authority's behind it
    const char *key;
    const char *authority;
};

// A certificate for `names` (such as "IP:127.0.0.1") of a new authority. Both have `name` in their
// names, and in those of their files.
struct certificate certificate_create(const char *name, const char *names);
// One with an RSA key, that is its own authority.
struct certificate certificate_create_rsa(const char *name, const char *names);

// Its files take the place of another's, as a renewal does it.
void certificate_replace(const struct certificate *old, const struct certificate *renewed);
