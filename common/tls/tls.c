#include "common/tls/tls.h"

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DIGEST_SIZE = 32 };

// What the files had at one time.
struct pair {
    // What they had before stays: a handshake may still be about to use it, of which nobody tells
    // us when it is over. It is one for each certificate that was renewed.
    struct pair *before;
    gnutls_pcert_st chain[TG_TLS_CHAIN_MAX];
    unsigned length;
    gnutls_privkey_t key;
    unsigned char digest[DIGEST_SIZE]; // of the certificate's file
};

struct tg_tls {
    enum tg_tls_listener listener;
    const char *certificate_path;
    const char *key_path;
    pthread_mutex_t lock; // for a moment only: whoever connects takes it
    struct pair *newest;
};

// GnuTLS asks with nothing but its session, so that each listener has a function of its own.
static struct tg_tls *of_listener[TG_TLS_LISTENERS];

static const struct {
    const char *certificate;
    const char *key;
} settings[TG_TLS_LISTENERS] = {
    [TG_TLS_PUBLIC] = {"TOLLGATE_TLS_CERT", "TOLLGATE_TLS_KEY"},
    [TG_TLS_ADMIN] = {"TOLLGATE_ADMIN_TLS_CERT", "TOLLGATE_ADMIN_TLS_KEY"},
};

// Keys agreed on anew for each connection, so that who gets hold of ours reads nothing of before.
char tg_tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE";

// The bytes of one of the files, which are wiped when they are dropped.
struct content {
    char bytes[TG_TLS_FILE_BYTES + 1];
    size_t length;
};

static bool wrong(struct tg_error *error, const char *setting, const char *what, const char *path)
{
    return tg_error_set(error, "invalid_setting", setting, "%s: %s: %s", setting, what, path);
}

static const char *reason_of(int why)
{
    switch (why) {
    case EISDIR:
    case TG_FILE_IRREGULAR:
        return "is no file";
    case TG_FILE_OPEN_TO_OTHERS:
        return "has rights for others (chmod o= takes them away)";
    case TG_FILE_TOO_LONG:
        return "is too long";
    default:
        return strerrordesc_np(why);
    }
}

static bool read_file(const char *setting, const char *path, bool secret, struct content *content,
                      struct tg_error *error)
{
    int why = tg_file_read(path, secret, content->bytes, TG_TLS_FILE_BYTES, &content->length);
    return why == TG_FILE_READ || wrong(error, setting, reason_of(why), path);
}

static gnutls_datum_t datum_of(struct content *content)
{
    return (gnutls_datum_t){(unsigned char *)content->bytes, (unsigned)content->length};
}

static void free_pair(struct pair *pair)
{
    if (!pair)
        return;
    for (unsigned i = 0; i < pair->length; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    gnutls_privkey_deinit(pair->key);
    free(pair);
}

static bool read_chain(const struct tg_tls *tls, struct pair *pair, struct tg_error *error)
{
    struct content content;
    const char *setting = settings[tls->listener].certificate;
    const char *path = tls->certificate_path;
    if (!read_file(setting, path, false, &content, error))
        return false;
    gnutls_datum_t pem = datum_of(&content);
    pair->length = TG_TLS_CHAIN_MAX;
    int status = gnutls_pcert_list_import_x509_raw(
        pair->chain, &pair->length, &pem, GNUTLS_X509_FMT_PEM,
        GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED | GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (status < 0)
        pair->length = 0;
    if (status == GNUTLS_E_CERTIFICATE_LIST_UNSORTED)
        return wrong(error, setting, "must have its own certificate first, then its issuer's",
                     path);
    if (status == GNUTLS_E_SHORT_MEMORY_BUFFER)
        return wrong(error, setting, "has too many certificates", path);
    if (status < 0)
        return wrong(error, setting, "has no certificate in PEM", path);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, content.bytes, content.length, pair->digest) != 0)
        abort();
    return true;
}

static bool read_key(const struct tg_tls *tls, struct pair *pair, struct tg_error *error)
{
    struct content content;
    const char *setting = settings[tls->listener].key;
    if (!read_file(setting, tls->key_path, true, &content, error))
        return false;
    gnutls_datum_t pem = datum_of(&content);
    int status = gnutls_privkey_import_x509_raw(pair->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    explicit_bzero(&content, sizeof content);
    return status == 0 ||
           wrong(error, setting, "has no key in PEM, or one with a password", tls->key_path);
}

// The same public key on both sides?
static bool belong_together(const struct pair *pair)
{
    unsigned char ids[2][DIGEST_SIZE];
    size_t sizes[2] = {DIGEST_SIZE, DIGEST_SIZE};
    gnutls_pubkey_t of_key;
    if (gnutls_pubkey_init(&of_key) != 0)
        abort();
    bool same = gnutls_pubkey_import_privkey(of_key, pair->key, 0, 0) == 0 &&
                gnutls_pubkey_get_key_id(of_key, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]) == 0 &&
                gnutls_pubkey_get_key_id(pair->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, ids[1],
                                         &sizes[1]) == 0 &&
                memcmp(ids[0], ids[1], DIGEST_SIZE) == 0;
    gnutls_pubkey_deinit(of_key);
    return same;
}

