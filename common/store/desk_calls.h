// For the files of common/store that describe calls of a desk's: what of the question (desk.h) each
// function is given.
#pragma once

#include "common/store/calls.h"
#include "common/store/desk.h"

#define ACTOR TEXT("p_actor", tg_desk_question, actor)
#define BODY JSON("p_body", tg_desk_question, body)
#define RIGHTS TEXT("p_rights", tg_desk_question, rights)
#define ORG UUID("p_org_id", tg_desk_question, org_id)
#define ORG_IF UUID_IF("p_org_id", tg_desk_question, org_id, has_org)
#define ID(name) UUID(name, tg_desk_question, id)
#define N(name) INT8(name, tg_desk_question, n)
#define NAME(name_) TEXT(name_, tg_desk_question, name)
#define FIND(i, name) TEXT(name, tg_desk_question, texts[i])
#define LIMIT INT8("p_limit", tg_desk_question, limit)
#define FOUND JSON("p_find", tg_desk_question, find)
#define MARK TEXT("p_before", tg_desk_question, mark)
#define PAGE INT8("p_before", tg_desk_question, before), LIMIT
#define PAGE_BY_ID UUID_IF("p_before_id", tg_desk_question, before_id, has_before_id), LIMIT

#define CHANGE(name_, ...)                                                                         \
    const struct tg_call tg_##name_ = {.name = #name_,                                             \
                                       .one = TG_FIELDS(ACTOR, __VA_ARGS__),                       \
                                       .out = TG_FIELDS(VALUE(#name_, JSON, struct tg_text))}
#define READ(name_, ...)                                                                           \
    const struct tg_call tg_##name_ = {.name = #name_,                                             \
                                       .one = TG_FIELDS(__VA_ARGS__),                              \
                                       .out = TG_FIELDS(VALUE(#name_, JSON, struct tg_text)),      \
                                       .only_reads = true}
#define PAGE_BY_MARK MARK, LIMIT
