-- Answered calls. The fingerprint is that of the exact request bytes and the replicate number.
CREATE TABLE calls (
  fingerprint    TEXT PRIMARY KEY,
  model          TEXT NOT NULL,     -- as asked for: provider/model
  form           TEXT NOT NULL,     -- how JSON was asked for
  replicate      INTEGER NOT NULL,
  body           BLOB NOT NULL,     -- the whole response body, zstd
  stop           TEXT NOT NULL,     -- why the model stopped
  input_tokens   INTEGER,           -- null where the provider did not say
  output_tokens  INTEGER,
  cache_read     INTEGER,
  cache_write    INTEGER,
  micro_dollars  INTEGER,           -- null where the price is not known
  answered_by    TEXT,              -- the model that answered, as it reported itself
  request_id     TEXT,
  sent_at        TEXT NOT NULL,
  answered_at    TEXT NOT NULL,
  attempts       INTEGER NOT NULL   -- requests sent until it was answered
) STRICT;

-- Calls that may be under way: written before the first request, deleted with the answer.
CREATE TABLE intents (
  fingerprint  TEXT PRIMARY KEY,
  model        TEXT NOT NULL,
  sent_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What came out of one unit of judgement. Only rows that are not final are ever replaced.
CREATE TABLE verdicts (
  unit        TEXT PRIMARY KEY,
  kind        TEXT NOT NULL,        -- label or value, or the kind of no-verdict
  final       INTEGER NOT NULL,     -- 0 where running again may change it
  outcome     TEXT NOT NULL,        -- JSON
  repairs     TEXT NOT NULL,        -- JSON list
  calls       TEXT NOT NULL,        -- JSON list of fingerprints, in order
  decided_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Runs, each with its record as in run.json.
CREATE TABLE runs (
  id      TEXT PRIMARY KEY,
  record  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where a run uses a verdict. Several places may share one unit: its question is the same to the last byte.
CREATE TABLE run_units (
  run        TEXT NOT NULL,
  session    TEXT NOT NULL,
  rubric     TEXT NOT NULL,
  judge      TEXT NOT NULL,
  replicate  INTEGER NOT NULL,
  unit       TEXT NOT NULL REFERENCES verdicts (unit),
  person     TEXT,
  PRIMARY KEY (run, session, rubric, judge, replicate)
) STRICT, WITHOUT ROWID;
