-- How access tokens stand sealed, as operators see it.

-- secrets_of_endpoints: each secret of an endpoint's that stands somewhere, in which column, and the id of the key under
-- which it is sealed; NULL: it lies open.
CREATE OR REPLACE FUNCTION secrets_of_endpoints() RETURNS TABLE (org_id uuid, endpoint_id uuid, name text, stored text, key text)
LANGUAGE sql STABLE AS $$
    SELECT p.org_id, p.id, s.name, s.stored, CASE WHEN s.stored LIKE 'sealed:%' THEN split_part(s.stored, ':', 2) END
      FROM endpoints p
     CROSS JOIN LATERAL (VALUES ('secret', p.secret), ('old_secret', p.old_secret),
                                ('verify_token', p.verify_token)) AS s (name, stored)
     WHERE s.stored <> '';
$$;

-- token_keys_document: how many tokens stand under which key, which is the newest (p_newest, of the ingress; NULL: it
-- has none, and the janitor's counts), and how far that is: state, and in words for people says.
CREATE OR REPLACE FUNCTION token_keys_document(p_newest text) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_sealing token_sealing;
    v_newest  text;
    v_keys    json;
    v_open    bigint;
    v_others  bigint; -- not under the newest
    v_state   text;
    v_says    text;
BEGIN
    SELECT * INTO v_sealing FROM token_sealing;
    v_newest := coalesce(p_newest, v_sealing.key);
    SELECT coalesce(json_agg(json_build_object('key', k.key, 'tokens', k.n) ORDER BY k.key)
                    FILTER (WHERE k.key IS NOT NULL), '[]'),
           coalesce(sum(k.n) FILTER (WHERE k.key IS NULL), 0),
           coalesce(sum(k.n) FILTER (WHERE k.key IS DISTINCT FROM v_newest), 0)
      INTO v_keys, v_open, v_others
      FROM (SELECT s.key, count(*) AS n
              FROM (SELECT c.token_key AS key FROM channels c UNION ALL SELECT e.key FROM secrets_of_endpoints() e) s
             GROUP BY s.key) k;
    SELECT t.state, t.says INTO v_state, v_says
      FROM (VALUES
            (1, v_sealing.asked > v_sealing.answered, 'sealing',
             'No janitor has looked through the tokens since it was asked to'),
            (2, v_newest IS NULL, 'no_keys', 'Neither this ingress nor the janitor''s worker has TOLLGATE_TOKEN_KEYS'),
            (3, v_others = 0, 'sealed', format('All tokens stand under %s: no other key is in use', v_newest)),
            (4, v_sealing.key IS NULL, 'no_keys', 'The janitor''s worker has no TOLLGATE_TOKEN_KEYS'),
            (5, v_sealing.key <> v_newest, 'other_key',
             format('The janitor''s worker seals under %s: put the line of %s first in its file, and have it read '
                    'that', v_sealing.key, v_newest)),
            (6, v_others > v_sealing.no_key + v_sealing.not_opened, 'sealing', 'The janitor is sealing'),
            (7, true, 'left',
             format('Not under %s: %s for want of their key, %s that do not open (token_not_opened in the worker''s '
                    'log)', v_newest, v_sealing.no_key, v_sealing.not_opened)))
           AS t (place, holds, state, says)
     WHERE t.holds ORDER BY t.place LIMIT 1;
    RETURN json_build_object('state', v_state, 'says', v_says, 'newest', v_newest, 'janitor', v_sealing.key,
                             'keys', v_keys, 'open', v_open, 'no_key', v_sealing.no_key,
                             'not_opened', v_sealing.not_opened);
END $$;
