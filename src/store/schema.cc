#include "store/schema.h"

#include <iterator>
#include <string>

#include "store/database.h"

namespace idiolect {
namespace {

// Version 1. Each stage writes only its own tables.
constexpr char kVersion1[] = R"sql(
-- importer ------------------------------------------------------------------------------------
CREATE TABLE chats (
  id        INTEGER PRIMARY KEY,          -- ChatId
  source    TEXT NOT NULL,                -- 'telegram'
  source_id TEXT NOT NULL,
  name      TEXT NOT NULL,                -- '' when the export has none
  kind      INTEGER NOT NULL,             -- ChatKind
  UNIQUE (source, source_id)
);
CREATE TABLE people (
  id        INTEGER PRIMARY KEY,          -- PersonId
  source_id TEXT NOT NULL UNIQUE          -- 'telegram:user123'
);
CREATE TABLE person_names (
  person_id INTEGER NOT NULL REFERENCES people(id),
  name      TEXT NOT NULL,
  last_seen INTEGER NOT NULL,             -- counts up as names are met: the largest is the newest
  messages  INTEGER NOT NULL,             -- ordinary ones that came in under this name
  PRIMARY KEY (person_id, name)
) WITHOUT ROWID;
-- id holds the chat and the source's own id (core/message.h), so that importing again finds a
-- message without a second index, and order by id is order in the chat.
CREATE TABLE messages (
  id       INTEGER PRIMARY KEY,           -- MessageId
  time     INTEGER NOT NULL,              -- unix seconds
  edited   INTEGER NOT NULL,              -- 0: never
  author   INTEGER NOT NULL,              -- PersonId, 0: nobody
  reply_to INTEGER NOT NULL,              -- MessageId, 0: none
  topic    INTEGER NOT NULL,              -- MessageId of the forum topic's opening, 0: none known
  flags    INTEGER NOT NULL,              -- MessageFlag bits
  kind     INTEGER NOT NULL,              -- MessageKind
  media    INTEGER NOT NULL,              -- MediaKind
  text     TEXT NOT NULL,
  extra    TEXT                           -- sticker emoji, service action, forwarded-from name
);
CREATE TABLE imports (
  id          INTEGER PRIMARY KEY,
  path        TEXT NOT NULL,
  finished_at INTEGER NOT NULL,
  summary     TEXT NOT NULL               -- JSON as `import --json` prints it for this file
);

-- build ---------------------------------------------------------------------------------------
CREATE TABLE datasets (
  id         INTEGER PRIMARY KEY,
  persona    INTEGER NOT NULL REFERENCES people(id),
  folder     TEXT NOT NULL,               -- below datasets/
  key        TEXT NOT NULL,               -- SHA-256 of everything that made it
  created_at INTEGER NOT NULL,
  summary    TEXT NOT NULL                -- JSON as `build --json` prints it
);
-- A message has one author, so at most one current dataset learns or rejects it: its id is the key.
-- The answer is the persona's messages from `answer` to `answer_last` that are not in `rejects`.
CREATE TABLE samples (
  answer       INTEGER PRIMARY KEY,       -- first message of the answer
  answer_last  INTEGER NOT NULL,          -- last message of the answer
  answers_to   INTEGER NOT NULL,          -- last message of the turn it answers
  conversation INTEGER NOT NULL,          -- first message of the conversation
  link         REAL NOT NULL,             -- probability that it answers that turn
  split        INTEGER NOT NULL,          -- Split (store/samples.h)
  line         INTEGER NOT NULL,          -- from 1, in the split's file
  dataset_id   INTEGER NOT NULL REFERENCES datasets(id)
);
CREATE TABLE rejects (
  message_id INTEGER PRIMARY KEY,
  rule       INTEGER NOT NULL,            -- RejectRule (dataset/reject_rules.h)
  dataset_id INTEGER NOT NULL REFERENCES datasets(id)
);

-- finetune ------------------------------------------------------------------------------------
CREATE TABLE jobs (
  id               TEXT PRIMARY KEY,
  provider         TEXT NOT NULL,
  model            TEXT NOT NULL,
  persona          TEXT NOT NULL,
  dataset          TEXT NOT NULL,
  status           TEXT NOT NULL,
  key              TEXT NOT NULL,
  hyperparameters  TEXT NOT NULL,
  fine_tuned_model TEXT NOT NULL,
  adapter          TEXT NOT NULL,
  error            TEXT NOT NULL,
  result           TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  finished_at      INTEGER NOT NULL
);
CREATE TABLE job_events (
  id         INTEGER PRIMARY KEY,
  job_id     TEXT NOT NULL REFERENCES jobs(id),
  created_at INTEGER NOT NULL,
  level      TEXT NOT NULL,
  type       TEXT NOT NULL,
  message    TEXT NOT NULL,
  data       TEXT NOT NULL,
  step       INTEGER NOT NULL             -- 0: not tied to a step
);
CREATE INDEX job_events_by_job ON job_events(job_id, id);

-- everybody -----------------------------------------------------------------------------------
CREATE TABLE runs (
  stage       TEXT NOT NULL,
  finished_at INTEGER NOT NULL,
  key         TEXT NOT NULL,              -- JSON object of strings
  summary     TEXT NOT NULL
);
CREATE INDEX runs_by_stage ON runs(stage, finished_at);
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
)sql";

// Version 2: people and chats known under several ids.
constexpr char kVersion2[] = R"sql(
-- importer ------------------------------------------------------------------------------------
-- Who an author known by name only (an HTML export) was, where another export of the same chat has
-- the same message with the author's id.
CREATE TABLE name_matches (
  chat_id   INTEGER NOT NULL,
  name      TEXT NOT NULL,
  person_id INTEGER NOT NULL,             -- who it was
  messages  INTEGER NOT NULL,             -- so many times
  PRIMARY KEY (chat_id, name, person_id)
) WITHOUT ROWID;
UPDATE messages SET flags = flags | 32    -- kAuthorByName (core/message.h)
  WHERE author IN (SELECT id FROM people WHERE source_id LIKE 'telegram-html:%');

-- people --------------------------------------------------------------------------------------
-- messages.author is who it is after all merges; here is what undoing one needs.
CREATE TABLE people_merges (
  person_id INTEGER PRIMARY KEY,          -- is the same as
  into_id   INTEGER NOT NULL,             -- this one, who may be merged in turn
  merged_at INTEGER NOT NULL
);
CREATE TABLE merged_authors (
  message_id INTEGER PRIMARY KEY,
  person_id  INTEGER NOT NULL             -- the author before any merge
);
CREATE TABLE people_notes (
  person_id INTEGER PRIMARY KEY,
  note      TEXT NOT NULL
);
)sql";

