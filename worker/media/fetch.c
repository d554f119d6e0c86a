#include "worker/media/fetch.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/crypto/seal.h"
#include "common/files/bucket.h"
#include "common/graph/token.h"
#include "common/graph/trouble.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "worker/unasked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of addresses with a proof in them, as they usually are.
enum { URL_BYTES = 640, QUOTA_AGAIN_S = 3600 };

static void end(struct fetch *fetch, enum tg_media_end how, const char *code, const char *message)
{
    struct tg_media_result *result = &fetch->result;
    result->end = how;
    snprintf(result->error_code, sizeof result->error_code, "%s", code);
    snprintf(result->error_message, sizeof result->error_message, "%s", message);
    tg_files_drop(fetch->files, &fetch->file);
    fetch->step = FETCH_ENDED;
}

// A full disk may have room again, whatever else is wrong with it.
static void end_unwritten(struct fetch *fetch)
{
    int why = errno;
    bool is_full = why == ENOSPC || why == EDQUOT;
    tg_log_rarely(TG_LOG_ERROR, "media_not_written", TG_LOG_TEXT("reason", strerrordesc_np(why)));
    end(fetch, TG_MEDIA_AGAIN, is_full ? "no_room" : "not_written",
        "The file could not be written where files are kept");
}

static void end_too_large(struct fetch *fetch)
{
    end(fetch, TG_MEDIA_FAILED, "too_large", "The file is larger than the org wants any to be");
}

// There may be room again when other files are gone. It is let alone for an hour: what it takes to
// find out is a whole file.
static void end_without_room(struct fetch *fetch)
{
    fetch->result.after_s = QUOTA_AGAIN_S;
    end(fetch, TG_MEDIA_AGAIN, "quota", "The org keeps as many bytes of files as it may");
}

static bool take(void *context, int status, const char *bytes, size_t size)
{
    struct fetch *fetch = context;
    if (status != 200)
        return true; // an error's page, of which nothing is wanted
    tg_count(TG_MEDIA_BYTES, NULL, size);
    tg_sha256_add(fetch->sum, bytes, size);
    if (fetch->file.size + size > (size_t)fetch->claimed.max_bytes)
        end_too_large(fetch);
    else if (fetch->file.size + size > (size_t)fetch->claimed.room)
        end_without_room(fetch);
    else if (!tg_files_add(&fetch->file, bytes, size))
        end_unwritten(fetch);
    TG_STOP_POINT("media_came");
    return fetch->step != FETCH_ENDED;
}

static void ask(struct fetch *fetch, const char *url, size_t bytes)
{
    TG_SECRET_AUTO authorization = {0};
    tg_graph_append_authorization(&authorization, &fetch->token);
    tg_http_begin(fetch->http, &(const struct tg_http_request){
                                   .method = "GET",
                                   .url = url,
                                   .headers = {tg_text_string(&authorization)},
                                   .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                                   .timeout_ms = tg_settings_transfer_ms(fetch->settings, bytes),
                                   .stall_s = tg_settings_stall_s(fetch->settings),
                                   .answer_max = TG_META_ANSWER_MAX,
                                   .context = fetch,
                                   .take = fetch->step == FETCH_FETCHES ? take : NULL});
}

static void look(struct fetch *fetch)
{
    const struct tg_settings *settings = fetch->settings;
    TG_SECRET_AUTO url = {0};
    fetch->step = FETCH_LOOKS;
    tg_text_reserve(&url, URL_BYTES);
    tg_text_append_format(&url, "%s/%s/%s?phone_number_id=%s", settings->graph_url,
                          settings->graph_version, fetch->claimed.meta_id,
                          fetch->claimed.phone_number_id);
    tg_graph_append_proof(&url, settings->graph_app_secret, &fetch->token);
    ask(fetch, tg_text_string(&url), 0);
}

// What a webhook names stands in an address: Meta's ids are digits.
static bool is_id(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 33;
}

