// Every bound of Tollgate, with its reason. Times carry their unit at the end of the name.
#pragma once

enum {
    // Requests. A Cloud API message is a few KiB; the largest that Meta takes (an interactive list
    // with full texts) is under 64 KiB. Four times that leaves room for escapes.
    TG_SEND_BODY_MAX = 256 * 1024,
    // Parsed, an object takes up to 800 bytes however short it is, and any other value 100, so that
    // 256 KiB of {} would be 68 MB for each thread that reads requests. A body as long as this is
    // counted first; the largest of Meta's messages (257 contacts) has some 3,000 objects and
    // lists.
    TG_SEND_COUNTED_FROM = 8 * 1024,
    TG_SEND_OBJECTS_MAX = 10 * 1000,
    TG_SEND_VALUES_MAX = 50 * 1000,
    // Many in one request: so many that it is worth it, in few batches; with 4 KiB for each, or 16
    // of the largest. What stands beside the list is no more than an id.
    TG_BUNDLE_SENDS_MAX = 1000,
    TG_BUNDLE_BODY_MAX = 4 * 1024 * 1024,
    TG_BUNDLE_REST_MAX = 16 * 1024,
    // A file of contacts: a small office's whole address book, with 200 bytes for each; a record is
    // a few names. What is wrong is told of so many lines, or the answer would be as long as the
    // file.
    TG_IMPORT_BYTES_MAX = 10 * 1000 * 1000,
    TG_IMPORT_LINES_MAX = 50 * 1000,
    TG_IMPORT_LINE_MAX = 8 * 1024,
    TG_IMPORT_FAULTS_MAX = 100,
    // A campaign: so many recipients, with 320 bytes for each. What it says is written for each of
    // them and checked: four times as long as a template with full texts. What fills one
    // placeholder is no longer than Meta's longest text.
    TG_CAMPAIGN_RECIPIENTS_MAX = 100 * 1000,
    TG_CAMPAIGN_BYTES_MAX = 32 * 1000 * 1000,
    TG_CAMPAIGN_TEXT_MAX = 16 * 1024,
    TG_CAMPAIGN_PLACEHOLDERS_MAX = 64,
    TG_CAMPAIGN_FILL_MAX = 4096,
    // Recipients who were refused when their turn came are told for so long after a campaign's end.
    TG_CAMPAIGN_REFUSED_KEPT_S = 30 * 86400,
    // Campaigns that a worker looks at in one round.
    TG_CAMPAIGNS_DUE_MAX = 64,
    // A statement of the wallet: a busy shop's month, of 20 MB. It is written to disk in pages.
    TG_STATEMENT_ROWS_MAX = 200 * 1000,
    TG_STATEMENT_BYTES_MAX = 64 * 1000 * 1000,
    // Deeper JSON than any message Meta has; json-c's stack use stays small.
    TG_JSON_DEPTH_MAX = 32,
    // One page of a list, an item of which may have some KiB.
    TG_LIST_LIMIT_DEFAULT = 50,
    TG_LIST_LIMIT_MAX = 200,
    // And of account notices, each of which may have some KiB.
    TG_NOTICES_LIMIT_DEFAULT = 20,
    TG_NOTICES_LIMIT_MAX = 100,