// Version 3: what is on other people's servers (store/hosted.h).
constexpr char kVersion3[] = R"sql(
-- finetune --provider ---------------------------------------------------------------------------
CREATE TABLE hosted_files (
  provider   TEXT NOT NULL,
  account    TEXT NOT NULL,               -- base URL
  sha256     TEXT NOT NULL,               -- of what was sent
  name       TEXT NOT NULL,
  bytes      INTEGER NOT NULL,
  file_id    TEXT NOT NULL,               -- '': not known to have arrived
  upload_id  TEXT NOT NULL,               -- '': no upload in parts under way
  part_ids   TEXT NOT NULL,               -- JSON list
  part_bytes INTEGER NOT NULL,
  sent_at_ms INTEGER NOT NULL,            -- 0: never
  PRIMARY KEY (provider, account, sha256)
) WITHOUT ROWID;
CREATE TABLE hosted_runs (
  run_id            TEXT PRIMARY KEY,
  provider          TEXT NOT NULL,
  account           TEXT NOT NULL,
  key               TEXT NOT NULL,
  step              TEXT NOT NULL,        -- upload, create, follow, test, done
  model             TEXT NOT NULL,
  persona           TEXT NOT NULL,
  dataset           TEXT NOT NULL,
  training_file     TEXT NOT NULL,
  validation_file   TEXT NOT NULL,
  job_id            TEXT NOT NULL,        -- '': none known to have been created
  last_event        TEXT NOT NULL,
  created_at        INTEGER NOT NULL,
  create_sent_at_ms INTEGER NOT NULL,     -- 0: never
  options           TEXT NOT NULL         -- JSON
);
)sql";

