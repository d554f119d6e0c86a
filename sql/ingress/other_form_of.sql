-- other_form_of: the other form of a phone that has two (core/contacts.sql), for who calls with rights of a caller.
CREATE OR REPLACE FUNCTION other_form_of(p_phone text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp
RETURN phone_alternative(p_phone);
