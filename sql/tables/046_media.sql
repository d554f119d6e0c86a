-- Files that contacts have sent, kept for the orgs that ask for it: at Meta they live for seven days.

ALTER TABLE organizations
    ADD COLUMN keep_media boolean NOT NULL DEFAULT false,
    ADD COLUMN keep_media_for interval NOT NULL DEFAULT '30 days'
        CONSTRAINT organizations_keep_media_for CHECK (keep_media_for > '0'),
    ADD COLUMN keep_media_types text[]
        CONSTRAINT organizations_keep_media_types CHECK (
            keep_media_types <@ '{image,video,audio,voice,document,sticker}'::text[] AND cardinality(keep_media_types) > 0),
    ADD COLUMN keep_media_max_bytes bigint NOT NULL DEFAULT 104857600
        CONSTRAINT organizations_keep_media_max_bytes CHECK (keep_media_max_bytes BETWEEN 1 AND 104857600);
COMMENT ON COLUMN organizations.keep_media IS 'Files that contacts send are fetched from Meta, and kept.';
COMMENT ON COLUMN organizations.keep_media_for IS
    'For how long a file is kept; one of a message no longer than what the message says (keep_bodies_for).';
COMMENT ON COLUMN organizations.keep_media_types IS 'Those of messages of these types alone; null: of all.';
COMMENT ON COLUMN organizations.keep_media_max_bytes IS 'No file that is larger.';

CREATE TABLE media_store (
    is_it   boolean PRIMARY KEY DEFAULT true CHECK (is_it),
    id      uuid NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE media_store IS
    'Where files lie: the one directory, or bucket, that this id is written in. Each daemon that is to use it looks '
    'before; another one is refused.';
COMMENT ON COLUMN media_store.is_it IS 'There is one row.';
COMMENT ON COLUMN media_store.id IS 'What is written there.';
COMMENT ON COLUMN media_store.used_at IS 'Since when.';

CREATE TABLE media (
    org_id        uuid NOT NULL REFERENCES organizations (id),
    id            uuid NOT NULL,
    channel_id    uuid,
    message_id    uuid CHECK (message_id = id),
    meta_id       text CHECK (length(meta_id) <= 255),
    mime_type     text CHECK (length(mime_type) <= 255),
    filename      text CHECK (length(filename) <= 255),
    state         text NOT NULL CHECK (state IN ('waiting', 'kept', 'failed', 'gone')),
    size          bigint CHECK (size >= 0),
    sha256        text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    said_sha256   text CHECK (said_sha256 ~ '^[0-9a-f]{64}$'),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at       timestamptz NOT NULL,
    claim_id      uuid,
    file          text CHECK (length(file) <= 255),
    error_code    text CHECK (length(error_code) <= 64),
    error_message text CHECK (length(error_message) <= 500),
    created_at    timestamptz NOT NULL DEFAULT now(),
    kept_at       timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id),
    CHECK (state <> 'kept' OR file IS NOT NULL AND kept_at IS NOT NULL AND size IS NOT NULL)
);
COMMENT ON TABLE media IS
    'Files. That of a message has its id; it is fetched by a worker (core/media.sql), and lies in the store under `file`.';
COMMENT ON COLUMN media.channel_id IS 'Over which it came; null: the org has uploaded it.';
COMMENT ON COLUMN media.message_id IS 'The message that it came with; null: none.';
COMMENT ON COLUMN media.meta_id IS 'By which Meta gives it.';
COMMENT ON COLUMN media.mime_type IS 'As Meta says, or who has uploaded it.';
COMMENT ON COLUMN media.filename IS 'As whoever sent it calls it; null: it has no name.';
COMMENT ON COLUMN media.state IS
    'waiting: to be fetched. kept: it is there. failed: it could not be fetched, and will not be. gone: its time was over, '
    'its contact was erased, or somebody has deleted it.';
COMMENT ON COLUMN media.size IS 'In bytes; null: it was never there.';
COMMENT ON COLUMN media.sha256 IS 'Of what came, in hexadecimal.';
COMMENT ON COLUMN media.said_sha256 IS 'As Meta says; null: it does not. A file that has another one is not kept.';
COMMENT ON COLUMN media.attempts IS 'How often a worker has begun to fetch it.';
COMMENT ON COLUMN media.next_at IS
    'When it is fetched next, or (claimed) its worker counts as gone; of what is no longer kept, when its file is removed.';
COMMENT ON COLUMN media.claim_id IS 'Of the worker that fetches it; null: none does.';
COMMENT ON COLUMN media.file IS 'Under which name it lies, or may lie, in the store; null: it does not.';
COMMENT ON COLUMN media.error_code IS 'Why it could not be fetched, the last time; null: nothing is wrong.';
COMMENT ON COLUMN media.error_message IS 'The same for people.';
COMMENT ON COLUMN media.kept_at IS 'Since when it is there.';

CREATE UNIQUE INDEX media_of_message ON media (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX media_waiting ON media (org_id, next_at) WHERE state = 'waiting';
CREATE INDEX media_claimed ON media (org_id) WHERE claim_id IS NOT NULL;
CREATE INDEX media_kept ON media (org_id, kept_at) WHERE state = 'kept';
CREATE INDEX media_to_remove ON media (next_at) WHERE state IN ('failed', 'gone') AND file IS NOT NULL;
