"""Checks of what the project's settings are read from."""

from pathlib import Path

from framework import Project, Section, Settings
from framework.checks import Level, run


class BlogSettings(Section):
    page_size: int = 20


class ProjectSettings(Settings):
    blog: BlogSettings = BlogSettings()


def test_a_variable_that_nothing_reads_is_a_warning_with_the_near_match(tmp_path: Path) -> None:
    environ = {"BLOG__PAGE_SZE": "5", "DEBUG": "1", "HOME": "/root"}
    project = Project(ProjectSettings(_root=tmp_path, _environ=environ, _env_file=None))
    (message,) = run(project, tags=["settings"])
    assert (message.level, message.code) == (Level.WARNING, "conf.unknown-variable")
    assert "BLOG__PAGE_SZE" in message.text
    assert "BLOG__PAGE_SIZE" in (message.hint or "")
    assert message.where == "the environment"
