BEGIN TRANSACTION;
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
, about TEXT, document TEXT, slot TEXT, ms REAL, state TEXT, came_of TEXT, removed REAL, timings TEXT, owner TEXT NOT NULL DEFAULT 'default', pinned INTEGER, bytes INTEGER);
INSERT INTO "jobs" VALUES(1,'done','client',1,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client", "easel": {"document": {"id": "d1", "name": "Old"}}}','["2"]',1,1,1760000000.0,1760000000.0,1,1760000000.0,'{"2":{"text":["old"]}}','{"status_str":"success","completed":true,"messages":[["execution_start",{"prompt_id":"done","timestamp":1760000000000}],["execution_success",{"prompt_id":"done","timestamp":1760000000000}]]}','{"2":{"node_id":"2","display_node":"2","parent_node":null,"real_node_id":"2"}}','{"name":"","document":"d1","title":"Old","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}','d1',NULL,12.0,'success','{"pictures":[],"count":0,"error":null}',NULL,'{"1":1.5}','default',NULL,639);
INSERT INTO "jobs" VALUES(2,'failed','client',2,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,2,1760000000.0,'{}','{"status_str":"error","completed":false,"messages":[["execution_start",{"prompt_id":"failed","timestamp":1760000000000}],["execution_error",{"prompt_id":"failed","node_id":"1","node_type":"Say","exception_message":"as asked","exception_type":"ValueError","traceback":[],"timestamp":1760000000000}]]}','{}','{"name":"","document":null,"title":"","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}',NULL,NULL,12.0,'error','{"pictures":[],"count":0,"error":{"sentence":"as asked","node":"1","type":"Say","kind":"ValueError"}}',NULL,'{}','default',NULL,653);
INSERT INTO "jobs" VALUES(3,'stopped','client',3,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,3,1760000000.0,'{}','{"status_str":"error","completed":false,"messages":[["execution_start",{"prompt_id":"stopped","timestamp":1760000000000}],["execution_interrupted",{"prompt_id":"stopped","node_id":"1","node_type":"Say","executed":[],"timestamp":1760000000000}]]}','{}','{"name":"","document":null,"title":"","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}',NULL,NULL,12.0,'interrupted','{"pictures":[],"count":0,"error":null}',NULL,'{}','default',NULL,536);
INSERT INTO "jobs" VALUES(4,'tried-once','client',4,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,NULL,NULL,NULL,NULL,NULL,'{"name":"","document":null,"title":"","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'default',NULL,247);
INSERT INTO "jobs" VALUES(5,'waits','client',5,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client", "extra_pnginfo": {"workflow": {"nodes": []}}}','["2"]',1,0,1760000000.0,NULL,NULL,NULL,NULL,NULL,NULL,'{"name":"","document":null,"title":"","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'default',NULL,293);
INSERT INTO "jobs" VALUES(6,'taken-out','client',6,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{}','["2"]',1,0,1760000000.0,NULL,NULL,NULL,NULL,NULL,NULL,'{"name":"","document":null,"title":"","batch":null,"slot":null,"nodes":2,"seed":null,"cells":0,"work":[]}',NULL,NULL,NULL,NULL,NULL,1760000000.0,NULL,'default',NULL,226);
CREATE TABLE paces (
    class_type TEXT NOT NULL,
    about TEXT NOT NULL,         -- the circumstances, '' for all together: api.queue.pace
    ms REAL NOT NULL,
    steps REAL NOT NULL,
    runs INTEGER NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (class_type, about)
) WITHOUT ROWID
;
INSERT INTO "paces" VALUES('Say','',1.5,1.0,3,1760000000.0);
CREATE TABLE parts (
    job INTEGER NOT NULL,        -- jobs.seq, of one that has not ended: then its outputs have all of it
    node TEXT NOT NULL,
    shown TEXT NOT NULL,         -- the graph's node that stands for it
    output TEXT NOT NULL,        -- JSON
    PRIMARY KEY (job, node)
) WITHOUT ROWID
;
INSERT INTO "parts" VALUES(4,'2','2','{"text":["half"]}');
CREATE TABLE seen (id INTEGER PRIMARY KEY CHECK (id = 0), at REAL NOT NULL);
CREATE TABLE spent (
    owner TEXT NOT NULL,
    slice INTEGER NOT NULL,      -- of time: api.queue.spending.SLICE
    ms REAL NOT NULL,            -- that this person's jobs ran
    PRIMARY KEY (owner, slice)
) WITHOUT ROWID
;
INSERT INTO "spent" VALUES('default',2933333,36.0);
CREATE INDEX jobs_by_id ON jobs (prompt_id);
CREATE INDEX jobs_open ON jobs (number, seq) WHERE ended IS NULL;
CREATE INDEX jobs_of_document ON jobs (document, ended) WHERE document IS NOT NULL;
CREATE INDEX jobs_of_state ON jobs (state, ended) WHERE ended IS NOT NULL;
CREATE INDEX jobs_removed ON jobs (removed) WHERE removed IS NOT NULL;
CREATE INDEX jobs_past ON jobs (ended, removed) WHERE ended IS NOT NULL;
CREATE INDEX jobs_past_of ON jobs (owner, ended, removed, ended_at, bytes) WHERE ended IS NOT NULL;
CREATE INDEX jobs_of_state_of ON jobs (owner, state, ended) WHERE ended IS NOT NULL;
CREATE INDEX jobs_of ON jobs (owner);
CREATE TRIGGER job_goes AFTER DELETE ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END;
CREATE TRIGGER job_ends AFTER UPDATE OF ended ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END;
CREATE TRIGGER job_is_another AFTER UPDATE OF prompt ON jobs BEGIN DELETE FROM parts WHERE job = OLD.seq; END;
CREATE INDEX jobs_open_of ON jobs (owner, removed) WHERE ended IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',6);
COMMIT;
PRAGMA user_version = 5;
