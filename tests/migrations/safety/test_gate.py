"""The gate at the commands: `migrate --safe-only`, `check --deploy`, `makemigrations --safe`."""

from pathlib import Path

import pytest
from project_folder import FILES, Folder
from workbench import Base, Workshop

from framework.errors import CommandError
from framework.migrations.errors import HistoryError
from framework.migrations.safety.acceptance import accepted_by
from framework.migrations.safety.gate import require_safe

TAG = """
def upgrade():
    op.create_table("blog_tag", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
"""
DROP = """
def upgrade():
    op.drop_column("blog_tag", "name")
"""


def gate(workshop: Workshop, *applied: str) -> list[str]:
    """Return the codes of what the gate warns of, for all that is not applied."""
    graph = workshop.graph()
    return [item.code for item in require_safe(graph, set(applied), graph.forwards(graph.order, applied), "postgresql")]


def test_an_unsafe_step_is_refused_with_what_breaks_and_the_way_out(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", TAG)
    workshop.write("blog", "0002_drop", DROP, down_revision="blog.0001_initial")
    with pytest.raises(CommandError) as raised:
        gate(workshop, "blog.0001_initial")
    assert raised.value.code == "migrations.unsafe"
    assert raised.value.exit_code == 3
    assert "blog.0002_drop drops column 'name' of 'blog_tag'. The running release names" in raised.value.message
    assert "1. Take the column out of the models and deploy that release" in raised.value.message
    assert 'accepted = {"drop-column": "why it does no harm here"}' in raised.value.message
    assert "[migrations.safety.drop-column]" in raised.value.message


def test_a_new_database_holds_nothing_that_could_break(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", TAG)
    workshop.write("blog", "0002_drop", DROP, down_revision="blog.0001_initial")
    assert gate(workshop) == []


def test_a_step_is_accepted_with_a_reason(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", TAG)
    reason = {"drop-column": "no release has read it since May"}
    workshop.write("blog", "0002_drop", DROP, down_revision="blog.0001_initial", accepted=reason)
    assert gate(workshop, "blog.0001_initial") == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_step_is_not_accepted_without_a_reason(workshop: Workshop, reason: str) -> None:
    workshop.write("blog", "0001_initial", TAG)
    workshop.write("blog", "0002_drop", DROP, down_revision="blog.0001_initial", accepted={"drop-column": reason})
    with pytest.raises(CommandError, match="accepts 'drop-column' without a reason"):
        gate(workshop, "blog.0001_initial")


def test_accepting_what_does_not_occur_is_a_warning(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", TAG, accepted={"drop-column": "old", "drop-colum": "typo"})
    graph = workshop.graph()
    found = require_safe(graph, set(), graph.forwards(graph.order, ()), "postgresql")
    assert [(item.level.name, item.code) for item in found] == [("WARNING", "migrations.accepted-needlessly")] * 2
    assert found[1].hint == "Did you mean 'drop-column'?"


@pytest.mark.parametrize("value", ["['drop-column']", "{'drop-column': 1}", "dict(x='y')"])
def test_an_acceptance_of_another_form_is_an_error_with_file_and_line(workshop: Workshop, value: str) -> None:
    path = workshop.write("blog", "0001_initial", f"accepted = {value}\n{TAG}")
    with pytest.raises(HistoryError, match=rf"{path}:\d+ sets `accepted` to"):
        accepted_by(workshop.graph().nodes["blog.0001_initial"])


async def test_steps_back_are_refused(base: Base) -> None:
    base.workshop.write("blog", "0001_initial", TAG)
    graph = base.workshop.graph()
    steps = graph.to_zero("blog", {"blog.0001_initial"})
    with pytest.raises(CommandError, match="would be unapplied"):
        require_safe(graph, {"blog.0001_initial"}, steps, base.engine.dialect.name)


def test_the_commands_write_refuse_and_report(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FILES)
    folder.post()
    folder.manage("makemigrations", "migrate --safe-only")
    folder.post("stars: int = 1")
    output = folder.manage(
        "makemigrations --safe --noinput",
        "migrate blog 0002 --safe-only",
        "migrate --safe-only --plan",
        "migrate --safe-only",
    )
    planned = output.partition("$ migrate --safe-only --plan\n")[2].partition("$ ")[0]
    assert planned.startswith("Planned operations:\nblog.0003_post_stars_contract\n")
    assert "2 unsafe step(s)" in planned
    refused = output.partition("$ migrate --safe-only\n")[2]
    assert refused.startswith("CommandError: Nothing was migrated: 2 unsafe step(s).")
    assert "blog/migrations/0002_post_stars.py\n    + Add field stars to post\n" in output
    left = "Left to you: blog.0003_post_stars_contract takes the server default of column 'stars' of 'blog_post'"
    assert left in output
    assert "Applying blog.0002_post_stars... OK" in output
    assert output.endswith("[migrations.unsafe]\nexit 3\n")

    assert 'accepted = {"drop-default": "why it does no harm here"}' in output.partition("$ migrate --safe-only\n")[2]
    output = folder.manage("check --deploy --tag migrations", "check --tag migrations")
    assert """MIGRATIONS__TRUSTED='{"blog": "0003_post_stars_contract"}'""" in output
    assert "blog/migrations/0003_post_stars_contract.py: (migrations.safety.drop-default)" in output
    assert output.endswith("exit 1\n$ check --tag migrations\nSystem check identified no issues (0 silenced).\n")

    path = tmp_path / "blog" / "migrations" / "0003_post_stars_contract.py"
    reasons = {"drop-default": "release 7 runs everywhere", "sqlite-rebuild": "at night", "json": "none"}
    path.write_text(path.read_text().replace("\n\n\ndef up", f"\naccepted = {reasons}\n\n\ndef up"))
    output = folder.manage("check --deploy --tag migrations", "migrate --safe-only", "migrate --safe-only")
    assert "exit" not in output
    assert "(migrations.accepted-needlessly) blog.0003_post_stars_contract accepts 'json', which does not" in output
    assert "Applying blog.0003_post_stars_contract... OK" in output


def test_what_was_applied_long_ago_is_trusted(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FILES)
    folder.post()
    folder.manage("makemigrations")
    folder.post("stars: int = 1")
    trusted = "MIGRATIONS__TRUSTED"
    output = folder.manage(
        "makemigrations", "check --deploy --tag migrations", **{trusted: '{"blog": "0002_post_stars"}'}
    )
    assert "System check identified no issues" in output
