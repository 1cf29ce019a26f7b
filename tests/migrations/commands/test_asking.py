"""makemigrations asks a person at a terminal, and answers scripts."""

from pathlib import Path

import pytest
from project_folder import FILES, Folder

from tests.programs import SESSION
from tests.terminal import Terminal

NOTE = """
from framework.db import Field, Model


class Note(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    {fields}
"""


def note(folder: Folder, *fields: str) -> None:
    folder.write({"blog/models.py": NOTE.format(fields="\n    ".join(fields))})


@pytest.fixture
def noted(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write(FILES)
    note(folder, "title: str = Field(max_length=50, index=True)")
    assert "+ Create model Note" in folder.manage("makemigrations")
    return folder


def at_terminal(folder: Folder, line: str, answers: list[tuple[str, str]]) -> str:
    """Run a command at a terminal; give each answer when its question stands there. Return what was shown between."""
    terminal = Terminal(folder.path, folder.environment, "-c", SESSION, line)
    try:
        shown = [terminal.answer(question, typed) for question, typed in answers]
        return "".join([*shown, terminal.rest()])
    finally:
        terminal.close()


def test_a_person_at_a_terminal_is_asked(noted: Folder) -> None:
    note(noted, "headline: str = Field(max_length=50, index=True)", "pages: int")
    shown = at_terminal(
        noted,
        "makemigrations",
        [
            ("Was note.title renamed to note.headline (a String(50))? [y/N] ", "y"),
            ("Select an option: ", "1"),
            (">>> ", "'many'"),
            (">>> ", "3 - 1"),
        ],
    )
    assert "It is impossible to add a non-nullable field 'pages' to note without specifying a default." in shown
    assert "Invalid input: 'many' is not of type int." in shown
    assert shown.endswith(
        "Migrations for 'blog':\n"
        "  blog/migrations/0002_rename_title_note_headline_note_pages.py\n"
        "    ~ Rename field title on note to headline\n"
        "    + Add field pages to note\n"
    )
    text = (noted.path / "blog/migrations/0002_rename_title_note_headline_note_pages.py").read_text()
    assert 'server_default="2"' in text


def test_scripts_answer_beforehand_or_nothing_is_written(noted: Folder) -> None:
    note(noted, "headline: str = Field(max_length=50, index=True)", "pages: int")
    (noted.path / "answers.toml").write_text('[values]\n"blog.Note.pages" = 2\n')
    shown = noted.manage(
        "makemigrations --noinput",
        "makemigrations --noinput --rename blog.Note.title:headline",
        "makemigrations --noinput --rename blog.Note.tilte:headline --answers answers.toml",
        "makemigrations --noinput --rename blog.Note.title:headlines --answers answers.toml",
        "makemigrations --check",
        "makemigrations --noinput --rename blog.Note.title:headline --answers answers.toml",
        "migrate",
        "makemigrations --check",
    )
    parts = shown.split("$ ")[1:]
    assert "may have been renamed to 'headline'" in parts[0]
    assert "--rename blog.Note.title:headline says it was renamed" in parts[0]
    assert "it is impossible to add a non-nullable field without specifying a default" in parts[1]
    assert [part.rstrip().endswith("exit 3") for part in parts] == [True] * 4 + [False] * 4
    assert "may have been renamed to 'headline'" in parts[3]
    assert parts[4].rstrip().endswith("exit 1")
    assert "~ Rename field title on note to headline" in parts[5]
    assert "0002_rename_title_note_headline_note_pages... OK" in parts[6]
    assert "No changes detected" in parts[7]
    assert [path.name for path in sorted((noted.path / "blog/migrations").glob("0*.py"))] == [
        "0001_initial.py",
        "0002_rename_title_note_headline_note_pages.py",
    ]
