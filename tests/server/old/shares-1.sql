BEGIN TRANSACTION;
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    share TEXT NOT NULL,
    guest TEXT NOT NULL,           -- hash of what the guest's browser keeps
    prompt_id TEXT NOT NULL,
    created REAL NOT NULL,
    given TEXT NOT NULL,           -- JSON, the guest's values
    state TEXT,                    -- NULL: waits or runs; done, failed, stopped
    ended REAL,
    results TEXT                   -- JSON, list of files and texts
);
INSERT INTO "runs" VALUES('run-1','share-1','guest','done',1760000001.0,'{"text":"hi"}','success',1760000002.0,'[{"text":"old"}]');
INSERT INTO "runs" VALUES('run-2','share-1','guest','waits',1760000003.0,'{"text":"ho"}',NULL,NULL,NULL);
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,   -- of the token
    name TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,                  -- seconds since 1970; NULL: never
    revoked REAL,
    most_runs INTEGER,             -- in all; NULL: no limit
    per_hour INTEGER NOT NULL,
    most_waiting INTEGER NOT NULL,
    tells_graph INTEGER NOT NULL,  -- files that guests get keep the graph that made them
    prompt TEXT NOT NULL,          -- JSON, as it was when it was shared
    form TEXT NOT NULL,            -- JSON, as the owner made it
    used INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "shares" VALUES('share-1','default',X'2820A486787DB9CCAEC540BB226D41598E939761FDD961030B9AAA6B747489EF','Portraits',1760000000.0,NULL,NULL,10,20,3,0,'{"1":{"class_type":"Say","inputs":{"text":"old"}},"2":{"class_type":"Show","inputs":{"text":["1",0]}}}','{"title":"Portraits","inputs":[]}',2);
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    share TEXT NOT NULL,
    guest TEXT NOT NULL,
    name TEXT NOT NULL,            -- in the input folder
    created REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "uploads" VALUES('upload-1','share-1','guest','shares/share-1/a.png',1760000000.0,0);
CREATE INDEX runs_of_share ON runs (share, created);
CREATE INDEX uploads_of_share ON uploads (share, created);
COMMIT;
PRAGMA user_version = 1;