    // Webhooks. Meta's bodies have up to 3 MB.
    TG_WEBHOOK_BODY_MAX = 3 * 1024 * 1024,
    // What one ingress holds of bodies, of all requests together: the largest body on every
    // connection would be 12 GiB. Sends, counted until they are accepted, and webhooks have budgets
    // of their own, which orgs and addresses share: one alone gets half. That is almost fifty
    // of the largest sends, and one bundle for an org.
    TG_BODIES_BYTES_MAX = 12 * 1024 * 1024,
    TG_WEBHOOK_BODIES_BYTES_MAX = 192 * 1024 * 1024,
    // From so much on, which bodies at their usual pace hardly come to, slow ones are not waited
    // for.
    TG_BODIES_SHORT_BYTES = 4 * 1024 * 1024,
    // So much of each body is outside of them, so that a usual one always has room: 16 MiB on all
    // connections.
    TG_BODY_FREE_BYTES = 4 * 1024,
    // Of a body that is announced so much gets its place at once; a larger one moves as it grows,
    // which costs nothing where it has pages of its own.
    TG_BODY_AT_ONCE = 64 * 1024 - 1,
    // Of answers that their clients have not taken, likewise; and what the kernel may hold of one,
    // in place of megabytes. Who takes theirs has it for milliseconds.
    TG_ANSWERS_BYTES_MAX = 8 * 1024 * 1024,
    TG_SEND_BUFFER_BYTES = 64 * 1024,
    // And of files, on its disk: twenty of the largest that Meta takes (100 MB).
    TG_FILES_BYTES_MAX = 2000 * 1000 * 1000,
    // A file counts as so much at the least, so that there are not thousands of them: 476.
    TG_FILE_LEAST_BYTES = 4 * 1024 * 1024,
    // A form that a person or a client library fills in has a few dozen fields.
    TG_FORM_FIELDS_MAX = 256,
    // Webhooks that wait for Redis: half of all connections, and of their bytes what leaves room to
    // read more from one address, such as a proxy's.
    TG_WEBHOOK_QUEUE_MAX = 2048,
    TG_WEBHOOK_QUEUE_BYTES_MAX = 64 * 1024 * 1024,
    // What goes into one pipeline: a batch of usual ones, or a few of the largest kind.
    TG_WEBHOOK_PIPELINE_BYTES = 8 * 1024 * 1024,
    // A partition with so many webhooks, or so many bytes, takes no more: a day's worth of a busy
    // gateway, whose webhooks have under 1 KiB each; and as much of Redis's memory for a few
    // hundred of the largest.
    TG_WEBHOOKS_PER_PARTITION_MAX = 1000 * 1000,
    TG_WEBHOOK_BYTES_PER_PARTITION_MAX = 1024 * 1024 * 1024,
    // Meta repeats what it has no answer to within minutes, and so does who plays it back: so long,
    // and so many (a minute's worth of a busy gateway, 2.5 MiB), an ingress knows what Redis has.
    TG_WEBHOOK_REMEMBERED_MS = 120 * 1000,
    TG_WEBHOOKS_REMEMBERED = 64 * 1024,

    // HTTP connections of one ingress. Each waiting request is a connection, so this bounds memory
    // too: 4,096 connections of 16 KiB each.
    TG_CONNECTIONS_MAX = 4096,
    TG_CONNECTION_MEMORY_BYTES = 16 * 1024,
    // Files that a daemon has open besides its connections: servers, logs, what is just closing.
    TG_FILES_BESIDES = 256,
    // And what the relay may have: bodies on disk, and connections to Meta (TG_RELAY_CALLS_MAX).
    TG_RELAY_FILES = TG_FILES_BYTES_MAX / TG_FILE_LEAST_BYTES + 128,
    // And who brings files into the store and from there to Meta: a file, and a connection
    // (TG_ERRANDS_MAX).
    TG_ERRAND_FILES = 2 * 64,
    // A client that sends nothing for so long is cut off.
    TG_CONNECTION_IDLE_S = 30,
    // How long a client may take as a whole: for a request's headers; for its body, behind a rate
    // of TG_BYTES_PER_MS (8 kB a second); for taking the answer, with what that would take at that
    // rate. If room for bodies is short, one that is behind has less time.
    TG_HEADERS_MS = 10000,
    TG_BODY_MS = 10000,
    TG_BODY_IN_NEED_MS = 1000,
    TG_ANSWER_MS = 30000,
    TG_BYTES_PER_MS = 8,
    // Connections that the kernel has made and we have not taken yet: a burst of them.
    TG_LISTEN_BACKLOG = 1024,

    // Lanes. A larger batch adds latency without adding throughput (measured: 256 is flat).
    TG_BATCH_MAX = 256,
    // What one lane holds waiting; at 5,000 accepts a second this is under a second of work. One
    // org alone may have half of it, so that with half of the waiters and of the pool's queue it
    // leaves connections to others.
    TG_LANE_QUEUE_MAX = 3072,
    // Jobs that wait for Redis: two seconds of work. What is more the janitor finds.
    TG_JOB_QUEUE_MAX = 8192,
    // How long a request may wait for PostgreSQL to come back before it is answered 503.
    TG_ACCEPT_DEADLINE_MS = 5000,