void fetch_begin(struct fetch *fetch, struct tg_uuid claim_id, struct tg_claimed_media *claimed)
{
    fetch->claimed = *claimed;
    claimed->access_token = (struct tg_text){0};
    fetch->began_ms = tg_now_ms();
    fetch->file.file = -1;
    fetch->result = (struct tg_media_result){
        .claim_id = claim_id, .org_id = claimed->org_id, .id = claimed->id};
    enum tg_opened opened =
        tg_open_token(fetch->settings->token_keys, claimed->org_id, claimed->channel_id,
                      &fetch->claimed.access_token, &fetch->token);
    const struct unasked_token *unusable = unasked_token(opened, &fetch->token);
    if (!is_id(fetch->claimed.meta_id))
        end(fetch, TG_MEDIA_FAILED, "no_media_id",
            "What the webhook names is no media id of Meta's");
    else if (unusable)
        end(fetch, TG_MEDIA_AGAIN, unusable->outcome, unusable->says);
    else
        look(fetch);
}

static void found(struct fetch *fetch)
{
    const struct tg_media_place *where = &fetch->where;
    if (!tg_media_is_at_meta(tg_text_string(&where->url), fetch->settings->media_hosts,
                             fetch->settings->graph_url)) {
        tg_log_rarely(TG_LOG_ERROR, "media_host_unknown",
                      TG_LOG_ID("org_id", fetch->claimed.org_id), TG_LOG_TEXT("host", ""));
        end(fetch, TG_MEDIA_AGAIN, "unknown_host",
            "Meta keeps the file where this gateway fetches none from (TOLLGATE_MEDIA_HOSTS)");
    } else if (where->file_size > fetch->claimed.max_bytes) {
        end_too_large(fetch);
    } else {
        fetch->step = FETCH_FOUND;
    }
}

void fetch_reserved(struct fetch *fetch, int64_t room)
{
    const struct tg_media_place *where = &fetch->where;
    fetch->claimed.room = room;
    if (room == 0) {
        end_without_room(fetch);
    } else if (!tg_files_begin(fetch->files, &fetch->file)) {
        end_unwritten(fetch);
    } else {
        fetch->step = FETCH_FETCHES;
        fetch->sum = tg_sha256_begin();
        ask(fetch, tg_text_string(&where->url),
            (size_t)(where->file_size > 0 ? where->file_size : room));
    }
}

// Meta's words for that it does not have it (any more).
static bool is_gone(const struct tg_graph_trouble *trouble)
{
    return strcmp(trouble->code, "100") == 0 && !trouble->is_field_unknown;
}

static void end_refused(struct fetch *fetch, const struct tg_http_answer *answer)
{
    struct tg_error none;
    struct tg_graph_trouble trouble;
    struct json_object *root = tg_json_parse(answer->body.data, answer->body.length, &none);
    if (!tg_graph_read_trouble(root, answer->status, &trouble))
        tg_graph_set_trouble(&trouble, "unreadable", "What came is no answer of Meta's");
    json_object_put(root);
    if (is_gone(&trouble))
        end(fetch, TG_MEDIA_FAILED, "gone_at_meta", "Meta has no such file (any more)");
    else
        end(fetch, TG_MEDIA_AGAIN, trouble.code, trouble.message);
}

static void look_answered(struct fetch *fetch, const struct tg_http_answer *answer)
{
    struct tg_media_place *where = &fetch->where;
    struct tg_media_result *result = &fetch->result;
    if (answer->status != 200) {
        end_refused(fetch, answer);
        return;
    }
    if (tg_media_read(answer->body, where)) {
        snprintf(result->said_sha256, sizeof result->said_sha256, "%s", where->sha256);
        snprintf(result->mime_type, sizeof result->mime_type, "%s", where->mime_type);
        found(fetch);
    } else {
        end(fetch, TG_MEDIA_AGAIN, "unreadable", "Meta does not say where the file is");
    }
}

// Is it what Meta has said that it is? What differs is fetched anew, a few times: it may have been
// changed on its way.
static bool is_right(struct fetch *fetch)
{
    unsigned char is[TG_SHA256_SIZE];
    unsigned char said[TG_SHA256_SIZE];
    struct tg_media_result *result = &fetch->result;
    tg_sha256_end(fetch->sum, is);
    fetch->sum = NULL;
    tg_hex_write(is, sizeof is, result->sha256);
    return *result->said_sha256 == '\0' ||
           (tg_hex_read(result->said_sha256, said, sizeof said) && tg_same_digest(is, said));
}

// As media_file has it (sql/core/media.sql).
static void write_name(const struct fetch *fetch, char name[static TG_MEDIA_NAME_SIZE])
{
    char org[TG_UUID_TEXT_SIZE];
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(fetch->claimed.org_id, org);
    tg_uuid_format(fetch->claimed.id, id);
    snprintf(name, TG_MEDIA_NAME_SIZE, "%s/%s", org, id);
}

