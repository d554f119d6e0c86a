#include "ingress/media/lender.h"

#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/cloud/media.h"
#include "common/crypto/seal.h"
#include "common/graph/token.h"
#include "common/graph/trouble.h"
#include "common/health/media_store.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "common/store/failure.h"
#include "ingress/media/copy.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of addresses and headers with a token in them, as they usually are.
enum { SECRET_BYTES = 1024 };

TAILQ_HEAD(errands_list, errand);

// A request on its way through its loans, one after the other.
struct errand {
    struct copy copy; // of what lies in a bucket; its parcel is that of the upload, too
    TAILQ_ENTRY(errand) link;
    struct errands_list followers; // who wait for the same file
    struct lender *lender;
    struct request *request;
    struct loans *loans;
    int place;
    struct loan *loan; // that it is at
    struct tg_sendable sendable;
    struct tg_text token; // opened; a secret
    int file;             // that is uploaded; -1: none
    struct tg_text before;
    struct tg_text after;
    struct tg_text type; // a header
};

struct lender {
    struct errands *errands;
    pthread_mutex_t lock;
    struct errands_list at_meta; // or on their way there; guarded by the lock
};

static void look_up(struct tg_pg *pg, void *context);

// What the errand had for one file.
static void drop_file(struct errand *errand)
{
    if (errand->file >= 0 && errand->file != errand->copy.body.file)
        close(errand->file);
    errand->file = -1;
    request_drop_file(errand->request, &errand->copy.body);
    tg_text_wipe(&errand->sendable.access_token);
    tg_text_wipe(&errand->token);
    tg_text_finish(&errand->before);
    tg_text_finish(&errand->after);
    tg_text_finish(&errand->type);
}

// All is told, or will not be.
static void end(struct errand *errand)
{
    struct request *request = errand->request;
    drop_file(errand);
    errands_leave(errand->lender->errands, errand->place);
    request->own = errand->loans;
    free(errand);
    request_go_on(request);
}

static void go_on(struct errand *errand)
{
    if (pool_submit(errand->lender->errands->pool, errand->loan->question.org_id, look_up,
                    errand) == TG_FAIR_ADDED)
        return;
    for (size_t i = 0; i < errand->loans->n; i++) { // the gateway is stopping
        struct loan *loan = &errand->loans->of[i];
        if (!loan->is_told)
            tg_error_set(&loan->error, "unavailable", NULL, "The gateway is stopping");
        loan->is_told = true;
    }
    end(errand);
}

// By *error, or (NULL) by the id that stands there.
static void tell(struct loan *loan, const struct tg_error *error)
{
    if (error)
        loan->error = *error;
    loan->is_told = true;
    tg_count(TG_LOANS, error ? error->code : "lent", 1);
    if (error)
        tg_log_rarely(TG_LOG_WARN, "media_not_lent", TG_LOG_ID("org_id", loan->question.org_id),
                      TG_LOG_ID("media_id", loan->question.id),
                      TG_LOG_TEXT("outcome", error->code));
}

// Who waits for the upload of this errand hears what it has come to; then all go on.
static void tell_all(struct errand *errand, const struct tg_error *error)
{
    struct lender *lender = errand->lender;
    struct errand *follower;
    pthread_mutex_lock(&lender->lock);
    TAILQ_REMOVE(&lender->at_meta, errand, link);
    pthread_mutex_unlock(&lender->lock);
    tell(errand->loan, error);
    while ((follower = TAILQ_FIRST(&errand->followers))) {
        TAILQ_REMOVE(&errand->followers, follower, link);
        memcpy(follower->loan->meta_id, errand->loan->meta_id, sizeof follower->loan->meta_id);
        tell(follower->loan, error);
        go_on(follower);
    }
    drop_file(errand);
    go_on(errand);
}

static void fail(struct errand *errand, const char *code, const char *message)
{
    struct tg_error error;
    tg_error_set(&error, code, NULL, "%s", message);
    tell_all(errand, &error);
}

// It is at Meta. Where that cannot be remembered, it is uploaded once more the next time.
static void remember(struct tg_pg *pg, void *context)
{
    struct errand *errand = context;
    const struct tg_sendable *sendable = &errand->sendable;
    const struct tg_media_at_meta at_meta = {.org_id = errand->loan->question.org_id,
                                             .id = errand->loan->question.id,
                                             .channel_id = sendable->channel_id,
                                             .phone_number_id = sendable->phone_number_id,
                                             .meta_id = errand->loan->meta_id};
    TG_STOP_POINT("media_lent");
    (void)!tg_store_keep_media_at_meta(pg, &at_meta);
    tg_log_step("media_lent", TG_LOG_ID("org_id", at_meta.org_id),
                TG_LOG_ID("media_id", at_meta.id), TG_LOG_ID("channel_id", at_meta.channel_id),
                TG_LOG_NUMBER("bytes", sendable->size));
    tell_all(errand, NULL);
}

