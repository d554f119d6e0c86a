#include "common/words/status.h"

#include <string.h>

const char *const tg_status_names[TG_STATUSES] = {
    [TG_STATUS_NONE] = "",
    [TG_STATUS_SCHEDULED] = "scheduled",
    [TG_STATUS_HELD] = "held",
    [TG_STATUS_QUEUED] = "queued",
    [TG_STATUS_SENDING] = "sending",
    [TG_STATUS_UNCONFIRMED] = "unconfirmed",
    [TG_STATUS_SENT] = "sent",
    [TG_STATUS_DELIVERED] = "delivered",
    [TG_STATUS_READ] = "read",
    [TG_STATUS_FAILED] = "failed",
    [TG_STATUS_RECEIVED] = "received",
};

enum tg_status tg_status_of(const char *name)
{
    enum tg_status status = TG_STATUSES - 1;
    while (status > TG_STATUS_NONE && strcmp(tg_status_names[status], name) != 0)
        status--;
    return status;
}
