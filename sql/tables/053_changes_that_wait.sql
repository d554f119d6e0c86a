-- What tells that a contact has another number waits for its org's wallet.
COMMENT ON COLUMN inbound_item.is_new IS
    'It was not there before, and no earlier one of the batch is the same. Null: it is not taken up now, as somebody '
    'holds the wallet that it needs.';