// "{"id": "1234"}"
static bool read_id(struct json_object *root, char id[static TG_META_MEDIA_ID_SIZE])
{
    const char *given = tg_json_string_member(root, "id");
    size_t length = given ? strlen(given) : 0;
    if (length == 0 || length >= TG_META_MEDIA_ID_SIZE || strspn(given, "0123456789") != length)
        return false;
    memcpy(id, given, length + 1);
    return true;
}

static void read_refusal(struct errand *errand, struct json_object *root, int status)
{
    struct tg_error error;
    struct tg_graph_trouble trouble;
    bool is_said = status < 500 && tg_json_member(root, "error", json_type_object) &&
                   tg_graph_read_trouble(root, status, &trouble);
    if (is_said)
        tg_error_set(&error, "refused_by_meta", NULL, "Meta does not take the file: %s (%s)",
                     trouble.message, trouble.code);
    else
        tg_error_set(&error, "meta_unavailable", NULL,
                     "Meta does not take the file now (HTTP %d): nothing was sent", status);
    tell_all(errand, &error);
}

static void upload_ended(struct parcel *parcel, const struct tg_http_answer *answer)
{
    struct errand *errand = (struct errand *)parcel;
    struct tg_error none;
    if (!answer || answer->end != TG_HTTP_ANSWERED) {
        fail(errand, answer ? "meta_unavailable" : "unavailable",
             answer ? "Meta cannot be reached with the file: nothing was sent"
                    : "The file was not brought to Meta: nothing was sent");
        return;
    }
    struct json_object *root = tg_json_parse(answer->body.data, answer->body.length, &none);
    if (answer->status != 200 || !read_id(root, errand->loan->meta_id))
        read_refusal(errand, root, answer->status);
    else if (pool_submit(errand->lender->errands->pool, errand->loan->question.org_id, remember,
                         errand) != TG_FAIR_ADDED)
        tell_all(errand, NULL);
    json_object_put(root);
}

// Of a type with its parameters, that Meta wants of some ("audio/ogg; codecs=opus"): what may stand
// in a form's head.
static void cut_to_plain(char *type)
{
    const char *c = type;
    while (*c >= ' ' && *c <= '~')
        c++;
    if (*c)
        type[strcspn(type, "; \t")] = '\0';
}

// A form as Meta wants it. (No file has a boundary in it that was just made up.)
static void write_form(struct errand *errand)
{
    char *type = errand->sendable.mime_type;
    cut_to_plain(type);
    char boundary[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), boundary);
    tg_text_append_format(&errand->type, "Content-Type: multipart/form-data; boundary=%s",
                          boundary);
    tg_text_append_format(&errand->before,
                          "--%s\r\nContent-Disposition: form-data; "
                          "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
                          "--%s\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n%s\r\n"
                          "--%s\r\nContent-Disposition: form-data; name=\"file\"; "
                          "filename=\"file\"\r\nContent-Type: %s\r\n\r\n",
                          boundary, boundary, type, boundary, type);
    tg_text_append_format(&errand->after, "\r\n--%s--\r\n", boundary);
}

static void begin_upload(struct parcel *parcel, struct tg_http *http)
{
    struct errand *errand = (struct errand *)parcel;
    const struct errands *errands = errand->lender->errands;
    const struct tg_settings *settings = errands->settings;
    TG_SECRET_AUTO url = {0};
    TG_SECRET_AUTO authorization = {0};
    tg_text_reserve(&url, SECRET_BYTES);
    tg_text_append_format(&url, "%s/%s/%s/media", settings->graph_url, settings->graph_version,
                          errand->sendable.phone_number_id);
    tg_graph_append_proof(&url, settings->graph_app_secret, &errand->token);
    tg_graph_append_authorization(&authorization, &errand->token);
    write_form(errand);
    tg_http_begin(
        http,
        &(const struct tg_http_request){
            .method = "POST",
            .url = tg_text_string(&url),
            .headers = {tg_text_string(&authorization), tg_text_string(&errand->type)},
            .file = errand->file,
            .file_size = (size_t)errand->sendable.size,
            .before = {errand->before.data, errand->before.length},
            .after = {errand->after.data, errand->after.length},
            .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
            .timeout_ms = tg_settings_transfer_ms(errands->settings, (size_t)errand->sendable.size),
            .stall_s = tg_settings_stall_s(errands->settings),
            .answer_max = TG_META_ANSWER_MAX,
            .context = parcel});
    tg_count(TG_LENT_BYTES, NULL, (uint64_t)errand->sendable.size);
}

static void upload(struct errand *errand)
{
    struct parcel *parcel = &errand->copy.parcel;
    parcel->begin = begin_upload;
    parcel->end = upload_ended;
    carrier_add(errand->lender->errands->to_meta, parcel);
}

