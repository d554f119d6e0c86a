-- rows_looked_at: of how many rows a page of a list is made at the most (look_through); so many are sorted in no time, too.
CREATE OR REPLACE FUNCTION rows_looked_at() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 1000;