    // `Prefer: wait=N`: the longest N, and how many requests may wait at once: half of all
    // connections, so that others can still connect. Who finds no place is answered 202 at once.
    TG_WAIT_MAX_S = 30,
    TG_WAITERS_MAX = 2048,

    // `GET /api/events?wait=N`: the longest N, below what proxies give up after; and how many may
    // wait at once: an eighth of all connections.
    TG_FEED_WAIT_MAX_S = 25,
    TG_FEED_READERS_MAX = 512,

    // Sends whose clients have gone before they were told, and may repeat them by themselves: as
    // long as such clients go on trying, most of which give up within a minute; and so many (half a
    // minute of sends that time out all the same on a busy gateway, 512 KiB), of which an org has
    // its share.
    TG_REPEAT_REMEMBERED_MS = 60 * 1000,
    TG_REPEATS_REMEMBERED = 4096,

    // `send_at` may be so far ahead: a year and a day.
    TG_SEND_AT_MAX_S = 366 * 86400,

    // What waits longer than its not_after fails as expired. accept_sends knows the default too.
    TG_NOT_AFTER_DEFAULT_S = 86400,
    // Idempotency keys are kept a little longer than the day that is promised.
    TG_IDEMPOTENCY_KEPT_S = 25 * 3600,

    // Sessions and links of the console that have ended. An operator who hears of a stolen one
    // weeks later still sees who was in; that it was there stays in the audit log.
    TG_SESSIONS_KEPT_S = 30 * 86400,

    // What goes to the database outside a lane: reads, cancelling, how messages stand.
    TG_POOL_QUEUE_MAX = 1024,
    TG_POOL_THREADS = 2,
    // Requests that wait for a look-up of their API key: those whose key was known before, half of
    // all connections; and strangers, who share one connection to PostgreSQL.
    TG_KEY_ASKERS_MAX = 2048,
    TG_STRANGERS_MAX = 1024,
    // Of these so many are looked up at once: a question to PostgreSQL costs as much as twenty keys
    // in it.
    TG_LOOK_UPS_AT_ONCE = 64,
    // How often somebody may call (ingress/who/rates.h): a second's calls may come at once, or what
    // a browser does when it opens a page would be too much; and so many parties are told apart for
    // each kind of rate, in 100 KiB.
    TG_RATE_BURST_S = 2,
    TG_RATES_REMEMBERED = 4096,
    TG_RATE_MAX = 1000 * 1000,
    // Keys that are remembered as unknown: what is tried again and again costs one query in so
    // long, and a new key that was tried too early works after it.
    TG_UNKNOWN_KEYS = 1024,
    TG_UNKNOWN_KEY_TTL_MS = 2000,
    // API keys are remembered so that a send costs no query for its key; the direct-mapped cache
    // bounds the memory. So often is asked which have changed, so that a revoked one dies within a
    // second; should nobody answer that, it dies within the time that it is remembered.
    TG_KEY_CACHE_ENTRIES = 16384,
    TG_KEY_CACHE_TTL_MS = 10000,
    TG_CALLERS_LOOK_MS = 300,
    // When a key was used last is told to the minute, of all keys that were, so often.
    TG_KEY_NOTED_MS = 60 * 1000,
    TG_CALLERS_NOTE_MS = 2000,
    // JWTs: how far the issuer's clock may be from ours. Issuers publish two or three keys, and
    // their ids have up to 64 characters. Who names one that is not known has them read again, but
    // not more often than once in so long; and they are read when they are old, as one may have
    // been taken back.
    TG_JWT_LEEWAY_S = 60,
    TG_JWKS_KEYS_MAX = 32,
    TG_JWKS_BYTES_MAX = 64 * 1024,
    TG_JWKS_READ_MS = 60 * 1000,
    TG_JWKS_FRESH_MS = 600 * 1000,
    TG_JWKS_TIMEOUT_MS = 5000,
    TG_JWT_ASKERS_MAX = 512, // who wait for that
    // Orgs' default countries likewise, for sends to numbers without "+". Who finds one that is old
    // asks anew; meanwhile the others go by it.
    TG_HOME_CACHE_ENTRIES = 16384,
    TG_HOME_CACHE_TTL_MS = 10000,
    TG_HOME_ASKED_MS = 2000,

