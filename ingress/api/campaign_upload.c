#include "ingress/api/campaign_upload.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/store/failure.h"
#include "common/store/reads.h"
#include "ingress/accept/send_form.h"
#include "ingress/api/campaign_source.h"
#include "ingress/api/sends.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { STEP = TG_BATCH_MAX };

struct upload {
    struct request *request;
    struct pool *pool;
    const char *actor;   // lives as long as the request
    struct tg_text body; // the file, as memory shows it
    struct loans *loans; // of one that has waited for its files
    struct tg_region region;
    struct tg_new_campaign campaign;
    struct campaign_form form;
    struct campaign_source source;
    size_t refused;
    struct tg_text faults; // of the first of them, as JSON
    size_t n;
    struct tg_recipient recipients[STEP];
};

static void upload_free(struct upload *upload)
{
    for (size_t i = 0; i < STEP; i++)
        tg_text_finish(&upload->recipients[i].fills);
    tg_text_finish(&upload->faults);
    tg_text_finish(&upload->campaign.body);
    campaign_source_finish(&upload->source);
    campaign_form_finish(&upload->form);
    loans_free(upload->loans);
    if (upload->body.data)
        munmap(upload->body.data, upload->body.length);
    free(upload);
}

static void end_with(struct upload *upload, const struct tg_error *error)
{
    answer_error(upload->request, error);
    upload_free(upload);
}

static void refuse_line(struct upload *upload, int64_t line, const struct tg_error *error)
{
    TG_TEXT_AUTO detail = {0};
    if (upload->refused++ >= TG_IMPORT_FAULTS_MAX)
        return;
    tg_text_append_format(&upload->faults, "%s{\"line\":%lld,", upload->refused > 1 ? "," : "",
                          (long long)line);
    if (error->field[0]) {
        tg_text_append_string(&detail, "{\"field\":");
        tg_text_append_json(&detail, error->field, strlen(error->field));
        tg_text_append_string(&detail, "}");
    }
    (void)answer_write_error(error->code, error->message, &detail, &upload->faults);
    tg_text_append_string(&upload->faults, "}");
}

static void append_faults(const struct upload *upload, struct tg_text *json)
{
    tg_text_append_format(json, "\"lines\":%zu,\"refused\":%zu,\"errors\":[%s]}",
                          upload->source.lines, upload->refused, tg_text_string(&upload->faults));
}

// The campaign with what became of its lines.
static void answer_made(struct upload *upload, struct tg_text *document)
{
    tg_log(TG_LOG_INFO, "campaign_created", TG_LOG_ID("org_id", upload->campaign.org_id),
           TG_LOG_ID("campaign_id", upload->campaign.campaign_id),
           TG_LOG_NUMBER("recipients", upload->source.lines - upload->refused),
           TG_LOG_NUMBER("refused", upload->refused), TG_LOG_TEXT("caller", upload->actor));
    document->length--; // the brace
    tg_text_append_string(document, ",");
    append_faults(upload, document);
    answer_json(upload->request, 201, document);
    upload_free(upload);
}

static void answer_nobody(struct upload *upload)
{
    struct tg_text detail = {0};
    tg_text_append_string(&detail, "{\"field\":\"recipients\",");
    append_faults(upload, &detail);
    answer_error_detail(upload->request, "no_recipients", "There is nobody to send this to",
                        &detail);
    upload_free(upload);
}

static void finish(struct tg_pg *pg, struct upload *upload)
{
    struct tg_text document = {0};
    struct tg_error error;
    enum tg_pg_status status = tg_store_finish_campaign(pg, upload->actor, upload->campaign.org_id,
                                                        upload->campaign.campaign_id, &document);
    if (status != TG_PG_OK) {
        tg_store_failure(pg, status, &error);
        end_with(upload, &error);
    } else if (document.length == 0) {
        answer_nobody(upload);
    } else {
        answer_made(upload, &document);
    }
    tg_text_finish(&document);
}

// Reads up to a batch's worth. False: there is no more, or *error says what is wrong with all.
static bool read_batch(struct upload *upload, struct tg_error *error)
{
    upload->n = 0;
    while (upload->n < STEP) {
        struct tg_recipient *next = &upload->recipients[upload->n];
        struct tg_error fault;
        enum campaign_read read =
            campaign_source_next(&upload->source, &upload->form, next, &fault);
        if (read == CAMPAIGN_END)
            return false;
        if (upload->source.lines > TG_CAMPAIGN_RECIPIENTS_MAX)
            return tg_error_set(error, "body_too_large", "recipients",
                                "A campaign has up to %d recipients", TG_CAMPAIGN_RECIPIENTS_MAX);
        if (read == CAMPAIGN_RECIPIENT)
            upload->n++;
        else
            refuse_line(upload, next->n, &fault);
    }
    return true;
}

