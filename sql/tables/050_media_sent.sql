-- Files that orgs upload, and send: what each of them may hold, and where Meta has what was sent.

ALTER TABLE organizations
    ADD COLUMN media_quota_bytes bigint NOT NULL DEFAULT 10737418240
        CONSTRAINT organizations_media_quota_bytes CHECK (media_quota_bytes >= 0);
COMMENT ON COLUMN organizations.media_quota_bytes IS
    'So many bytes of files may be kept, of contacts and its own; 10 GiB unless an operator says otherwise.';

-- What is kept is counted from the first on.
LOCK TABLE media IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE media_held (
    org_id uuid PRIMARY KEY REFERENCES organizations (id),
    bytes  bigint NOT NULL CHECK (bytes >= 0)
);
COMMENT ON TABLE media_held IS 'How much each org has kept (state kept in media), by a trigger there; no row: nothing ever.';
COMMENT ON COLUMN media_held.bytes IS 'Of its files together.';
INSERT INTO media_held (org_id, bytes) SELECT m.org_id, sum(m.size) FROM media m WHERE m.state = 'kept' GROUP BY m.org_id;

CREATE TABLE media_at_meta (
    org_id          uuid NOT NULL,
    media_id        uuid NOT NULL,
    channel_id      uuid NOT NULL,
    phone_number_id text NOT NULL,
    meta_id         text NOT NULL CHECK (meta_id ~ '^[0-9]{1,32}$'),
    uploaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, media_id, channel_id),
    FOREIGN KEY (org_id, media_id) REFERENCES media (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
CREATE INDEX media_at_meta_old ON media_at_meta (uploaded_at);
COMMENT ON TABLE media_at_meta IS
    'Files that were uploaded to Meta to be sent, by each channel: Meta has them for 30 days, under an id of that number''s.';
COMMENT ON COLUMN media_at_meta.media_id IS 'The file here.';
COMMENT ON COLUMN media_at_meta.phone_number_id IS 'The channel''s number by then: another number has another id.';
COMMENT ON COLUMN media_at_meta.meta_id IS 'By which messages name it.';
COMMENT ON COLUMN media_at_meta.uploaded_at IS 'Since when Meta has it.';
