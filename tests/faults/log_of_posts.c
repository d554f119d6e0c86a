#include "tests/faults/log_of_posts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_text(char *to, size_t size, struct json_object *json, const char *pointer)
{
    snprintf(to, size, "%s", json_text(json, pointer));
}

static struct post read_post(struct json_object *json)
{
    const char *code = json_text(json, "/code");
    struct post post = {.number = strtol(json_text(json, "/number"), NULL, 10),
                        .taken = strcmp(json_text(json, "/taken"), "true") == 0,
                        .http = (int)strtol(json_text(json, "/http"), NULL, 10),
                        .code = *code ? (int)strtol(code, NULL, 10) : -1};
    copy_text(post.message, sizeof post.message, json, "/message");
    copy_text(post.recipient, sizeof post.recipient, json, "/recipient");
    copy_text(post.phone_number_id, sizeof post.phone_number_id, json, "/phone_number_id");
    return post;
}

static int compare(const void *a, const void *b)
{
    const struct post *left = a;
    const struct post *right = b;
    int order = strcmp(left->message, right->message);
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

struct post *read_posts(struct simulator *simulator, size_t *n)
{
    struct post *posts = NULL;
    size_t count = 0;
    for (;;) {
        struct answer page = ask(simulator->http, .path = text_of("/_sim/log?after=%zu", count));
        struct json_object *list = NULL;
        cr_assert(page.status == 200 && json_pointer_get(page.json, "/posts", &list) == 0);
        size_t more = json_object_array_length(list);
        struct post *grown = realloc(posts, (count + more + 1) * sizeof *posts);
        cr_assert(grown);
        posts = grown;
        for (size_t i = 0; i < more; i++)
            posts[count++] = read_post(json_object_array_get_idx(list, i));
        json_object_put(page.json);
        if (more == 0)
            break;
    }
    qsort(posts, count, sizeof *posts, compare);
    *n = count;
    return posts;
}

const struct post *posts_of(const struct post *posts, size_t count, const char *message, size_t *n)
{
    size_t low = 0;
    for (size_t high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(posts[middle].message, message) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *n = 0;
    while (low + *n < count && strcmp(posts[low + *n].message, message) == 0)
        (*n)++;
    return posts + low;
}

long last_post(struct simulator *simulator)
{
    size_t n = 0;
    long last = 0;
    struct post *posts = read_posts(simulator, &n);
    for (size_t i = 0; i < n; i++)
        last = posts[i].number > last ? posts[i].number : last;
    free(posts);
    return last;
}

long messages_begun(struct simulator *simulator, const char *phone_number_id, long after)
{
    size_t n = 0;
    long begun = 0;
    struct post *posts = read_posts(simulator, &n);
    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || strcmp(posts[i].message, posts[i - 1].message) != 0;
        begun += first && posts[i].number > after &&
                 strcmp(posts[i].phone_number_id, phone_number_id) == 0;
    }
    free(posts);
    return begun;
}

bool post_is_refused(const struct post *post)
{
    // Without a code of Meta's: a hop on the way that says the request is to blame.
    bool is_hop = post->http >= 400 && post->http < 500;
    return !post->taken && post->http != 0 && (post->code >= 0 || is_hop);
}