static const char unreadable[] = "Where files are kept cannot be read";

static void fail_unread(struct errand *errand, const char *reason)
{
    tg_log_rarely(TG_LOG_ERROR, "media_not_read", TG_LOG_TEXT("file", errand->sendable.file),
                  TG_LOG_TEXT("reason", reason));
    fail(errand, "unavailable", unreadable);
}

static void copy_ended(struct parcel *parcel, const struct tg_http_answer *answer)
{
    struct errand *errand = (struct errand *)parcel;
    const struct body *body = &errand->copy.body;
    if (copy_has_come(&errand->copy, answer)) {
        errand->file = body->file;
        upload(errand);
        return;
    }
    copy_log_failure(&errand->copy, answer);
    if (!answer)
        fail(errand, "unavailable", "The file was not brought to Meta: nothing was sent");
    else if (body->without_room)
        fail(errand, body->share_used ? "too_many_requests" : "overloaded",
             body->share_used ? "Too many of your files are on their way"
                              : "Too many files are on their way");
    else
        fail(errand, "unavailable", unreadable);
}

// From the bucket into the body of the request.
static void begin_copy(struct errand *errand)
{
    const struct errands *errands = errand->lender->errands;
    errand->copy = (struct copy){.parcel = {.begin = copy_begin,
                                            .end = copy_ended,
                                            .is_unwanted = errand->copy.parcel.is_unwanted},
                                 .settings = errands->settings,
                                 .files = errands->files,
                                 .request = errand->request,
                                 .name = errand->sendable.file,
                                 .size = (size_t)errand->sendable.size,
                                 .body = body_of(BODY_FILE, TG_MEDIA_MAX)};
    carrier_add(errands->to_bucket, &errand->copy.parcel);
}

// What lies in a bucket comes here first: its beginning is read more than once, if Meta wants it.
static void begin(struct errand *errand)
{
    const struct errands *errands = errand->lender->errands;
    if (errands->to_bucket) {
        begin_copy(errand);
        return;
    }
    size_t size = 0;
    errand->file = tg_files_get(errands->files, errand->sendable.file, &size);
    if (errand->file < 0)
        fail_unread(errand, strerrordesc_np(errno));
    else if (size != (size_t)errand->sendable.size)
        fail_unread(errand, "its size is another");
    else
        upload(errand);
}

static bool is_of_same(const struct errand *errand, const struct errand *other)
{
    const struct tg_sendable_question *question = &errand->loan->question;
    return tg_uuid_equal(other->loan->question.org_id, question->org_id) &&
           tg_uuid_equal(other->loan->question.id, question->id) &&
           tg_uuid_equal(other->sendable.channel_id, errand->sendable.channel_id) &&
           strcmp(other->sendable.phone_number_id, errand->sendable.phone_number_id) == 0;
}

// One request that is under way follows no other one, and so nobody waits in a circle.
static bool follows(struct errand *errand)
{
    struct lender *lender = errand->lender;
    pthread_mutex_lock(&lender->lock);
    struct errand *other = TAILQ_FIRST(&lender->at_meta);
    while (other && !is_of_same(errand, other))
        other = TAILQ_NEXT(other, link);
    if (other)
        TAILQ_INSERT_TAIL(&other->followers, errand, link);
    else
        TAILQ_INSERT_TAIL(&lender->at_meta, errand, link);
    pthread_mutex_unlock(&lender->lock);
    return other != NULL;
}

static bool open_token(struct errand *errand, struct tg_error *error)
{
    struct tg_sendable *sendable = &errand->sendable;
    enum tg_opened opened =
        tg_open_token(errand->lender->errands->settings->token_keys, errand->loan->question.org_id,
                      sendable->channel_id, &sendable->access_token, &errand->token);
    return (opened == TG_OPENED && tg_graph_token_is_plain(&errand->token)) ||
           tg_error_set(error, "token_not_opened", NULL,
                        "This gateway cannot open the number's access token: its operator has to "
                        "see to that");
}

// What a send over such a channel would be told, before anything is uploaded for it.
static bool check_channel(const struct loan *loan, enum tg_verdict_code verdict,
                          struct tg_error *error)
{
    const char *field = loan->question.phone_number_id[0] ? "phone_number_id" : "channel_id";
    switch (verdict) {
    case TG_ACCEPTED:
        return true;
    case TG_ORG_SUSPENDED:
        return tg_error_set(error, "org_suspended", "org_id", "The org is suspended");
    case TG_NO_CHANNEL:
        return tg_error_set(error, "channel_not_found", field,
                            "The org has no such active channel");
    case TG_CHANNEL_PAUSED:
        return tg_error_set(error, "channel_paused", field, "The channel is paused");
    default:
        return tg_error_set(error, "internal_error", NULL, "The message could not be accepted");
    }
}

