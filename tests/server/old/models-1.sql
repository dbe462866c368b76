BEGIN TRANSACTION;
CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, kind TEXT NOT NULL, family TEXT NOT NULL, precision TEXT NOT NULL, facts TEXT NOT NULL);
INSERT INTO "files" VALUES('/models/checkpoints/a.safetensors','10:20','checkpoint','SD 1.5','fp16','{"kind": "checkpoint"}');
CREATE TABLE hashes (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL);
INSERT INTO "hashes" VALUES('/models/checkpoints/a.safetensors','10:20','abc');
COMMIT;
PRAGMA user_version = 1;