    // The relay. Calls in hand at once, each of which has its client's connection, one to Meta and
    // some 100 KiB; what one org may have of them, and of all below, tg_shares says.
    TG_RELAY_CALLS_MAX = 128,
    // A template with full texts and examples has some 10 KiB.
    TG_RELAY_BODY_MAX = 64 * 1024,
    // A list of 250 templates has some 500 KiB. Answers are held until they are whole, since what
    // stands in them changes; and all of them together.
    TG_RELAY_ANSWER_MAX = 1024 * 1024,
    TG_RELAY_ANSWERS_BYTES_MAX = 8 * 1024 * 1024,
    // What is read of a file, or of a connection, at a time.
    TG_RELAY_BUFFER_BYTES = 32 * 1024,
    // Media has up to 100 MB, by whichever count; with what a form has around it.
    TG_MEDIA_MAX = 100 * 1024 * 1024,
    TG_UPLOAD_MAX = TG_MEDIA_MAX + 64 * 1024,
    // Meta's addresses of media have some 200 characters; and of so many is remembered what Meta
    // has
    // said, in under 1 MiB as they are.
    TG_MEDIA_URL_MAX = 2048,
    TG_MEDIA_PLACES = 1024,
    // What moves has longer than TOLLGATE_GRAPH_TIMEOUT_MS by what it would take at so many bytes a
    // millisecond.
    TG_RELAY_BYTES_PER_MS = 256,
    // How often is looked for clients that have left; and how long calls may take that are at Meta
    // when ingress is to stop.
    TG_RELAY_LOOK_MS = 250,
    TG_RELAY_DRAIN_MS = 3000,

    // Files that a worker of the role media fetches at once, each with a connection to Meta, one
    // of whose buffers (TG_RELAY_BUFFER_BYTES) is all that is in memory of it; and what all
    // workers fetch of one org's.
    TG_MEDIA_FETCHES_MAX = 16,
    TG_MEDIA_FETCHES_PER_ORG = 4,
    // Whoever fetches one has done so by then: the largest at TG_RELAY_BYTES_PER_MS takes 410 s, as
    // long again into a bucket, and each of three answers may take 120 s to begin.
    TG_MEDIA_LEASE_S = 1800,
    // Files of a bucket that an ingress fetches for clients at once.
    TG_MEDIA_READS_MAX = 32,
    // Requests of which an ingress puts a file into the store, or takes one from there to Meta, at
    // once: each has some 100 KiB, a connection, and up to two files open.
    TG_ERRANDS_MAX = 64,
    // Kept files that one request sends, over one number each: a carousel has ten.
    TG_LOANS_MAX = 32,
    // How far ahead a kept file may be sent: Meta has what was uploaded for 30 days
    // (media_at_meta_for
    // in sql/core/media.sql counts on 29), and what leaves last may wait for a day.
    TG_LOAN_AHEAD_S = 29 * 86400,
    // Another one than Meta says it is: so often it is fetched anew.
    TG_MEDIA_WRONG_MAX = 3,

