"""Every code of an error can be explained from the command line, also where only the wheel is installed."""

import re
import zipfile
from pathlib import Path

import pytest

import framework
from framework.errors import CommandError
from framework.management import explanations as module
from framework.management.commands.explain import explain
from framework.management.explanations import explanations
from framework.migrations.safety.catalogue import RULES
from tests.house.test_documentation import ERRORS, codes_raised


def test_every_code_is_explained() -> None:
    known = explanations()
    assert {*codes_raised(), *(rule.code for rule in RULES.values())} <= {*known}
    assert all(text and not re.search(r"^#", text, re.MULTILINE) for text in known.values())


@pytest.mark.parametrize("written", ["web.hosts", "[web.hosts]", "(web.hosts)"])
def test_a_code_is_explained_as_it_was_printed(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    explain(written)
    printed = capsys.readouterr().out
    assert printed.startswith("An entry of `allowed_hosts` is no host name.")
    assert printed in ERRORS.read_text()


def test_a_code_that_no_error_has_is_told_with_the_nearest() -> None:
    with pytest.raises(CommandError, match=r"Did you mean 'web\.hosts'") as caught:
        explain("web.host")
    assert caught.value.code == "explain.code"


def test_the_wheel_brings_what_is_explained(
    framework_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(framework_wheel) as wheel:
        wheel.extractall(tmp_path, [name for name in wheel.namelist() if name.startswith("framework/reference/")])
    here = explanations()
    monkeypatch.setattr(framework, "__file__", str(tmp_path / "framework" / "__init__.py"))
    assert module.explanations() == here
