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
);
INSERT INTO "jobs" VALUES(1,'done','client',1,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client", "easel": {"document": {"id": "d1", "name": "Old"}}}','["2"]',1,1,1760000000.0,1760000000.0,1,1760000000.0,'{"2":{"text":["old"]}}','{"status_str":"success","completed":true,"messages":[["execution_start",{"prompt_id":"done","timestamp":1760000000000}],["execution_success",{"prompt_id":"done","timestamp":1760000000000}]]}','{"2":{"node_id":"2","display_node":"2","parent_node":null,"real_node_id":"2"}}');
INSERT INTO "jobs" VALUES(2,'failed','client',2,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,2,1760000000.0,'{}','{"status_str":"error","completed":false,"messages":[["execution_start",{"prompt_id":"failed","timestamp":1760000000000}],["execution_error",{"prompt_id":"failed","node_id":"1","node_type":"Say","exception_message":"as asked","exception_type":"ValueError","traceback":[],"timestamp":1760000000000}]]}','{}');
INSERT INTO "jobs" VALUES(3,'stopped','client',3,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,3,1760000000.0,'{}','{"status_str":"error","completed":false,"messages":[["execution_start",{"prompt_id":"stopped","timestamp":1760000000000}],["execution_interrupted",{"prompt_id":"stopped","node_id":"1","node_type":"Say","executed":[],"timestamp":1760000000000}]]}','{}');
INSERT INTO "jobs" VALUES(4,'tried-once','client',4,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client"}','["2"]',1,1,1760000000.0,1760000000.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES(5,'waits','client',5,'{"1": {"class_type": "Say", "inputs": {"text": "old"}}, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}','{"client_id": "client", "extra_pnginfo": {"workflow": {"nodes": []}}}','["2"]',1,0,1760000000.0,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX jobs_by_id ON jobs (prompt_id);
CREATE INDEX jobs_open ON jobs (number, seq) WHERE ended IS NULL;
CREATE INDEX jobs_ended ON jobs (ended) WHERE ended IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',5);
COMMIT;
PRAGMA user_version = 1;
