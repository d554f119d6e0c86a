COMMENT ON COLUMN endpoints.recover_from IS
    'What was given up is tried again, from this event on, and what waits for another attempt is due now; ffffffff-...: of '
    'these two only the latter (behind_all_events). Null: neither, or it is done.';
