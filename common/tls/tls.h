// The certificate and the key with which a listener speaks TLS, 1.2 or 1.3. They come from two
// files, which may be read again while connections are open. The only room that knows GnuTLS, which
// libmicrohttpd does TLS with.
//
// Both files are PEM: the listener's own certificate and after it those that lead to its issuer's
// root; and its key, without a password, to which only the file's owner and its group have rights.
#pragma once

#include "common/base/error.h"

#include <stddef.h>

enum tg_tls_listener { TG_TLS_PUBLIC, TG_TLS_ADMIN, TG_TLS_LISTENERS };

struct tg_tls;

// Reads both files, whose paths are borrowed; lives as long as the process, as does what was read.
// NULL: `error->message` is one line that begins with the setting that is wrong. Of each listener
// the last one made is the one that counts.
struct tg_tls *tg_tls_create(enum tg_tls_listener listener, const char *certificate_path,
                             const char *key_path, struct tg_error *error) TG_MUST_CHECK;

// Reads them again: who connects from then on gets what they have now, whoever is connected notices
// nothing; logs "certificate_read". If anything is wrong ("certificate_refused") all stays as it
// is. Any thread. NULL is fine.
void tg_tls_reread(struct tg_tls *tls);

// What libmicrohttpd asks for the certificate of each new connection (a
// gnutls_certificate_retrieve_function2), and what it may speak (as gnutls_priority_init takes it).
void *tg_tls_chooser(const struct tg_tls *tls);
extern char tg_tls_priorities[];

// Sends through `session` (a gnutls_session_t) what it takes at once.
void tg_tls_send(void *session, const void *bytes, size_t size);