    // Worker. Claimed messages on their way to the thread that posts them, each of which has its
    // place there already: one batch is enough.
    TG_DISPATCH_QUEUE_MAX = 256,
    // Meta's answer is a few hundred bytes; anything past this is no answer of Meta's.
    TG_META_ANSWER_MAX = 64 * 1024,
    // A lost SYN is sent again after 1 and after 3 s (RFC 6298), and what takes longer would leave
    // too late (TG_SENDING_GRACE_MS).
    TG_META_CONNECT_TIMEOUT_MS = 5000,
    // A connection to Meta on which nothing is acknowledged for so long is dead: TCP_USER_TIMEOUT
    // (tcp(7), RFC 5482). A lost packet is sent again within a second or two, several times by
    // then; and it is well before TOLLGATE_GRAPH_TIMEOUT_MS as it stands.
    TG_META_SILENCE_MS = 12000,
    // The longest Retry-After that is heeded; the steps of our own backoff end there too.
    TG_RETRY_AFTER_MAX_S = 900,
    // How long an XREADGROUP waits when there is nothing to read.
    TG_STREAM_BLOCK_MS = 500,
    // A job that its worker has had for so long is taken over: claiming takes milliseconds, and if
    // its message is claimed already, the job has done its work.
    TG_JOB_TAKEOVER_MS = 5000,
    // A message that has been `sending` for longer than Meta may take to answer, and this much
    // longer, counts as abandoned by its worker: unconfirmed. Its first byte may not leave later
    // than this after the claim, or it would leave when it counts as abandoned.
    TG_SENDING_GRACE_MS = 10000,
    // No request is begun later than this after the claim: the message is given back, since others
    // may soon count it as abandoned. The rest of TG_SENDING_GRACE_MS is for connecting.
    TG_CLAIM_FRESH_MS = 5000,
    // Messages that one worker may have in hand: what TOLLGATE_SEND_CONCURRENCY may be at the most.
    // Each holds a payload and, at Meta, a connection.
    TG_SEND_CONCURRENCY_MAX = 2048,
    // An entry that was given away so often without being done may be what ends its workers: it is
    // given away alone from then on. Once may be any worker's end, such as an update.
    TG_DELIVERIES_SUSPECT = 2,
    // An entry that has been given to more workers than this without being done kills them: poison.
    TG_DELIVERIES_MAX = 5,
    // Consumers without anything pending that have not asked for so long are gone.
    TG_CONSUMER_GONE_MS = 600 * 1000,
    // Once asked to stop, how long requests that are under way at Meta may take.
    TG_DRAIN_MS = 8000,

    // Looks at numbers (worker/upkeep/numbers.c): so many at once, and each second, of all workers
    // together. That is 14,400 in an hour, in which Meta takes 200 calls of an account's, and
    // nothing that a send would notice.
    TG_CHANNEL_LOOKS_MAX = 4,
    // No number is asked about twice within that, whatever becomes of it: a new token, notices,
    // suspending and resuming.
    TG_CHANNEL_LOOK_LEAST_S = 60,
    // Meta answers within one or two; those that are slow hold up no others for longer.
    TG_CHANNEL_LOOK_TIMEOUT_MS = 10 * 1000,

    // Looks at the templates of accounts (worker/upkeep/templates.c): so many accounts at once,
    // each page after page. A usual account has a page or two.
    TG_TEMPLATE_LOOKS_MAX = 4,
    // No account is asked about twice within that, whatever becomes of it.
    TG_TEMPLATE_LOOK_LEAST_S = 60,
    // Of a page: so many templates, and bytes. One of ten cards has some 20 KiB.
    TG_TEMPLATE_PAGE_MAX = 50,
    TG_TEMPLATE_ANSWER_MAX = 2 * 1024 * 1024,
    // Meta lets an account have 6,000. What has more is none of Meta's, or goes round in a circle.
    TG_TEMPLATES_MAX = 10000,
    // For all pages of an account, which is a fraction of its lease.
    TG_TEMPLATE_LOOK_MS = 5 * 60 * 1000,