static void end_kept(struct fetch *fetch)
{
    end(fetch, TG_MEDIA_KEPT, "", "");
    TG_STOP_POINT("media_kept");
}

static void put(struct fetch *fetch, const char *name)
{
    size_t size = fetch->file.size;
    fetch->step = FETCH_PUTS;
    tg_bucket_ask(tg_files_bucket(fetch->files), fetch->bucket,
                  &(const struct tg_bucket_request){
                      .method = "PUT",
                      .name = name,
                      .file = fetch->file.file,
                      .size = size,
                      .sha256 = fetch->result.sha256,
                      .timeout_ms = tg_settings_transfer_ms(fetch->settings, size),
                      .stall_s = tg_settings_stall_s(fetch->settings),
                      .context = fetch});
}

static void put_answered(struct fetch *fetch, const struct tg_http_answer *answer)
{
    if (answer->end == TG_HTTP_ANSWERED && answer->status == 200) {
        end_kept(fetch);
        return;
    }
    tg_log_rarely(TG_LOG_ERROR, "media_not_written",
                  TG_LOG_TEXT("reason", answer->end == TG_HTTP_ANSWERED ? "the bucket refuses it"
                                                                        : answer->reason));
    end(fetch, TG_MEDIA_AGAIN, "not_written", "The file could not be written where files are kept");
}

static void keep(struct fetch *fetch)
{
    char name[TG_MEDIA_NAME_SIZE];
    write_name(fetch, name);
    fetch->result.size = (int64_t)fetch->file.size;
    if (fetch->bucket)
        put(fetch, name);
    else if (tg_now_ms() - fetch->began_ms > TG_MEDIA_LEASE_S * 1000LL - 1000)
        end(fetch, TG_MEDIA_AGAIN, "late", "It took longer than it may");
    else if (!tg_files_keep(fetch->files, &fetch->file, name))
        end_unwritten(fetch);
    else
        end_kept(fetch);
}

static void came(struct fetch *fetch, const struct tg_http_answer *answer)
{
    char code[24];
    bool is_last = fetch->claimed.attempts >= TG_MEDIA_WRONG_MAX;
    if (answer->status != 200) {
        snprintf(code, sizeof code, "http:%d", answer->status);
        end(fetch, TG_MEDIA_AGAIN, code, "Meta does not hand out the file");
    } else if (!is_right(fetch)) {
        fetch->result.sha256[0] = '\0';
        end(fetch, is_last ? TG_MEDIA_FAILED : TG_MEDIA_AGAIN, "wrong_hash",
            "What came is not the file that Meta has told of");
    } else {
        keep(fetch);
    }
}

void fetch_go_on(struct fetch *fetch, const struct tg_http_answer *answer)
{
    if (fetch->step == FETCH_ENDED)
        return; // it has ended by itself, and so was broken off
    if (fetch->step == FETCH_PUTS) {
        put_answered(fetch, answer);
        return;
    }
    fetch->result.after_s =
        answer->retry_after_s < TG_RETRY_AFTER_MAX_S ? answer->retry_after_s : TG_RETRY_AFTER_MAX_S;
    if (answer->end != TG_HTTP_ANSWERED)
        end(fetch, TG_MEDIA_AGAIN, unasked_network(answer->end),
            "Meta could not be reached, or has not sent all of it in time");
    else if (fetch->step == FETCH_LOOKS)
        look_answered(fetch, answer);
    else
        came(fetch, answer);
}

void fetch_give_up(struct fetch *fetch)
{
    if (fetch->step != FETCH_ENDED)
        end(fetch, TG_MEDIA_BACK, "", "");
}

void fetch_forget(struct fetch *fetch, bool wanted)
{
    char name[TG_MEDIA_NAME_SIZE];
    write_name(fetch, name);
    if (!wanted && fetch->result.end == TG_MEDIA_KEPT && !fetch->bucket)
        (void)!tg_files_remove(fetch->files, name);
    tg_files_drop(fetch->files, &fetch->file);
    tg_sha256_drop(fetch->sum);
    fetch->sum = NULL;
    tg_media_place_finish(&fetch->where);
    tg_text_wipe(&fetch->claimed.access_token);
    tg_text_wipe(&fetch->token);
    fetch->step = FETCH_NONE;
}
