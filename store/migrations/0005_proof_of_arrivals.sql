-- How the sender of an arrival proved to be its source: the scheme, and which of the live secrets, such as hmac/1.

ALTER TABLE arrivals ADD COLUMN verified text;  -- null or empty: taken before this was noted
