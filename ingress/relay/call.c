#include "ingress/relay/call.h"

#include "common/base/memory.h"
#include "common/store/failure.h"
#include "ingress/cloud/manner.h"
#include "ingress/http/answer.h"
#include "ingress/relay/asked.h"

#include <stdio.h>
#include <string.h>

void call_free(struct call *call)
{
    tg_text_finish(&call->query);
    tg_text_wipe(&call->body); // a PIN may be in it
    tg_text_wipe(&call->relayed.access_token);
    tg_text_wipe(&call->token);
    tg_text_finish(&call->answer);
    tg_text_finish(&call->document);
    tg_sha256_drop(call->sum);
    free(call);
}

// As the path, or the parameter beside it, names it: for who asks it is not there.
static bool is_not_there(struct call *call)
{
    return tg_error_set(&call->error, "not_found", NULL, "The org has no such object");
}

// Meta's ids are numbers, and an id has one way to be written.
static bool read_id(struct call *call, struct tg_span given, char id[static MEDIA_ID_SIZE])
{
    static const char digits[] = "0123456789";
    if (given.length == 0 || given.length >= MEDIA_ID_SIZE)
        return is_not_there(call);
    memcpy(id, given.data, given.length);
    id[given.length] = '\0';
    return (*id != '0' && strspn(id, digits) == given.length) || is_not_there(call);
}

static bool read_segment(struct call *call, const char *name, char id[static MEDIA_ID_SIZE])
{
    struct tg_span segment = endpoint_segment(call->request, name);
    return !segment.data || read_id(call, segment, id);
}

// A file is named by its number and its own id, all else by one id.
static bool read_path(struct call *call)
{
    struct tg_span version = endpoint_segment(call->request, "version");
    if (version.length >= sizeof call->version)
        return is_not_there(call);
    if (version.length > 0)
        memcpy(call->version, version.data, version.length);
    if (call->task->answer == RELAY_FILE)
        return read_segment(call, "media_id", call->id) &&
               read_segment(call, "phone_number_id", call->phone_number_id);
    return read_segment(call, "phone_number_id", call->id) &&
           read_segment(call, "waba_id", call->id) && read_segment(call, "object_id", call->id);
}

static bool read_number(struct call *call)
{
    const char *given = request_parameter(call->request, "phone_number_id");
    if (!given || *call->phone_number_id)
        return true;
    return read_id(call, (struct tg_span){given, strlen(given)}, call->phone_number_id);
}

static bool read_fields(struct call *call)
{
    while (
        !asked_read_body(call->request, call->task, &call->body, &call->body_type, &call->error)) {
        if (!call->task->otherwise || strcmp(call->error.code, "missing_field") != 0)
            return false;
        call->task = call->task->otherwise;
        call->error.code = NULL;
    }
    return true;
}

static bool read_body(struct call *call)
{
    if (call->request->body.kind == BODY_NONE)
        return true;
    if (call->request->body.kind == BODY_FIELDS)
        return read_fields(call);
    return asked_read_file(call->request, &call->body_type, &call->error);
}

// In trusted mode the request says whose it is.
static bool read_org(struct call *call)
{
    const char *given = request_parameter(call->request, "org_id");
    return identity_org(call->caller, given, given ? strlen(given) : 0, "org_id", &call->org_id,
                        &call->error);
}

static bool read_asked(struct call *call)
{
    if (call->task->deed)
        return read_org(call) && call->task->deed->read(call);
    return read_path(call) && read_number(call) &&
           asked_read_query(call->request, &call->query, &call->error) && read_body(call);
}

struct call *call_create(struct request *request, const struct identity *caller)
{
    struct call *call = tg_alloc(sizeof *call);
    call->request = request;
    call->caller = caller;
    call->org_id = caller->org_id;
    call->task = endpoint_task(request);
    call->method = call->task->deed ? call->task->deed->method : request->method;
    call->began_ms = tg_now_ms();
    call->file = body_of(BODY_FILE, 0);
    if (read_asked(call))
        return call;
    call_refuse(call);
    call_free(call);
    return NULL;
}

void call_refuse(struct call *call)
{
    const char *id = *call->id ? call->id : call->phone_number_id;
    if (!call->task->deed && strcmp(call->error.code, "not_found") == 0)
        cloud_refuse_object(call->request, (struct tg_span){id, strlen(id)});
    else
        answer_error(call->request, &call->error);
}

struct media_name call_media_name(const struct call *call)
{
    struct media_name name = {.org_id = call->org_id};
    snprintf(name.phone_number_id, sizeof name.phone_number_id, "%s",
             call->relayed.phone_number_id);
    snprintf(name.id, sizeof name.id, "%s", call->id);
    return name;
}

// May a call of this kind be about such an id?
static bool fits(const struct call *call)
{
    static const unsigned bits[] = {[TG_RELAYED_NODE] = RELAY_OF_NODE,
                                    [TG_RELAYED_NUMBER] = RELAY_OF_NUMBER,
                                    [TG_RELAYED_ACCOUNT] = RELAY_OF_ACCOUNT};
    return call->task->of == 0 || (call->task->of & bits[call->relayed.kind]);
}

bool call_find_token(struct call *call, struct tg_pg *pg)
{
    if (call->task->deed)
        return call->task->deed->find(call, pg);
    const struct tg_relay_question question = {
        .org_id = call->org_id, .id = call->id, .phone_number_id = call->phone_number_id};
    bool found;
    enum tg_pg_status status = tg_store_find_relayed(pg, &question, &found, &call->relayed);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, &call->error);
    if (!found || !fits(call))
        return is_not_there(call);
    if (call->relayed.is_suspended)
        return tg_error_set(&call->error, "org_suspended", NULL, "The org is suspended");
    if (call->task->cuts_webhooks && call->relayed.must_hear)
        return tg_error_set(&call->error, "missing_right", NULL,
                            "The org gets back what is not told delivered: its webhooks stay");
    // Before: whatever becomes of it, what is sent next is uploaded anew, at worst for nothing.
    status = call->task->forgets_media ? tg_store_forget_media_at_meta(pg, &question) : TG_PG_OK;
    return status == TG_PG_OK || tg_store_failure(pg, status, &call->error);
}