// Version 4: how good each sample is, 0 to 1 (docs/quality.md).
constexpr char kVersion4[] = R"sql(
ALTER TABLE samples ADD COLUMN quality REAL NOT NULL DEFAULT 0;
)sql";

// Version 5: what the server's API keeps. The bytes of a file are files/ID in the workspace.
constexpr char kVersion5[] = R"sql(
-- serve ---------------------------------------------------------------------------------------
CREATE TABLE files (
  seq        INTEGER PRIMARY KEY,         -- order of making, for paging
  id         TEXT NOT NULL UNIQUE,        -- 'file-…'
  purpose    TEXT NOT NULL,
  filename   TEXT NOT NULL,               -- as the client named it; never a path of ours
  bytes      INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL             -- 0: never
);
CREATE TABLE uploads (
  id         TEXT PRIMARY KEY,            -- 'upload_…'
  purpose    TEXT NOT NULL,
  filename   TEXT NOT NULL,
  bytes      INTEGER NOT NULL,            -- announced
  status     TEXT NOT NULL,               -- pending, completed, cancelled, expired
  file_id    TEXT NOT NULL,               -- '' until completed
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  file_expires_after INTEGER NOT NULL     -- seconds, 0: never
);
CREATE TABLE upload_parts (
  id         TEXT PRIMARY KEY,            -- 'part_…'; its bytes are files/ID
  upload_id  TEXT NOT NULL REFERENCES uploads(id),
  bytes      INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
-- What was asked for with POST /v1/fine_tuning/jobs; such a job has provider 'local' and is run by
-- the server.
CREATE TABLE job_requests (
  job_id          TEXT PRIMARY KEY REFERENCES jobs(id),
  training_file   TEXT NOT NULL,
  validation_file TEXT NOT NULL,          -- '': none
  suffix          TEXT NOT NULL,          -- '': none
  seed            INTEGER NOT NULL,
  method          TEXT NOT NULL,          -- JSON as asked
  integrations    TEXT NOT NULL,          -- JSON list
  metadata        TEXT NOT NULL,          -- JSON object
  error_code      TEXT NOT NULL,          -- of a failed job
  error_param     TEXT NOT NULL,
  result_file     TEXT NOT NULL,          -- '' until succeeded
  wanted          TEXT NOT NULL           -- run, pause, cancel
);
CREATE TABLE aliases (
  name   TEXT PRIMARY KEY,                -- 'natasha'
  target TEXT NOT NULL                    -- a model's name
) WITHOUT ROWID;
)sql";

// The way from version N to N + 1 at index N.
constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5};
static_assert(std::size(kMigrations) == kSchemaVersion);

}  // namespace

Status PrepareSchema(Database& database) {
  ASSIGN_OR_RETURN(auto read, database.Prepare("PRAGMA user_version"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  const int64_t version = row ? read.Integer(0) : 0;
  read.Reset();
  if (version == kSchemaVersion) return {};
  if (version > kSchemaVersion) {
    return Fail(ErrorKind::kFailed,
                "the workspace was written by a newer idiolect (schema " + std::to_string(version) +
                    ", this one knows " + std::to_string(kSchemaVersion) + ")",
                "use the newer program, or another --workspace");
  }
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  for (int64_t from = version; from < kSchemaVersion; ++from) {
    RETURN_IF_ERROR(database.Execute(kMigrations[from]));
  }
  RETURN_IF_ERROR(database.Execute("PRAGMA user_version = " + std::to_string(kSchemaVersion)));
  return transaction.Commit();
}

}  // namespace idiolect
