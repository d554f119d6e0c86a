// Places where a test has a daemon end as by `kill -9`: TOLLGATE_STOP_POINT=name or name:N in the
// environment makes the process kill itself at the first, or at the Nth, passing of the point of
// that name. Only in builds with the CMake option TOLLGATE_STOP_POINTS; in all others a point is
// nothing at all.
//
//     after_accept        ingress: a batch is committed and none of it answered
//     after_accept_answer ingress: it is answered and its jobs are not handed on
//     after_claim         worker: messages are claimed and not handed on
//     after_body          worker: a request's whole body is handed to the kernel
//     after_answer        worker: Meta has answered, and nobody knows it yet
//     after_piece         worker: a campaign's piece is committed and none of its jobs published
//     before_ack          worker: a batch is settled and its jobs are not ended
//     deliveries_claimed  worker: deliveries are claimed and not posted
//     after_delivery      worker: an endpoint has answered, and nobody knows it yet
//     before_deliveries_settled  worker: what came of deliveries is gathered and not recorded
//     settle_sends, ...   either: that call of common/store is sent to PostgreSQL and not answered
#pragma once

#ifdef TOLLGATE_STOP_POINTS
#define TG_STOP_POINT(name) tg_stop_point(name)
#else
#define TG_STOP_POINT(name) ((void)(name))
#endif

// Any thread may pass a point.
void tg_stop_point(const char *name);
