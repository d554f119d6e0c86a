// A campaign is made: every recipient is judged as a send is, and those that could get the message
// are kept. What came is read from the disk a batch at a time, between which others have their
// turns in the pool.
#pragma once

#include "ingress/route/endpoint.h"

// The handler; its context is a struct sends (sends.h).
endpoint_on_database create_campaign;