static bool check_file(const struct tg_sendable *sendable, struct tg_error *error)
{
    if (!sendable->is_found)
        return tg_error_set(error, "media_not_found", NULL, "The org has no such file");
    switch (sendable->state) {
    case TG_MEDIA_IS_KEPT:
        return true;
    case TG_MEDIA_IS_WAITING:
        return tg_error_set(error, "media_waiting", NULL, "The file has not been fetched yet");
    case TG_MEDIA_HAS_FAILED:
        return tg_error_set(error, "media_failed", NULL, "The file could not be fetched");
    case TG_MEDIA_IS_GONE:
        break;
    }
    return tg_error_set(error, "media_gone", NULL, "The file is kept no longer");
}

static bool find(struct errand *errand, struct tg_pg *pg, struct tg_error *error)
{
    bool found = false;
    const struct loan *loan = errand->loan;
    struct tg_sendable *sendable = &errand->sendable;
    if (tg_media_store_look(errand->lender->errands->files, pg) != TG_STORE_SHARED)
        return tg_error_set(error, "unavailable", NULL, "%s", unreadable);
    enum tg_pg_status status = tg_store_find_sendable_media(pg, &loan->question, &found, sendable);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    if (!found)
        return tg_error_set(error, "org_not_found", "org_id", "There is no such org");
    return check_channel(loan, sendable->verdict, error) && check_file(sendable, error);
}

// Has it to be uploaded? (Who reads the message again refuses it where it is sent as what it is
// not.)
static bool note(struct loan *loan, const struct tg_sendable *sendable)
{
    memcpy(loan->mime_type, sendable->mime_type, sizeof loan->mime_type);
    memcpy(loan->meta_id, sendable->meta_id, sizeof loan->meta_id);
    loan->size = sendable->size;
    loan->channel_id = sendable->channel_id;
    return !*loan->meta_id && tg_media_fits(loan->mime_type, loan->size) & loan->as;
}

// The next file that is not told; false: there is none.
static bool next(struct errand *errand)
{
    for (size_t i = 0; i < errand->loans->n; i++) {
        errand->loan = &errand->loans->of[i];
        if (!errand->loan->is_told)
            return true;
    }
    return false;
}

static void look_up(struct tg_pg *pg, void *context)
{
    struct errand *errand = context;
    while (next(errand)) {
        struct tg_error error;
        errand->sendable = (struct tg_sendable){0};
        bool good = find(errand, pg, &error);
        bool uploads = good && note(errand->loan, &errand->sendable);
        if (uploads && open_token(errand, &error)) {
            if (!follows(errand))
                begin(errand);
            return;
        }
        tell(errand->loan, good && !uploads ? NULL : &error);
        drop_file(errand);
    }
    end(errand);
}

// Those who follow wait too.
static bool is_unwanted(const struct parcel *parcel)
{
    const struct errand *errand = (const struct errand *)parcel;
    struct lender *lender = errand->lender;
    pthread_mutex_lock(&lender->lock);
    bool is_alone = TAILQ_EMPTY(&errand->followers);
    pthread_mutex_unlock(&lender->lock);
    return is_alone && request_client_has_left(errand->request);
}

struct lender *lender_create(struct errands *errands)
{
    struct lender *lender = tg_alloc(sizeof *lender);
    *lender = (struct lender){.errands = errands};
    pthread_mutex_init(&lender->lock, NULL);
    TAILQ_INIT(&lender->at_meta);
    return lender;
}

void lender_free(struct lender *lender)
{
    if (!lender)
        return;
    pthread_mutex_destroy(&lender->lock);
    free(lender);
}

void lender_take(struct lender *lender, struct request *request, struct loans *loans)
{
    struct tg_uuid org_id = loans->of[0].question.org_id;
    if (!lender->errands->to_meta) {
        struct tg_error error;
        tg_error_set(&error, "unavailable", NULL,
                     "This gateway sends no kept files (TOLLGATE_MEDIA_STORE, TOLLGATE_RELAY)");
        for (size_t i = 0; i < loans->n; i++)
            tell(&loans->of[i], &error);
        request->own = loans;
        request_go_on(request);
        return;
    }
    int place = errands_enter(lender->errands, request, org_id);
    if (place < 0) {
        loans_free(loans);
        return;
    }
    struct errand *errand = tg_alloc(sizeof *errand);
    *errand = (struct errand){
        .copy = {.parcel = {.is_unwanted = is_unwanted}, .body = body_of(BODY_FILE, TG_MEDIA_MAX)},
        .lender = lender,
        .request = request,
        .loans = loans,
        .place = place,
        .loan = &loans->of[0],
        .file = -1};
    TAILQ_INIT(&errand->followers);
    go_on(errand);
}
