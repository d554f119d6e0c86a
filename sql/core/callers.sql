-- What the doors have in common: random tokens, and who has changed what a gateway remembers.

-- 256 random bits, as text behind a prefix that says what they open.
CREATE OR REPLACE FUNCTION new_token(p_prefix text) RETURNS text
LANGUAGE sql VOLATILE
-- Three of these have 366 random bits, whose digest has 256: no extension is asked for random bytes.
RETURN p_prefix || translate(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                           || uuid_send(gen_random_uuid())), 'base64'), '+/=', '-_');

-- Who acts: whom a gateway or a person has named for this transaction, else the role that is connected.
CREATE OR REPLACE FUNCTION current_actor() RETURNS text
LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('tollgate.actor', true), ''), session_user);

-- Rights in their usual order, each once; refused if one is none.
CREATE OR REPLACE FUNCTION check_rights(p_rights text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_all CONSTANT text[] := '{send,read,manage,money,keys}';
BEGIN
    IF coalesce(p_rights, '{}') = '{}' OR NOT p_rights <@ v_all THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('rights must be some of %s', array_to_string(v_all, ', '));
    END IF;
    RETURN ARRAY(SELECT r FROM unnest(v_all) WITH ORDINALITY AS v (r, n) WHERE r = ANY (p_rights) ORDER BY n);
END $$;

-- A trigger: a gateway that remembers the row forgets it.
CREATE OR REPLACE FUNCTION mark_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id();
    RETURN NEW;
END $$;
