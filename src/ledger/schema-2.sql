-- The run that paid for a call; null for calls of format 1, which did not say.
ALTER TABLE calls ADD COLUMN run TEXT;
CREATE INDEX calls_by_run ON calls (run, micro_dollars, attempts) WHERE run IS NOT NULL;