    // Inbound. Webhooks that a worker takes at once, and the bytes that they should have: a usual
    // body is under 1 KiB. It begins with as many as might be of the largest, and doubles that
    // while they are small.
    TG_INBOUND_WEBHOOKS_MAX = 256,
    TG_INBOUND_BYTES = 32 * 1024 * 1024,
    // Meta's batches have up to 1,000 updates, and a chunk of history has thousands of messages, of
    // 150 bytes and more. A body with more items than this is none of Meta's.
    TG_WEBHOOK_ITEMS_MAX = 20000,
    // Objects and lists of a body. Parsed, each takes up to 800 bytes however short it is, so that
    // 3 MB of {} would be 760 MB; the densest of Meta's own bodies has one in 40 bytes, or 75,000.
    TG_WEBHOOK_OBJECTS_MAX = 100 * 1000,
    // And values, names of members included, of up to 100 bytes each: the densest of Meta's has one
    // in 11 bytes. 3 MB of 1,1,1 would be 1,500,000.
    TG_WEBHOOK_VALUES_MAX = 500 * 1000,
    // Memory of the bodies that are parsed at the same time: no more is read before these are
    // applied. A usual one takes some 20 KiB, and even 256 that are as dense as can be within 1 KiB
    // take less.
    TG_INBOUND_MEMORY = 128 * 1024 * 1024,
    // Dead letters that one transaction records, unless it is a single one: PostgreSQL takes a
    // second for so many. A usual one is under 1 KiB, a batch of them under 256 KiB.
    TG_DEAD_LETTERS_BYTES = 8 * 1024 * 1024,
    // Changes that are handed to PostgreSQL at once to be told of, unless it is a single one, as
    // long
    // as a body may be: beside the bodies that are parsed this is little.
    TG_CHANGES_BYTES = 8 * 1024 * 1024,
    // A webhook that its worker has had for so long is taken over: applying a batch takes
    // milliseconds, and applying twice is harmless.
    TG_WEBHOOK_TAKEOVER_MS = 5000,
    // So often a status is tried whose message is not known; after that it is none of ours.
    // record_dead_letters knows the times between: 1, 2, 4 and 8 s.
    TG_STATUS_TRIES_MAX = 5,
    // How often an inbound worker looks for webhooks left lying and for dead ones to try again.
    TG_INBOUND_LOOK_MS = 500,

    // Automation rules: of one org, and orgs whose compiled rules a worker keeps. 2,000 rules take
    // about 1 MiB; a worker answers for few orgs at a time.
    TG_RULES_MAX = 500,
    TG_RULE_CACHE_ORGS = 256,
    TG_RULE_COOLDOWN_MAX_S = 366 * 86400, // as the table automation_rules has it
    // What is longer is a sentence, and no word that opts out or in. Lists of an org's words, of up
    // to 200, that a worker remembers; most orgs have one list.
    TG_WORD_BYTES_MAX = 256,
    TG_WORDS_CACHE = 256,
    // Of a profile name in a reply. WhatsApp lets a name have 25; a header of Meta's has 60.
    TG_REPLY_NAME_MAX = 60,
    // Rules that a worker checks in one transaction, and faults of rules that it holds until their
    // orgs are told: what is more comes next.
    TG_RULES_CHECKED_MAX = 64,
    TG_RULE_FAULTS_MAX = 64,
    // How much of a text a pattern sees, and PCRE2's bounds on what one match may cost (a few
    // milliseconds).
    TG_RULE_TEXT_MAX = 8192,
    TG_RULE_MATCH_LIMIT = 100 * 1000,
    TG_RULE_DEPTH_LIMIT = 1000,
    // Of a message that rules are only tried with: the longest text that a customer can write, and
    // so long a thread of an ingress's pool compares it with rules before it gives up.
    TG_TRY_TEXT_MAX = 4 * 4096,
    TG_TRY_MS = 1000,

    // Telling tenants. An endpoint's address: what servers take of one without further ado.
    TG_ENDPOINT_URL_MAX = 2048,
    // What it answers is read so far and then broken off; the beginning is kept, for its owners.
    TG_ENDPOINT_ANSWER_MAX = 64 * 1024,
    TG_ENDPOINT_ANSWER_KEPT = 1024,
    // It has so long to take the connection, and for all of it.
    TG_ENDPOINT_CONNECT_TIMEOUT_MS = 10 * 1000,
    TG_ENDPOINT_TIMEOUT_MS = 15 * 1000,
    // Of a worker: requests to endpoints, from their claim until what came of them is recorded;
    // each has its connection. One endpoint has a few of them (worker/notify/rooms.h).
    TG_NOTIFY_CALLS_MAX = 1024,
    // And where open files are few; of those that are for what comes besides.
    TG_NOTIFY_CALLS_LEAST = 64,
    // What is claimed at once.
    TG_NOTIFY_CLAIMS_MAX = 256,
    // Of what Meta has posted each so many bytes take a place, up to so many places: a body has up
    // to 3 MB, of which a worker has 32 at once then, and where open files are few, two.
    TG_NOTIFY_PLACE_BYTES = 16 * 1024,
    TG_NOTIFY_PLACES_MOST = 32,
    // Endpoints of which a worker remembers how they took what came, in 200 KiB.
    TG_NOTIFY_ENDPOINTS_MAX = 4096,
    // A worker that is gone keeps deliveries for so long: longer than any request takes, and being
    // recorded.
    TG_NOTIFY_LEASE_S = 60,
    // Once asked to stop, how long requests that are under way may take.
    TG_NOTIFY_DRAIN_MS = 5000,

