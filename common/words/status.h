// How a message stands: Tollgate's word for it, which SQL, streams, metrics and answers share.
#pragma once

enum tg_status {
    TG_STATUS_NONE, // none, or one that this version does not know
    TG_STATUS_SCHEDULED,
    TG_STATUS_HELD, // behind another one to the same contact
    TG_STATUS_QUEUED,
    TG_STATUS_SENDING,
    TG_STATUS_UNCONFIRMED,
    TG_STATUS_SENT,
    TG_STATUS_DELIVERED,
    TG_STATUS_READ,
    TG_STATUS_FAILED,
    TG_STATUS_RECEIVED, // an inbound message
    TG_STATUSES
};

// "scheduled", "held", ...; "" for none.
extern const char *const tg_status_names[TG_STATUSES];

// TG_STATUS_NONE for a name that is none of them.
enum tg_status tg_status_of(const char *name);
