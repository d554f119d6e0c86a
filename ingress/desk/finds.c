#include "ingress/desk/finds.h"

#include <stddef.h>

const char *const campaign_states[] = {"draft", "scheduled", "running", "paused",
                                       "done",  "cancelled", "expired", NULL};
const char *const delivery_states[] = {"pending", "delivered", "failed", "erased", NULL};
const char *const endpoint_states[] = {"active", "disabled", NULL};