    // PostgreSQL and Redis. Both are near: what takes seconds is a lost packet, a lock or a disk
    // that stands still.
    TG_PG_CONNECT_TIMEOUT_S = 3,
    TG_PG_STATEMENT_TIMEOUT_MS = 10000,
    // PostgreSQL itself ends a statement that takes longer than that. If it says nothing for so
    // long, it hangs (its disk, or all of its machine) or nothing of it arrives; the difference is
    // for the way of the answer and for a slow disk at COMMIT, which no statement timeout ends.
    TG_PG_ANSWER_TIMEOUT_MS = TG_PG_STATEMENT_TIMEOUT_MS + 2000,
    TG_PG_LOCK_TIMEOUT_MS = 5000,
    // How soon PostgreSQL notices that who asked is dead, and claims nothing for it any more.
    TG_PG_CLIENT_CHECK_MS = 1000,
    TG_REDIS_CONNECT_TIMEOUT_MS = 2000,
    TG_REDIS_COMMAND_TIMEOUT_MS = 3000, // above TG_STREAM_BLOCK_MS
    // Between attempts to reach a server that is away.
    TG_RECONNECT_MS = 250,

    // Of a file of settings: all of them, at length, are a tenth of that.
    TG_SETTINGS_FILE_BYTES = 64 * 1024,
    // A certificate's file: a chain of four has some 8 KiB; and how many it may have.
    TG_TLS_FILE_BYTES = 64 * 1024,
    TG_TLS_CHAIN_MAX = 8,
    // Old and new secrets while they are exchanged, and room for mistakes.
    TG_SECRETS_MAX = 8,
    // Keys under which tokens are sealed, likewise; and their file, with comments.
    TG_TOKEN_KEYS_MAX = 8,
    TG_TOKEN_KEYS_BYTES = 4 * 1024,
    // The admin listener: Prometheus, a service manager's probes and a few persons; and of ingress
    // operators' programs, too.
    TG_HEALTH_CONNECTIONS_MAX = 32,
    TG_ADMIN_CONNECTIONS_MAX = 64,
    TG_ADMIN_BACKLOG = 64,
    // What operators ask for: each waits for the database, and another request comes for each only
    // after the answer.
    TG_ADMIN_POOL_THREADS = 2,
    TG_ADMIN_QUEUE_MAX = 64,
    TG_ADMIN_BODY_MAX = 64 * 1024,
    // Of a rule's reply in one: the largest of Meta's messages with full texts, and room.
    TG_ADMIN_REPLY_MAX = 48 * 1024,
    TG_HEALTH_CONNECTION_MEMORY_BYTES = 8 * 1024,
    TG_HEALTH_IDLE_S = 10,
    TG_HEALTH_BACKLOG = 16,
    // Values of one metric's label: error_rules has about 100 outcomes. What comes after them is
    // counted as "other".
    TG_METRIC_LABELS_MAX = 128,
    // Endpoints whose durations are told apart, and values of a figure: reasons, outcomes.
    TG_METRIC_SERIES_MAX = 256,
    TG_FIGURE_VALUES_MAX = 64,
    // How often one kind of refusal of Redis's is logged.
    TG_REFUSAL_LOG_INTERVAL_MS = 10000,
    // How often one kind of thing is logged that others can cause again and again, and how many
    // kinds are told apart; how often is looked for what was not logged since.
    TG_LOG_RARELY_MS = 60 * 1000,
    TG_LOG_KINDS_MAX = 128,
    TG_LOG_LOOK_S = 5,
    // Each worker reads all of them in one command, and the lost jobs of each are looked for.
    TG_PARTITIONS_MAX = 64,
    // A line leaves in one write, of which a pipe takes 4,096 bytes in one piece (PIPE_BUF).
    TG_LOG_LINE_MAX = 2048,
};
