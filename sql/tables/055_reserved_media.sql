-- What is being fetched has its room in its org's quota before it comes.
ALTER TABLE media ADD COLUMN reserved bigint CHECK (reserved >= 0);
COMMENT ON COLUMN media.reserved IS
    'So many bytes the worker that fetches it may take (reserve_media), which nobody else gets meanwhile; null: it has not asked, or '
    'nobody fetches it.';
