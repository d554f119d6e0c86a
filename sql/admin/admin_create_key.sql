-- admin_create_key: makes a key (name, rights, expires_at, addresses), which is told this once.
CREATE OR REPLACE FUNCTION admin_create_key(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_body CONSTANT jsonb := p_body::jsonb;
    v_field         text := 'addresses';
    v_addresses     cidr[];
    v_key           text;
    v_row           api_keys;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_addresses := CASE WHEN v_body ? 'addresses' THEN texts_of(v_body -> 'addresses')::cidr[] END;
    v_field := CASE WHEN v_body ? 'rights' AND NOT texts_of(v_body -> 'rights') <@ '{send,read,manage,money,keys}'
                         OR v_body -> 'rights' = '[]' THEN 'rights'
                    WHEN cardinality(v_addresses) NOT BETWEEN 1 AND 32 THEN 'addresses'
                    WHEN (v_body ->> 'expires_at')::timestamptz <= now() THEN 'expires_at' ELSE 'name' END;
    v_key := create_api_key(p_org_id, v_body ->> 'name',
                            CASE WHEN v_body ? 'rights' THEN texts_of(v_body -> 'rights') ELSE '{send,read}' END,
                            (v_body ->> 'expires_at')::timestamptz, v_addresses);
    SELECT k.* INTO v_row FROM api_keys k WHERE k.key_hash = sha256(v_key::bytea);
    RETURN (key_document(v_row)::jsonb || jsonb_build_object('key', v_key))::json;
EXCEPTION
    WHEN unique_violation THEN
        PERFORM refuse('already_exists', 'name', 'The org has a good key of that name');
    WHEN invalid_parameter_value OR invalid_text_representation THEN
        PERFORM refuse('invalid_field', v_field, CASE v_field WHEN 'addresses'
            THEN 'addresses must be 1 to 32 networks such as 203.0.113.0/24' ELSE SQLERRM END);
END $$;
