// The head of a request, looked at before anything is believed of it: what libmicrohttpd takes
// though it may be taken for something else elsewhere (by a proxy before us) is found here.
#pragma once

#include "common/base/text.h"

#include "common/base/error.h"

#include <stddef.h>

struct MHD_Connection;

struct head {
    bool has_body;
    size_t length;         // announced; SIZE_MAX: it comes in chunks
    bool expects_continue; // the client waits to be asked for the body
    bool encoded;          // Content-Encoding is another than identity
};

// Reads it; method and version as the library's handler gets them, and the length of the target
// between them. false, and `error` (400 invalid_request), if where the request ends is in doubt, or
// what it says: the connection must not be used any more then.
bool head_read(struct MHD_Connection *connection, const char *method, size_t target_length,
               const char *version, struct head *head, struct tg_error *error) TG_MUST_CHECK;

// How long a target is, before the library takes it apart; 0: there is a CR in it.
size_t head_target_length(const char *uri) TG_MUST_CHECK;

// May a target be taken as it is? false: it has a blank or an encoded NUL in it, or what stands for
// an encoded slash. (What stands behind a NUL as such is not in it: head_read.)
bool head_target_is_plain(const char *uri) TG_MUST_CHECK;

// The path of a plain target, decoded; an encoded slash, which decoded would make another path of
// it, is PATH_SLASH (request.h). Leaves `path` empty where there is none: the library's will do.
void head_target_path(const char *uri, struct tg_text *path);
