BEGIN TRANSACTION;
CREATE TABLE contents (
    document TEXT NOT NULL,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,       -- the JSON text, zlib
    thumbnail BLOB,
    media TEXT,                  -- the thumbnail's media type
    PRIMARY KEY (document, number)
);
INSERT INTO "contents" VALUES('doc-1',1,X'789CAB56CACB4F492D56B28AAE56CA4C51B232D4512AA92C4855B2520A4EAC54AA8DD551CAC9CCCB06C9C7D602003B740E1C',NULL,NULL);
INSERT INTO "contents" VALUES('doc-1',2,X'789CAB56CACB4F492D56B28AAE56CA4C51B232D2512AA92C4855B2520A4EAC54AA8DD551CAC9CCCB06C9C7D602003B900E1D',X'52494646','image/webp');
INSERT INTO "contents" VALUES('doc-2',1,X'789CAB56CACB4F492D56B28A8ED551CAC9CCCB06336B015D7C07CB',NULL,NULL);
CREATE TABLE documents (
    id TEXT PRIMARY KEY,         -- made by the page
    owner TEXT NOT NULL,
    name TEXT,                   -- NULL: untitled
    stored TEXT,                 -- the saved file under workflows/, without .json; NULL: in no file
    created REAL NOT NULL,       -- seconds since 1970
    changed REAL NOT NULL,
    deleted REAL,                -- NULL: it is there
    origin TEXT,                 -- the version of another that it began as, as ID:NUMBER
    rank INTEGER NOT NULL,       -- rises with every change of any document: clocks may go back
    newest INTEGER NOT NULL      -- number of the newest version
);
INSERT INTO "documents" VALUES('doc-1','default','Old graph','folder/old',1760000001.0,1760000002.0,NULL,NULL,2,2);
INSERT INTO "documents" VALUES('doc-2','default',NULL,NULL,1760000005.0,1760000005.0,1760000006.0,NULL,3,1);
CREATE TABLE totals (bytes INTEGER NOT NULL);
INSERT INTO "totals" VALUES(131);
CREATE TABLE versions (
    document TEXT NOT NULL REFERENCES documents (id),
    number INTEGER NOT NULL,     -- from 1, by one
    time REAL NOT NULL,          -- later than that of the version before, whatever the clock says
    label TEXT,                  -- a person's name for it: then it stays
    reason TEXT NOT NULL,        -- autosave, save, restore, conflict, ...
    writer TEXT,                 -- the page that sent it
    hash TEXT NOT NULL,          -- SHA-256 of the JSON text
    size INTEGER NOT NULL,       -- bytes of the JSON text
    nodes INTEGER NOT NULL,      -- how many, subgraphs' inside too
    bytes INTEGER NOT NULL,      -- as it lies here, with its picture
    pictured INTEGER NOT NULL,   -- whether it has a thumbnail
    PRIMARY KEY (document, number)
) WITHOUT ROWID
;
INSERT INTO "versions" VALUES('doc-1',1,1760000001.0,'kept','save','page','4c66e30ff226251eb6f60cec44ad96eba937af20298da76733fb80ad19354479',44,1,50,0);
INSERT INTO "versions" VALUES('doc-1',2,1760000002.0,NULL,'save','page','0e996944eba65fce540e9524df1aeafd7be2486ba4e2a6f41ff8ef72aefd02ee',44,1,54,1);
INSERT INTO "versions" VALUES('doc-2',1,1760000005.0,NULL,'autosave',NULL,'d0c3706befa57baff8ca22222d9fdddf89599a195b70ac0d8c255eb6cbedb8b7',23,0,27,0);
CREATE UNIQUE INDEX documents_by_rank ON documents (rank);
CREATE INDEX documents_by_file ON documents (stored) WHERE stored IS NOT NULL;
CREATE INDEX versions_by_time ON versions (time) WHERE label IS NULL;
CREATE TRIGGER version_comes AFTER INSERT ON versions BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER version_goes AFTER DELETE ON versions BEGIN
    UPDATE totals SET bytes = bytes - OLD.bytes;
    DELETE FROM contents WHERE document = OLD.document AND number = OLD.number;
END;
COMMIT;
PRAGMA user_version = 1;
