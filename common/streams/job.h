// Jobs: entries of the stream "sends" that name messages; and the notices that something has come
// of one for which a request waits. Both only name it: what is true of it PostgreSQL tells.
// Threads, outages and repeats: see stream.h.
#pragma once

#include "common/base/uuid7.h"
#include "common/redis/stream_group.h"

extern const char tg_job_work[]; // the stream's kind of work, for tg_stream_create

// `ingress` names the one whose request waits for the result, "" if none does.
enum { TG_INGRESS_NAME_SIZE = 24 };
struct tg_job {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    char ingress[TG_INGRESS_NAME_SIZE];
    struct tg_entry entry; // set by reading
};

// Adds up to TG_BATCH_MAX jobs. Returns how many of them Redis took; the rest are the janitor's
// to find.
size_t tg_job_publish(struct tg_stream *stream, const struct tg_job *jobs, size_t n) TG_MUST_CHECK;

// Takes up to `max` new jobs (tg_stream_take), or jobs that their consumer has left lying
// (tg_stream_take_over).
int tg_job_take(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                int block_ms) TG_MUST_CHECK;
int tg_job_take_over(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                     int idle_ms) TG_MUST_CHECK;

// Ends up to TG_BATCH_MAX jobs, with a notice to each ingress that one of them names.
bool tg_job_end(struct tg_stream *stream, const struct tg_job *jobs, size_t n) TG_MUST_CHECK;

// Subscribes to the notices to an ingress; tg_stream_listen then hears them.
bool tg_job_subscribe(struct tg_stream *stream, const char *ingress) TG_MUST_CHECK;

// A worker has committed something, be it for whomever: a sign goes with each tg_job_end, and with
// each end of webhooks. Subscribes to them; tg_stream_listen then hears them, and they say nothing.
bool tg_job_subscribe_to_signs(struct tg_stream *stream) TG_MUST_CHECK;
extern const struct tg_notice tg_job_sign;

// Writes a notice, and reads one, of which no more than this need be known: one of the version
// before goes on with what has come of the message. False: it is none.
enum { TG_NOTICE_SIZE = 64 };
void tg_job_write_notice(struct tg_uuid message_id, char notice[static TG_NOTICE_SIZE]);
bool tg_job_read_notice(const char *notice, struct tg_uuid *message_id) TG_MUST_CHECK;
