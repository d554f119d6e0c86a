// Contacts of a file: every line is judged, and what can be kept is. The file is read from the disk
// a batch at a time, between which others have their turns in the pool.
#pragma once

#include "ingress/route/endpoint.h"

// The handler; its context is a struct sends (sends.h).
endpoint_on_database import_contacts;
