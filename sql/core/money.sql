-- Money: an org's balance is what the newest row of its ledger says, so I1 holds by how it is written down.
--
-- Who moves it holds a lock on the org's row of wallet_locks, taken by one statement and made use of by the
-- next: a statement that does both sees the ledger as it was before it waited. A lock leaves no version of its
-- row behind, and the ledger is read from the right end of its index: so neither costs more while somebody
-- holds a snapshot for hours and nothing can be vacuumed.

-- What comes with an org.
CREATE OR REPLACE FUNCTION open_wallet() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO wallet_locks (org_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

-- Locks the wallets of these orgs, in the order in which everybody does.
CREATE OR REPLACE FUNCTION lock_wallets(p_org_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM wallet_locks l WHERE l.org_id = ANY (p_org_ids) ORDER BY l.org_id FOR NO KEY UPDATE;
END $$;

-- The same for who has others to serve: wallets that somebody holds for long are not waited for.
CREATE OR REPLACE FUNCTION lock_wallets_soon(p_org_ids uuid[]) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '250ms' AS $$
BEGIN
    PERFORM lock_wallets(p_org_ids);
END $$;

-- The same for who can leave some for later: returns the orgs whose wallets were to be had, all of them at once
-- within p_patience, or else each.
CREATE OR REPLACE FUNCTION lock_free_wallets(p_org_ids uuid[], p_patience text DEFAULT '250ms') RETURNS uuid[]
LANGUAGE plpgsql SET lock_timeout = '250ms' AS $$
BEGIN
    PERFORM set_config('lock_timeout', p_patience, true); -- to the end of this function
    PERFORM lock_wallets(p_org_ids);
    RETURN p_org_ids;
EXCEPTION WHEN lock_not_available THEN
    RETURN ARRAY(SELECT l.org_id FROM wallet_locks l WHERE l.org_id = ANY (p_org_ids) ORDER BY l.org_id
                    FOR NO KEY UPDATE SKIP LOCKED);
END $$;

-- book: the only writer of the ledger (tests/lint). Books these amounts, of at most four decimals, in the order
-- given, and returns the balance after each; NULL, and nothing, for an amount that is NULL or 0. Below zero for
-- what is taken: the caller has locked the wallets and seen that the balance carries it. Kinds and descriptions:
-- one for each, or one for all. Messages: NULL where it is about none.
--
-- Whoever should not hold the lock, or keeps his snapshot (REPEATABLE READ) so that the newest row that he sees is
-- an old one, finds the next n taken: the key refuses it.
CREATE OR REPLACE FUNCTION book(p_org_ids uuid[], p_kinds text[], p_amounts numeric[], p_message_ids uuid[],
                                p_descriptions text[], OUT balances numeric[])
LANGUAGE plpgsql AS $$
BEGIN
    -- Each ledger is looked up once, for the first amount of its org: the others go on from there.
    WITH item AS (
        SELECT u.*, count(nullif(u.amount, 0)) OVER (PARTITION BY u.org_id ORDER BY u.at) AS place
          FROM unnest(p_org_ids, p_kinds, p_amounts, p_message_ids, p_descriptions) WITH ORDINALITY
               AS u (org_id, kind, amount, message_id, description, at)
    ), entry AS (
        SELECT i.*, coalesce(max(l.n) OVER org, 0) + i.place AS n,
               sum(coalesce(l.balance_after, 0.0000) + i.amount) OVER org AS balance_after
          FROM item i
          LEFT JOIN LATERAL (
               SELECT t.n, t.balance_after FROM wallet_transactions t
                WHERE i.place = 1 AND i.amount <> 0 AND t.org_id = i.org_id
                ORDER BY t.n DESC LIMIT 1) l ON true
        WINDOW org AS (PARTITION BY i.org_id ORDER BY i.at)
    ), booked AS (
        INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id, description)
        SELECT e.org_id, e.n, CASE cardinality(p_kinds) WHEN 1 THEN p_kinds[1] ELSE e.kind END, e.amount,
               e.balance_after, e.message_id,
               CASE cardinality(p_descriptions) WHEN 1 THEN p_descriptions[1] ELSE e.description END
          FROM entry e WHERE e.amount <> 0
    )
    SELECT array_agg(CASE WHEN e.amount <> 0 THEN e.balance_after END ORDER BY e.at) INTO balances FROM entry e;
END $$;

-- An amount of money to move, if it is one: positive, not NaN, no more than four decimals.
CREATE OR REPLACE FUNCTION check_amount(p_amount numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_amount IS NULL OR p_amount = 'NaN' OR p_amount <= 0 OR p_amount <> round(p_amount, 4) THEN
        RAISE invalid_parameter_value
            USING MESSAGE = 'amount must be above zero and have at most four decimals';
    END IF;
    RETURN p_amount;
END $$;

-- was_booked: has this reference counted before? The caller has locked the wallet. What else has had it, of
-- whichever org, is an error.
CREATE OR REPLACE FUNCTION was_booked(p_reference text, p_org_id uuid, p_kind text, p_amount numeric)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_first wallet_transactions;
BEGIN
    IF length(p_reference) NOT BETWEEN 1 AND 255 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a reference has 1 to 255 characters';
    END IF;
    SELECT t.* INTO v_first
      FROM bookings b JOIN wallet_transactions t ON t.org_id = b.org_id AND t.n = b.n
     WHERE b.reference = p_reference;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF (v_first.org_id, v_first.kind, v_first.amount) <> (p_org_id, p_kind, p_amount) THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('reference %s stands for a %s of %s of org %s', p_reference, v_first.kind,
                                   v_first.amount, v_first.org_id);
    END IF;
    RAISE NOTICE 'reference % was booked on %: nothing is changed', p_reference, v_first.created_at;
    RETURN true;
END $$;

-- Why this amount cannot be booked by hand onto that balance; nothing, if it can.
--
-- What is paid in leaves half of what the ledger can write for refunds: so a wallet that was spent and filled up
-- again takes back all that was spent.
CREATE OR REPLACE FUNCTION check_booking(p_balance numeric, p_kind text, p_amount numeric) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_paid_in_max CONSTANT numeric := 5000000000;
BEGIN
    IF p_amount IS NULL OR p_amount = 0 OR p_amount <> round(p_amount, 4)
       OR p_kind <> 'adjustment' AND (p_amount > 0) <> (p_kind IN ('recharge', 'refund')) THEN
        RAISE invalid_parameter_value USING MESSAGE = format('%s is no amount of a %s', p_amount, p_kind);
    ELSIF p_balance + p_amount < 0 THEN
        RAISE check_violation
            USING MESSAGE = format('the balance is %s, which does not carry %s', p_balance, p_amount);
    ELSIF p_amount > 0 AND p_kind <> 'refund' AND p_balance + p_amount >= c_paid_in_max THEN
        RAISE numeric_value_out_of_range
            USING MESSAGE = format('a wallet is filled up to less than %s, and this one has %s', c_paid_in_max,
                                   p_balance),
                  HINT = 'What is above that is room for refunds.';
    END IF;
END $$;

-- Books one amount that is about no message, for whoever is connected; returns the new balance. What a reference
-- stands for is booked once. For callers of any isolation: who may try again is told so.
CREATE OR REPLACE FUNCTION book_alone(p_org_id uuid, p_kind text, p_amount numeric, p_description text,
                                      p_reference text DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_balance numeric;
BEGIN
    PERFORM lock_wallets(ARRAY[p_org_id]);
    SELECT w.balance INTO v_balance FROM wallets w WHERE w.org_id = p_org_id;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('org %s has no wallet', p_org_id);
    ELSIF p_reference IS NOT NULL AND was_booked(p_reference, p_org_id, p_kind, p_amount) THEN
        RETURN v_balance;
    END IF;
    PERFORM check_booking(v_balance, p_kind, p_amount);
    v_balance := (book(ARRAY[p_org_id], ARRAY[p_kind], ARRAY[p_amount], NULL, ARRAY[p_description]))[1];
    INSERT INTO bookings (org_id, n, actor, reference)
    SELECT t.org_id, t.n, current_actor(), p_reference FROM wallet_transactions t
     WHERE t.org_id = p_org_id ORDER BY t.n DESC LIMIT 1;
    PERFORM tell_of_booking(p_org_id, p_kind, p_amount, v_balance);
    RETURN v_balance;
EXCEPTION WHEN unique_violation THEN
    RAISE serialization_failure
        USING MESSAGE = format('the ledger of org %s has moved on since this transaction began, or another org''s '
                               'booking has just got the reference', p_org_id);
END $$;

-- wallet_event: what is told of a wallet.
CREATE OR REPLACE FUNCTION wallet_event(p_org_id uuid, p_balance numeric, p_more jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('balance', money_text(p_balance), 'currency', o.currency) || p_more
      FROM organizations o WHERE o.id = p_org_id;
$$;

-- tell_of_booking: an org that asks is told what was paid in; and after that of a low and of an empty wallet again. What
-- is taken by hand may leave it low.
CREATE OR REPLACE FUNCTION tell_of_booking(p_org_id uuid, p_kind text, p_amount numeric, p_balance numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_amount > 0 THEN
        UPDATE event_wishes w SET low_told_at = NULL, empty_told_at = NULL
         WHERE w.org_id = p_org_id AND (w.low_told_at IS NOT NULL OR w.empty_told_at IS NOT NULL);
    END IF;
    IF p_kind = 'recharge' THEN
        PERFORM tell_event(p_org_id, 'wallet.recharged', NULL,
                           wallet_event(p_org_id, p_balance, jsonb_build_object('amount', money_text(p_amount))));
    END IF;
    PERFORM watch_wallets(ARRAY[p_org_id]);
END $$;

-- tell_of_reversals: orgs that ask are told that the fees of these messages of theirs were taken again.
CREATE OR REPLACE FUNCTION tell_of_reversals(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids)) THEN
        PERFORM tell_events(array_agg(t.org_id ORDER BY t.n), '{wallet.refund_reversed}', NULL, NULL,
                            array_agg(t.message_id ORDER BY t.n),
                            array_agg(wallet_event(t.org_id, t.balance_after, jsonb_build_object(
                                          'amount', money_text(t.amount), 'message_id', t.message_id)) ORDER BY t.n))
           FROM wallet_transactions t
          WHERE t.message_id = ANY (p_message_ids) AND t.kind = 'refund_reversal' AND t.org_id = ANY (p_org_ids);
    END IF;
END $$;

-- watch_wallets: tells orgs once that their wallet is low, until something is paid in. The caller holds them.
CREATE OR REPLACE FUNCTION watch_wallets(p_org_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_low record; -- of each an array
BEGIN
    WITH low AS (
        UPDATE event_wishes w SET low_told_at = clock_timestamp()
         WHERE w.org_id = ANY (p_org_ids) AND w.low_told_at IS NULL
           AND w.types && '{wallet.low,wallet.*,*}'
           AND w.wallet_low_at > (SELECT b.balance FROM wallets b WHERE b.org_id = w.org_id)
        RETURNING w.org_id, w.wallet_low_at
    )
    SELECT array_agg(l.org_id) AS orgs, array_agg(l.wallet_low_at) AS marks INTO v_low FROM low l;
    IF v_low.orgs IS NOT NULL THEN
        PERFORM tell_events(array_agg(b.org_id), '{wallet.low}', NULL, NULL, NULL,
                            array_agg(wallet_event(b.org_id, b.balance, jsonb_build_object('low_at', money_text(l.mark)))))
           FROM unnest(v_low.orgs, v_low.marks) AS l (org_id, mark) JOIN wallets b ON b.org_id = l.org_id;
    END IF;
END $$;

-- tell_of_wallets: of a batch of sends: of these orgs, and of those whose wallets did not carry something (NULL: none).
CREATE OR REPLACE FUNCTION tell_of_wallets(p_org_ids uuid[], p_short uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM watch_wallets(p_org_ids);
    IF p_short IS NOT NULL THEN
        PERFORM tell_of_empty(p_short);
    END IF;
END $$;

-- tell_of_empty: tells orgs once that a send has found too little in their wallet, until something is paid in.
CREATE OR REPLACE FUNCTION tell_of_empty(p_org_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_empty uuid[];
BEGIN
    WITH empty AS (
        UPDATE event_wishes w SET empty_told_at = clock_timestamp()
         WHERE w.org_id = ANY (p_org_ids) AND w.empty_told_at IS NULL AND w.types && '{wallet.empty,wallet.*,*}'
        RETURNING w.org_id
    )
    SELECT array_agg(e.org_id) INTO v_empty FROM empty e;
    IF v_empty IS NOT NULL THEN
        PERFORM tell_events(array_agg(b.org_id), '{wallet.empty}', NULL, NULL, NULL,
                            array_agg(wallet_event(b.org_id, b.balance, '{}')))
           FROM wallets b WHERE b.org_id = ANY (v_empty);
    END IF;
END $$;

-- What users write into wallets. An UPDATE books by how much it changes the balance that it has seen, so that
-- `balance = balance + 50` beside a fee is right. An INSERT is for an org that has no ledger yet.
CREATE OR REPLACE FUNCTION write_wallet() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_currency text := (SELECT o.currency FROM organizations o WHERE o.id = NEW.org_id);
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.org_id IS DISTINCT FROM OLD.org_id
       OR NEW.currency IS DISTINCT FROM OLD.currency AND NEW.currency IS DISTINCT FROM v_currency THEN
        RAISE restrict_violation USING MESSAGE = TG_OP || ' on wallets is refused: only balances change';
    ELSIF NEW.balance IS NULL OR NEW.balance = 'NaN' OR NEW.balance < 0 OR NEW.balance <> round(NEW.balance, 4) THEN
        RAISE check_violation USING MESSAGE = 'balance must be at least 0 and have at most four decimals';
    ELSIF TG_OP = 'INSERT' THEN
        NEW.currency := v_currency;
        INSERT INTO wallet_locks (org_id) VALUES (NEW.org_id) ON CONFLICT DO NOTHING;
        PERFORM lock_wallets(ARRAY[NEW.org_id]);
        IF EXISTS (SELECT FROM wallet_transactions t WHERE t.org_id = NEW.org_id) THEN
            RAISE unique_violation USING MESSAGE = format('org %s has a wallet', NEW.org_id);
        END IF;
    END IF;
    IF NEW.balance <> coalesce(OLD.balance, 0) THEN
        NEW.balance := book_alone(NEW.org_id, 'adjustment', NEW.balance - coalesce(OLD.balance, 0),
                                  format('balance set by hand by %s', session_user));
    END IF;
    RETURN NEW;
END $$;

-- A balance keeps its meaning.
CREATE OR REPLACE FUNCTION keep_currency() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM wallet_transactions t WHERE t.org_id = NEW.id) THEN
        RAISE restrict_violation
            USING MESSAGE = format('org %s has a ledger in %s: the currency stays', NEW.id, OLD.currency);
    END IF;
    RETURN NEW;
END $$;
