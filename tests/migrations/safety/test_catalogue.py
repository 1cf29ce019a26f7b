"""The page about safety lists every rule as it is."""

import re
from pathlib import Path

from framework.migrations.safety.catalogue import RULES, SECTIONS, page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "migration-safety.md"


def test_the_page_ends_with_what_the_rules_say() -> None:
    _, _, written = PAGE.read_text().partition("safety.catalogue -->\n\n")
    assert written == page(), "rewrite it: python -m framework.migrations.safety.catalogue"


def test_the_page_tells_where_the_rules_of_others_are() -> None:
    _, _, others = PAGE.read_text().partition("## Coming from")
    rows = re.findall(r"^\| .* \| (.*) \|$", others.partition("## Rules")[0], flags=re.MULTILINE)[1:]
    named = {name for row in rows if "no rule" not in row for name in re.findall(r"`([a-z-]+)`", row)}
    assert len(rows) > 20
    assert named - set(RULES) == set()


def test_every_rule_says_what_breaks_and_what_to_do_under_an_id_of_its_own() -> None:
    rules = [rule for section in SECTIONS.values() for rule in section]
    assert len(rules) == len(RULES)
    for rule in rules:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
        assert rule.code == f"migrations.safety.{rule.id}"
        assert rule.steps
        assert rule.breaks.endswith(".")
        assert not rule.title.endswith(".")
