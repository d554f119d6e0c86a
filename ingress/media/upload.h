// A file of an org's own on its way into the store: it comes to disk as a body, is judged there,
// and is put into the directory or the bucket.
#pragma once

#include "ingress/media/errands.h"
#include "ingress/route/endpoint.h"

// POST /api/media, whose body has come. Answers it. The errands are borrowed.
void upload_take(struct errands *errands, struct request *request, const struct identity *caller);
