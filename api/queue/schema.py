"""How the journal's file came to be as it is: the statements that bring each version to the next one."""

from __future__ import annotations

_JOBS = (
    """
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    prompt_id TEXT NOT NULL,
    client_id TEXT,
    number NUMERIC NOT NULL,     -- lower runs first; NUMERIC keeps 0 from becoming 0.0
    prompt TEXT NOT NULL,        -- JSON, as it came
    extra TEXT NOT NULL,         -- JSON, without credentials
    targets TEXT NOT NULL,       -- JSON list of node ids
    checked INTEGER NOT NULL,    -- 0: the worker validates it before it runs
    attempts INTEGER NOT NULL DEFAULT 0,
    accepted REAL NOT NULL,      -- seconds since 1970
    started REAL,
    ended INTEGER,               -- rank among the ended ones (clocks may go back), NULL: waits or runs
    ended_at REAL,
    outputs TEXT,                -- JSON, node id -> ui results
    status TEXT,                 -- JSON, as /history has it
    meta TEXT                    -- JSON, as /history has it
)
""",
    "CREATE INDEX jobs_by_id ON jobs (prompt_id)",
    "CREATE INDEX jobs_open ON jobs (number, seq) WHERE ended IS NULL",
    "CREATE INDEX jobs_ended ON jobs (ended) WHERE ended IS NOT NULL",
)

_SUMMARIES = (
    "ALTER TABLE jobs ADD COLUMN about TEXT",  # JSON: api.queue.summaries.About; NULL: of a journal of version 1
    "ALTER TABLE jobs ADD COLUMN document TEXT",  # id of the document that it was made from
    "ALTER TABLE jobs ADD COLUMN slot TEXT",
    "ALTER TABLE jobs ADD COLUMN ms REAL",  # how long its last attempt ran
    "ALTER TABLE jobs ADD COLUMN state TEXT",  # success, error, interrupted; NULL: not ended
    "ALTER TABLE jobs ADD COLUMN came_of TEXT",  # JSON: api.queue.summaries.came_of; NULL: not ended, or of version 1
    "ALTER TABLE jobs ADD COLUMN removed REAL",  # when somebody took it out; it can be brought back for a while
    """
UPDATE jobs SET
    ms = CASE WHEN ended_at >= started THEN (ended_at - started) * 1000 END,
    state = CASE
        WHEN json_extract(status, '$.completed') THEN 'success'
        WHEN json_extract(status, '$.messages[#-1][0]') = 'execution_interrupted' THEN 'interrupted'
        ELSE 'error' END
WHERE ended IS NOT NULL
""",
    "CREATE INDEX jobs_of_document ON jobs (document, ended) WHERE document IS NOT NULL",
    "CREATE INDEX jobs_of_state ON jobs (state, ended) WHERE ended IS NOT NULL",
    "CREATE INDEX jobs_removed ON jobs (removed) WHERE removed IS NOT NULL",
    """
CREATE TABLE paces (
    class_type TEXT NOT NULL,
    about TEXT NOT NULL,         -- the circumstances, '' for all together: api.queue.pace
    ms REAL NOT NULL,
    steps REAL NOT NULL,
    runs INTEGER NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (class_type, about)
) WITHOUT ROWID
""",
)

_TIMINGS = ("ALTER TABLE jobs ADD COLUMN timings TEXT",)  # JSON, node id -> ms; NULL: not ended, or of version 2

_PEOPLE = (
    "ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT 'default'",  # id of the person whose job it is
    "ALTER TABLE jobs ADD COLUMN pinned INTEGER",  # its place before all others, which an admin gave it
    "ALTER TABLE jobs ADD COLUMN bytes INTEGER",  # of its texts; NULL: of a journal of version 3
    "DROP INDEX jobs_ended",
    # Rows hold whole graphs. What is counted, passed over and summed up is read from these alone.
    "CREATE INDEX jobs_past ON jobs (ended, removed) WHERE ended IS NOT NULL",
    "CREATE INDEX jobs_past_of ON jobs (owner, ended, removed, ended_at, bytes) WHERE ended IS NOT NULL",
    "CREATE INDEX jobs_of_state_of ON jobs (owner, state, ended) WHERE ended IS NOT NULL",
    "CREATE INDEX jobs_of ON jobs (owner)",
    """
CREATE TABLE spent (
    owner TEXT NOT NULL,
    slice INTEGER NOT NULL,      -- of time: api.queue.spending.SLICE
    ms REAL NOT NULL,            -- that this person's jobs ran
    PRIMARY KEY (owner, slice)
) WITHOUT ROWID
""",
    "CREATE TABLE seen (id INTEGER PRIMARY KEY CHECK (id = 0), at REAL NOT NULL)",  # when old jobs were last looked for
)

_PARTS = (
    """
CREATE TABLE parts (
    job INTEGER NOT NULL,        -- jobs.seq, of one that has not ended: then its outputs have all of it
    node TEXT NOT NULL,
    shown TEXT NOT NULL,         -- the graph's node that stands for it
    output TEXT NOT NULL,        -- JSON
    PRIMARY KEY (job, node)
) WITHOUT ROWID
""",
    "CREATE TRIGGER job_goes AFTER DELETE ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END",
    "CREATE TRIGGER job_ends AFTER UPDATE OF ended ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END",
    "CREATE TRIGGER job_is_another AFTER UPDATE OF prompt ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END",
    "CREATE INDEX jobs_open_of ON jobs (owner, removed) WHERE ended IS NULL",
)

_DURATIONS = (
    # Rows hold whole graphs, and would be read to their end for this one number; the list by duration reads it here.
    "CREATE INDEX jobs_by_ms ON jobs (ms)",
)

SCHEMA = (_JOBS, _SUMMARIES, _TIMINGS, _PEOPLE, _PARTS, _DURATIONS)
