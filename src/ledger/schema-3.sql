-- Batches of calls handed to a provider. A row stands here before anything is sent, so that after a crash the batch can be
-- looked for; it stays when all is read, so that it is not taken for another one.
CREATE TABLE batches (
  key        TEXT PRIMARY KEY,   -- our own label of it
  run        TEXT NOT NULL,      -- the run that pays
  model      TEXT NOT NULL,      -- provider/model
  server     TEXT NOT NULL,      -- base URL
  calls      INTEGER NOT NULL,   -- calls in it
  begun_at   TEXT NOT NULL,      -- before the first request for it
  id         TEXT,               -- the provider's; null until it is known
  closed_at  TEXT                -- null while it may hold answers not read
) STRICT, WITHOUT ROWID;

-- Calls of batches that are not closed.
CREATE TABLE batch_calls (
  batch          TEXT NOT NULL REFERENCES batches (key),
  call           TEXT NOT NULL,      -- fingerprint, and the custom id at the provider
  judge          TEXT NOT NULL,
  rubric         TEXT NOT NULL,
  form           TEXT NOT NULL,      -- how JSON was asked for
  replicate      INTEGER NOT NULL,
  roomier        INTEGER NOT NULL,   -- 1 where an answer was cut off and has twice the room
  attempts       INTEGER NOT NULL,   -- this one included
  micro_dollars  INTEGER,            -- the most that it can cost; null where the price is not known
  has_result     INTEGER NOT NULL,   -- 1 when its result is read, whatever it was
  PRIMARY KEY (batch, call)
) STRICT, WITHOUT ROWID;