// NULL and `error`: something is wrong.
static struct pair *read_pair(const struct tg_tls *tls, struct tg_error *error)
{
    struct pair *pair = tg_alloc(sizeof *pair);
    if (gnutls_privkey_init(&pair->key) != 0)
        abort();
    if (read_chain(tls, pair, error) && read_key(tls, pair, error)) {
        if (belong_together(pair))
            return pair;
        wrong(error, settings[tls->listener].key, "is not the key of the certificate",
              tls->key_path);
    }
    free_pair(pair);
    return NULL;
}

// When the certificate ends, as a day.
static const char *end_of(const struct pair *pair, char day[static sizeof "2026-11-28"])
{
    gnutls_x509_crt_t certificate;
    struct tm utc;
    memcpy(day, "", 1);
    if (gnutls_x509_crt_init(&certificate) != 0)
        abort();
    if (gnutls_x509_crt_import(certificate, &pair->chain[0].cert, GNUTLS_X509_FMT_DER) == 0) {
        time_t end = gnutls_x509_crt_get_expiration_time(certificate);
        (void)strftime(day, sizeof "2026-11-28", "%F", gmtime_r(&end, &utc));
    }
    gnutls_x509_crt_deinit(certificate);
    return day;
}

static void exchange(struct tg_tls *tls, struct pair *pair)
{
    pthread_mutex_lock(&tls->lock);
    pair->before = tls->newest;
    tls->newest = pair;
    pthread_mutex_unlock(&tls->lock);
}

struct tg_tls *tg_tls_create(enum tg_tls_listener listener, const char *certificate_path,
                             const char *key_path, struct tg_error *error)
{
    struct tg_tls *tls = tg_alloc(sizeof *tls);
    *tls = (struct tg_tls){
        .listener = listener, .certificate_path = certificate_path, .key_path = key_path};
    struct pair *pair = read_pair(tls, error);
    if (!pair) {
        free(tls);
        return NULL;
    }
    pthread_mutex_init(&tls->lock, NULL);
    exchange(tls, pair);
    of_listener[listener] = tls;
    return tls;
}

void tg_tls_reread(struct tg_tls *tls)
{
    struct tg_error error;
    char day[sizeof "2026-11-28"];
    struct pair *pair = tls ? read_pair(tls, &error) : NULL;
    if (!pair) {
        if (tls)
            tg_log(TG_LOG_ERROR, "certificate_refused", TG_LOG_TEXT("reason", error.message));
        return;
    }
    tg_log(TG_LOG_INFO, "certificate_read",
           TG_LOG_TEXT("name", settings[tls->listener].certificate),
           TG_LOG_TEXT("ends", end_of(pair, day)));
    // (The newest is exchanged by whoever reads again alone.)
    if (memcmp(pair->digest, tls->newest->digest, DIGEST_SIZE) == 0)
        free_pair(pair);
    else
        exchange(tls, pair);
}

static int choose(enum tg_tls_listener listener, gnutls_pcert_st **chain, unsigned *length,
                  gnutls_privkey_t *key)
{
    struct tg_tls *tls = of_listener[listener];
    pthread_mutex_lock(&tls->lock);
    struct pair *pair = tls->newest;
    pthread_mutex_unlock(&tls->lock);
    *chain = pair->chain;
    *length = pair->length;
    *key = pair->key;
    return 0;
}

static int choose_public(gnutls_session_t session, const gnutls_datum_t *authorities,
                         int authority_count, const gnutls_pk_algorithm_t *algorithms,
                         int algorithm_count, gnutls_pcert_st **chain, unsigned *length,
                         gnutls_privkey_t *key)
{
    (void)session, (void)authorities, (void)authority_count;
    (void)algorithms, (void)algorithm_count;
    return choose(TG_TLS_PUBLIC, chain, length, key);
}

static int choose_admin(gnutls_session_t session, const gnutls_datum_t *authorities,
                        int authority_count, const gnutls_pk_algorithm_t *algorithms,
                        int algorithm_count, gnutls_pcert_st **chain, unsigned *length,
                        gnutls_privkey_t *key)
{
    (void)session, (void)authorities, (void)authority_count;
    (void)algorithms, (void)algorithm_count;
    return choose(TG_TLS_ADMIN, chain, length, key);
}

void *tg_tls_chooser(const struct tg_tls *tls)
{
    gnutls_certificate_retrieve_function2 *const chooser =
        tls->listener == TG_TLS_PUBLIC ? choose_public : choose_admin;
    void *as_data;
    memcpy(&as_data, &chooser, sizeof as_data);
    return as_data;
}

void tg_tls_send(void *session, const void *bytes, size_t size)
{
    (void)gnutls_record_send(session, bytes, size);
}
