-- One of everything that models can say about SQLite.
CREATE TABLE author (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(20) NOT NULL COLLATE NOCASE DEFAULT 'x:y', -- a comment, with (brackets
    price DECIMAL(10, 2) CONSTRAINT "price > 0" CHECK (price > 0 AND name <> ')'),
    label TEXT GENERATED ALWAYS AS (name || '-, :n') STORED,
    twice INT AS (price * 2),
    born DATE, at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, clock TIME,
    flag BOOLEAN NOT NULL DEFAULT 0, document JSON, raw BLOB, fast FLOAT, real REAL, double DOUBLE,
    key CHAR(32), anything, odd FANCY(3), small SMALLINT, big BIGINT UNSIGNED,
    CONSTRAINT named UNIQUE (name, price),
    UNIQUE (name)
);
CREATE TABLE "or der" (
    x INT, "y y" INT,
    author_id INTEGER NOT NULL REFERENCES author ON DELETE CASCADE,
    editor_id INT CONSTRAINT edits REFERENCES author (id)
        ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    "class" TEXT, "metadata" TEXT, [2nd] TEXT, `_hidden` TEXT, "str" TEXT,
    PRIMARY KEY ("y y", x)
) WITHOUT ROWID;
CREATE TABLE line (
    x INT, y INT, body TEXT,
    parent_id INT REFERENCES line (y),
    CONSTRAINT line_fk FOREIGN KEY (y, x) REFERENCES "or der" ("y y", x),
    UNIQUE (y)
);
CREATE TABLE tree (id INTEGER NOT NULL PRIMARY KEY, parent_id INT REFERENCES tree (id), code TEXT) STRICT;
CREATE UNIQUE INDEX "i x" ON author (lower(name), price DESC, "born") WHERE born IS NOT NULL AND price > 1;
CREATE INDEX ix_author_born ON author (born);
CREATE INDEX nocase ON author (name COLLATE NOCASE);
CREATE VIEW cheap AS SELECT id, name FROM author WHERE price < 1;
