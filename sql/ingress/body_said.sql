-- body_said: what a payload that goes to Meta says, in words: a text, a caption, a template's name and the texts that it is
-- filled in with; null: nothing that could be read. (It is a client's, of any shape.)
CREATE OR REPLACE FUNCTION body_said(p_type text, p_payload json) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE p_type WHEN 'text' THEN p_payload #>> '{text,body}'
                   WHEN 'template' THEN body_of_template(p_payload -> 'template')
                   WHEN 'interactive' THEN p_payload #>> '{interactive,body,text}'
                   WHEN 'reaction' THEN p_payload #>> '{reaction,emoji}'
                   WHEN 'location' THEN p_payload #>> '{location,name}'
                   ELSE p_payload #>> ARRAY[p_type, 'caption'] END;
