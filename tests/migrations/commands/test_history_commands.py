"""The commands that work on a history itself: merging, updating, squashing, shortening, pruning, printing SQL."""

from pathlib import Path

import pytest
from project_folder import FILES, Folder

END = "revision = 'people.{0}'\ndown_revision = 'people.0001_initial'\n\n\ndef upgrade():\n    pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write(FILES)
    folder.post()
    return folder


def lines_of(printed: str, command: str) -> list[str]:
    """Return what one command printed."""
    after = printed.partition(f"$ {command}\n")[2]
    return after.partition("\n$ ")[0].splitlines()


def test_a_history_is_merged_squashed_and_pruned(folder: Folder) -> None:
    made = folder.manage("makemigrations", "makemigrations --merge", "sqlmigrate people 0001 --dialect postgresql")
    assert lines_of(made, "makemigrations --merge") == ["No conflicts detected to merge."]
    sql = lines_of(made, "sqlmigrate people 0001 --dialect postgresql")
    assert sql[:5] == ["BEGIN;", "--", "-- Create model Person", "--", "CREATE TABLE people_person ("]
    assert sql[-1] == "COMMIT;"
    assert not (folder.path / "db.sqlite3").exists()
    for name in ("0002_a", "0002_b"):
        folder.write({f"people/migrations/{name}.py": END.format(name)})
    printed = folder.manage(
        "migrate",
        "makemigrations --merge --noinput",
        "migrate -v 2",
        "squashmigrations people 0003 --noinput",
        "squashmigrations people 0003_merge --noinput",
        "showmigrations people",
        "migrate",
        "optimizemigration people 0003_merge --check",
        "migrate --prune",
        "migrate people --prune",
    )
    assert "To fix them run 'python manage.py makemigrations --merge'" in printed
    merged = lines_of(printed, "makemigrations --merge --noinput")
    assert merged[:3] == ["Merging people", "  Branch 0002_a", "  Branch 0002_b"]
    assert merged[-1].endswith("people/migrations/0003_merge_0002_a_0002_b.py")
    assert merged[-1].startswith("Created new merge migration ")
    applied = lines_of(printed, "migrate -v 2")
    assert applied[3].startswith("  Applying people.0001_initial... OK (0.")
    assert applied[3].endswith("s, 1 of 5)")
    squashed = lines_of(printed, "squashmigrations people 0003 --noinput")
    assert squashed[:7] == [
        "Will squash the following migrations:",
        " - 0001_initial",
        " - 0002_a",
        " - 0002_b",
        " - 0003_merge_0002_a_0002_b",
        "Optimizing...",
        "  No optimizations possible.",
    ]
    assert squashed[7].startswith("Created new squashed migration ")
    assert lines_of(printed, "showmigrations people") == [
        "people",
        " [-] 0001_squashed_0003_merge_0002_a_0002_b (4 squashed migrations)"
        " Run 'manage.py migrate' to finish recording.",
    ]
    assert "CommandError: Migrations can be pruned only when an app is specified." in printed
    assert lines_of(printed, "migrate people --prune") == ["Pruning migrations:", "  No migrations to prune."]
    # Later, when the old files are gone.
    for path in (folder.path / "people/migrations").glob("000[123]_[!s]*.py"):
        path.unlink()
    (squash,) = (folder.path / "people/migrations").glob("0001_squashed*.py")
    blocked = folder.manage("migrate people --prune", "showmigrations people")
    assert "Cannot use --prune because the following squashed migrations have their 'replaces' attributes" in blocked
    assert " [X] 0001_squashed_0003_merge_0002_a_0002_b (4 squashed migrations)\n" in blocked
    text = squash.read_text()
    start = text.index("replaces = ")
    squash.write_text(text[:start] + text[text.index("]", start) + 1 :])
    revision = f"people.{squash.stem}"
    post = folder.path / "blog/migrations/0001_initial.py"
    post.write_text(post.read_text().replace("people.0001_initial", revision))
    pruned = folder.manage("migrate people --prune", "migrate", "showmigrations people", "makemigrations --check")
    assert "  Pruning people.0001_initial OK\n  Pruning people.0002_a OK\n" in pruned
    assert "  No migrations to apply.\n" in pruned
    assert f"people\n [X] {squash.stem}\n" in pruned
    assert pruned.endswith("No changes detected\n")


def test_the_last_migration_is_updated_while_nobody_has_it(folder: Folder) -> None:
    folder.manage("makemigrations")
    folder.post('slug: str = "x"')
    printed = folder.manage("makemigrations --update", "makemigrations", "migrate")
    assert lines_of(printed, "makemigrations --update") == [
        "Migrations for 'blog':",
        "  blog/migrations/0001_initial_updated.py",
        "    + Create model Post",
        "    + Create index ix_blog_post_title on field(s) title of model post",
        "Deleted blog/migrations/0001_initial.py",
    ]
    assert lines_of(printed, "makemigrations") == ["No changes detected"]
    files = [path.name for path in (folder.path / "blog/migrations").glob("0*.py")]
    assert files == ["0001_initial_updated.py"]
    folder.post()
    refused = folder.manage("makemigrations --update --rename blog.Post.slug:")
    assert "CommandError: Cannot update applied migration 'blog.0001_initial_updated'." in refused


def test_what_broke_off_is_told_with_the_way_it_went(folder: Folder) -> None:
    text = (
        "revision = 'people.0002_rows'\ndown_revision = 'people.0001_initial'\ntransactional = False\n\n\n"
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n\n\n"
        "def data(migration):\n    {}\n\n\ndef undo_data(migration):\n    raise RuntimeError('back')\n"
    )
    first = "revision = 'people.0001_initial'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n"
    rows = text.format("raise RuntimeError('on')")
    folder.write({"people/migrations/0001_initial.py": first, "people/migrations/0002_rows.py": rows})
    printed = folder.manage("migrate people", "migrate people 0001")
    told = "  people.0002_rows was interrupted {}; continue with the same 'manage.py migrate' as before."
    assert told.format("while it was applied") in lines_of(printed, "migrate people 0001"), printed
    folder.write({"people/migrations/0002_rows.py": text.format("pass")})
    printed = folder.manage("migrate people", "migrate people 0001", "migrate people -v 1")
    assert told.format("while it was unapplied") in lines_of(printed, "migrate people -v 1"), printed
