"""What SQLite keeps of a table and an index: the statement that made it. Its pragmas tell no name and no condition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from framework.migrations.inspection.tokens import Token, brackets, identifier, split, tokens, words

__all__ = ["Clause", "Definition", "index_parts", "read_definition"]

STARTS = ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "REFERENCES", "GENERATED", "AS", "COLLATE", "DEFAULT", "NOT", "NULL")


@dataclass(slots=True)
class Clause:
    """One constraint of a table or of a column."""

    kind: str
    """`PRIMARY`, `UNIQUE`, `CHECK`, `FOREIGN`, `GENERATED` or `COLLATE`."""
    name: str | None
    columns: tuple[str, ...]
    text: str = ""
    """The condition or the expression."""
    target: str = ""
    target_columns: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict[str, object])


@dataclass(slots=True)
class Definition:
    """A table's statement taken apart."""

    clauses: list[Clause]
    options: dict[str, object]

    def of(self, kind: str) -> Iterator[Clause]:
        """Yield the clauses of one kind."""
        return (clause for clause in self.clauses if clause.kind == kind)


def read_definition(sql: str) -> Definition:
    """Take a `CREATE TABLE` apart; of `CREATE TABLE ... AS SELECT` SQLite itself keeps a plain one."""
    items = tokens(sql)
    opening = next((place for place, token in enumerate(items) if token.text == "("), None)
    if opening is None:
        return Definition([], {})
    closing = brackets(items, opening)
    clauses = [clause for part in split(items[opening + 1 : closing]) for clause in read_part(sql, part)]
    rest = {token.word for token in items[closing + 1 :]}
    options: dict[str, object] = {}
    if "ROWID" in rest:
        options["sqlite_with_rowid"] = False
    if "STRICT" in rest:
        options["sqlite_strict"] = True
    if any(clause.options.get("autoincrement") for clause in clauses):
        options["sqlite_autoincrement"] = True
    return Definition(clauses, options)


def read_part(sql: str, part: Sequence[Token]) -> Iterator[Clause]:
    """Yield the clauses of one column or of one table constraint."""
    own = part[0].word in ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
    column = () if own else (identifier(part[0].text),)
    place, name = (0 if own else 1), None
    while place < len(part):
        word = part[place].word
        if word == "CONSTRAINT":
            name = identifier(part[place + 1].text)
            place += 2
        elif word in STARTS:
            stop = end_of(part, place)
            clause = read_clause(sql, part[place:stop], name, column)
            if clause is not None:
                yield clause
            place, name = stop, None
        elif part[place].text == "(":
            place = brackets(part, place) + 1  # of the type: VARCHAR(20)
        else:
            place += 1


def end_of(part: Sequence[Token], place: int) -> int:
    """Return where the clause that starts at a place ends."""
    if part[place].word == "DEFAULT":  # its value may be any word
        return brackets(part, place + 1) + 1 if part[place + 1].text == "(" else place + 2
    foreign = part[place].word in ("FOREIGN", "REFERENCES")
    # GENERATED ALWAYS AS and FOREIGN KEY … REFERENCES go on with a word that starts a clause elsewhere.
    inner = {"GENERATED": {"AS"}, "FOREIGN": {"REFERENCES"}}.get(part[place].word, set[str]())
    at = place + 1
    while at < len(part):
        word = part[at].word
        if part[at].text == "(":
            at = brackets(part, at)
        elif foreign and (follows_on(part, at) or words(part, at, "NOT", "DEFERRABLE")):
            at += 1
        elif word == "CONSTRAINT" or (word in STARTS and word not in inner):
            return at
        at += 1
    return at


def follows_on(part: Sequence[Token], at: int) -> bool:
    """Tell whether `SET NULL` or `SET DEFAULT` of a foreign key stands here."""
    return words(part, at, "SET", "NULL") or words(part, at, "SET", "DEFAULT")


def read_clause(sql: str, part: Sequence[Token], name: str | None, column: tuple[str, ...]) -> Clause | None:
    word = "GENERATED" if part[0].word == "AS" else "FOREIGN" if part[0].word == "REFERENCES" else part[0].word
    opening = next((place for place, token in enumerate(part) if token.text == "("), None)
    inside: Sequence[Token] = () if opening is None else part[opening + 1 : brackets(part, opening)]
    text = sql[inside[0].start : inside[-1].end] if inside else ""
    if word == "CHECK":
        return Clause(word, name, column, text)
    if word == "GENERATED":
        return Clause(word, name, column, text, options={"stored": any(token.word == "STORED" for token in part)})
    if word == "COLLATE":
        return Clause(word, name, column, identifier(part[1].text))
    if word in ("PRIMARY", "UNIQUE"):
        columns = column or tuple(identifier(item[0].text) for item in split(inside))
        return Clause(word, name, columns, options={"autoincrement": any(x.word == "AUTOINCREMENT" for x in part)})
    if word == "FOREIGN":
        return foreign_key(part, name, column or tuple(identifier(item[0].text) for item in split(inside)))
    return None


def foreign_key(part: Sequence[Token], name: str | None, columns: tuple[str, ...]) -> Clause:
    at = next(place for place, token in enumerate(part) if token.word == "REFERENCES")
    clause = Clause("FOREIGN", name, columns, target=identifier(part[at + 1].text))
    rest = list(part[at + 2 :])
    if rest and rest[0].text == "(":
        closing = brackets(rest, 0)
        clause.target_columns = tuple(identifier(item[0].text) for item in split(rest[1:closing]))
        rest = rest[closing + 1 :]
    said = [token.word for token in rest]
    for place, word in enumerate(said):
        if word in ("DELETE", "UPDATE") and said[place - 1] == "ON":
            rule = said[place + 1]
            rule = f"{rule} {said[place + 2]}" if rule in ("SET", "NO") else rule
            clause.options[f"on{word.lower()}"] = rule
        elif word == "MATCH":
            clause.options["match"] = said[place + 1]
        elif word == "DEFERRABLE":
            clause.options["deferrable"] = said[place - 1] != "NOT"
        elif word == "INITIALLY":
            clause.options["initially"] = said[place + 1]
    return clause


def index_parts(sql: str) -> tuple[list[str], str]:
    """Return what an index reads, as it is written, and the condition of a partial one.

    Takes PostgreSQL's `pg_get_indexdef` as well.
    """
    items = tokens(sql)
    on = next(place for place, token in enumerate(items) if token.word == "ON")
    opening = next(place for place in range(on, len(items)) if items[place].text == "(")
    closing = brackets(items, opening)
    parts = [sql[part[0].start : part[-1].end] for part in split(items[opening + 1 : closing])]
    where = next((token for token in items[closing:] if token.word == "WHERE"), None)
    return parts, sql[where.end :].strip() if where else ""