static void tell_outcome(struct upload *upload, size_t i, const struct tg_added_recipient *added)
{
    struct tg_error error;
    const struct tg_recipient *recipient = &upload->recipients[i];
    const char *field = *recipient->phone ? "phone" : "user_id";
    if (added->outcome == TG_RECIPIENT_OPTED_OUT)
        tg_error_set(&error, "contact_opted_out", field, "The contact wants no bulk messages");
    else if (added->outcome == TG_RECIPIENT_DUPLICATE)
        tg_error_set(&error, "duplicate_recipient", field, "The same recipient stands on line %lld",
                     (long long)added->earlier);
    else
        tg_error_set(&error, "internal_error", field, "The recipient could not be kept");
    if (added->outcome != TG_RECIPIENT_ADDED)
        refuse_line(upload, recipient->n, &error);
}

static bool keep_batch(struct tg_pg *pg, struct upload *upload, struct tg_error *error)
{
    struct tg_added_recipient added[STEP];
    if (upload->n == 0)
        return true;
    enum tg_pg_status status =
        tg_store_add_recipients(pg, upload->campaign.org_id, upload->campaign.campaign_id,
                                upload->recipients, upload->n, added);
    for (size_t i = 0; status == TG_PG_OK && i < upload->n; i++)
        tell_outcome(upload, i, &added[i]);
    return status == TG_PG_OK || tg_store_failure(pg, status, error);
}

// Others have their turns between two batches, where there is room to wait for one.
static void go_on(struct tg_pg *pg, void *context)
{
    struct upload *upload = context;
    struct tg_error error = {0};
    for (;;) {
        bool more = read_batch(upload, &error);
        if (error.code || !keep_batch(pg, upload, &error)) {
            end_with(upload, &error);
            return;
        }
        if (!more)
            break;
        if (pool_submit(upload->pool, upload->campaign.org_id, go_on, upload) == TG_FAIR_ADDED)
            return;
    }
    finish(pg, upload);
}

static bool find_home(struct tg_pg *pg, struct upload *upload, struct tg_error *error)
{
    bool found = false;
    enum tg_pg_status status =
        tg_store_get_default_country(pg, upload->campaign.org_id, &found, &upload->region);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    upload->source.home = found ? tg_country_find(upload->region.code) : NULL;
    return true;
}

// What lies on disk is read as memory, page by page, and stays there.
static bool map_body(struct upload *upload, struct tg_error *error)
{
    struct stat stat;
    int file = upload->request->body.file;
    if (file < 0 || fstat(file, &stat) != 0 || stat.st_size == 0)
        return tg_error_set(error, "invalid_json", "body", "There must be a body");
    void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        return tg_error_set(error, "unavailable", NULL, "The body cannot be read now");
    upload->body = (struct tg_text){.data = bytes, .length = (size_t)stat.st_size};
    return true;
}

static bool read_key(struct upload *upload, struct tg_error *error)
{
    int count = 0;
    struct tg_send send = {0};
    const char *value = request_header(upload->request, "Idempotency-Key", &count);
    const struct tg_text none = {0};
    if (!send_form_read_key(value, count, &none, &send, error))
        return false;
    memcpy(upload->campaign.key, send.idempotency_key, sizeof upload->campaign.key);
    memcpy(upload->campaign.body_hash, upload->source.hash, sizeof upload->campaign.body_hash);
    return true;
}

static bool read_body(struct tg_pg *pg, struct upload *upload, struct tg_error *error)
{
    return map_body(upload, error) &&
           campaign_source_begin(&upload->source,
                                 request_header(upload->request, "Content-Type", NULL),
                                 &upload->body, error) &&
           campaign_form_read(&upload->source.campaign, upload->campaign.org_id, &upload->loans,
                              &upload->form, error) &&
           campaign_source_open(&upload->source, &upload->form, error) && read_key(upload, error) &&
           find_home(pg, upload, error);
}

static void begin(struct tg_pg *pg, struct upload *upload)
{
    struct tg_made_campaign made = {0};
    struct tg_error error;
    upload->campaign.body = upload->form.body;
    upload->form.body = (struct tg_text){0};
    enum tg_pg_status status = tg_store_create_campaign(pg, &upload->campaign, &made);
    if (status != TG_PG_OK) {
        tg_store_failure(pg, status, &error);
        end_with(upload, &error);
    } else if (made.found) {
        answer_json(upload->request, 200, &made.document);
        upload_free(upload);
    } else {
        go_on(pg, upload);
    }
    tg_text_finish(&made.document);
}

// All of it is read once more when its files are at Meta.
static void wait_for_files(struct upload *upload, struct lender *lender)
{
    struct request *request = upload->request;
    struct loans *loans = upload->loans;
    upload->loans = NULL;
    upload_free(upload);
    lender_take(lender, request, loans);
}

void create_campaign(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    const struct sends *sends = endpoint_context(request);
    struct tg_uuid org_id;
    struct tg_error error;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    struct upload *upload = tg_alloc(sizeof *upload);
    memset(upload, 0, sizeof *upload);
    upload->request = request;
    upload->loans = request->own;
    request->own = NULL;
    upload->pool = sends->pool;
    upload->actor = caller->actor;
    upload->campaign = (struct tg_new_campaign){
        .actor = caller->actor, .org_id = org_id, .campaign_id = tg_uuid7()};
    if (read_body(pg, upload, &error))
        begin(pg, upload);
    else if (error.code == send_unlent)
        wait_for_files(upload, sends->lender);
    else
        end_with(upload, &error);
}
