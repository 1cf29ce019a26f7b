"""Each rule finds what is unsafe in one file, and nothing in a file that does it the safe way."""

from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

import pytest
from workbench import Workshop

from framework.migrations.safety.catalogue import RULES
from framework.migrations.safety.examination import examine
from framework.migrations.safety.gate import has_data
from framework.migrations.state.replay import replay, replay_one

BEFORE = """
def upgrade():
    op.create_table(
        "blog_post",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("views", sa.Integer, server_default="0", nullable=False),
        sa.Column("price", sa.Numeric(8, 2)),
        sa.Column("code", sa.String(20)),
        sa.Column("author_id", sa.Integer),
        sa.Column("state", sa.Enum("new", "old", name="state")),
        sa.PrimaryKeyConstraint("id", name="pk_blog_post"),
        sa.CheckConstraint("code IS NOT NULL", name=op.f("ck_code"), postgresql_not_valid=True),
        sa.CheckConstraint("price IS NOT NULL", name=op.f("ck_price")),
    )
    op.create_index("ix_views", "blog_post", ["views"])
    op.create_index("uq_code", "blog_post", ["code"], unique=True)
    op.create_table("blog_tag", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text),
        sa.Column("kind", sa.Enum("a", "b", name="kind", native_enum=False)))
"""


@dataclass
class Example:
    """Two bodies of `upgrade()`."""

    rule: str
    unsafe: str
    safe: str
    dialect: str = "postgresql"
    header: dict[str, object] = field(default_factory=dict[str, object])
    """What stands at the top of the safe file."""
    after: str = ""
    """What follows upgrade() in the unsafe file."""


APART: dict[str, object] = {"transactional": False}
EXAMPLES = [
    Example(
        "add-not-null",
        'op.add_column("blog_post", sa.Column("slug", sa.Text, nullable=False))',
        'op.add_column("blog_post", sa.Column("slug", sa.Text, nullable=False, server_default=""))',
    ),
    Example(
        "add-not-null",
        'op.add_column("blog_post", sa.Column("slug", sa.Text, nullable=False))',
        'op.add_column("blog_post", sa.Column("slug", sa.Text))',
        "sqlite",
    ),
    Example(
        "volatile-default",
        'op.add_column("blog_post", sa.Column("key", sa.Uuid, server_default=sa.func.gen_random_uuid()))',
        'op.add_column("blog_post", sa.Column("at", sa.DateTime(True), server_default=sa.func.now()))',
    ),
    Example(
        "add-generated",
        'op.add_column("blog_post", sa.Column("double", sa.Integer, sa.Computed("views * 2", persisted=True)))',
        'op.add_column("blog_post", sa.Column("double", sa.Integer, sa.Computed("views * 2", persisted=False)))',
    ),
    Example(
        "add-identity",
        'op.add_column("blog_post", sa.Column("number", sa.Integer, sa.Identity()))',
        'op.add_column("blog_post", sa.Column("number", sa.Integer))',
    ),
    Example(
        "json",
        'op.add_column("blog_post", sa.Column("extra", sa.JSON))',
        'op.add_column("blog_post", sa.Column("extra", sa.dialects.postgresql.JSONB))',
    ),
    Example(
        "char",
        'op.add_column("blog_post", sa.Column("country", sa.CHAR(2)))',
        'op.add_column("blog_post", sa.Column("country", sa.String(2)))',
    ),
    Example(
        "naive-timestamp",
        'op.add_column("blog_post", sa.Column("at", sa.DateTime))',
        'op.add_column("blog_post", sa.Column("at", sa.DateTime(timezone=True)))',
    ),
    Example(
        "drop-column",
        'op.drop_column("blog_post", "title")',
        'op.add_column("blog_post", sa.Column("headline", sa.Text))',
    ),
    Example(
        "rename-column",
        'op.alter_column("blog_post", "title", new_column_name="headline")',
        'op.add_column("blog_post", sa.Column("headline", sa.Text))',
    ),
    Example(
        "set-not-null",
        'op.alter_column("blog_post", "code", nullable=False)',
        'op.alter_column("blog_post", "price", nullable=False)',
    ),
    Example(
        "drop-not-null",
        'op.alter_column("blog_post", "title", nullable=True)',
        'op.alter_column("blog_post", "title", server_default="")',
    ),
    Example(
        "drop-default",
        'op.alter_column("blog_post", "views", server_default=None)',
        'op.alter_column("blog_post", "views", server_default="1")',
    ),
    Example(
        "drop-default",
        'op.add_column("blog_post", sa.Column("slug", sa.Text, nullable=False, server_default=""))\n'
        'op.alter_column("blog_post", "slug", server_default=None)',
        'op.add_column("blog_post", sa.Column("slug", sa.Text, server_default=""))\n'
        'op.alter_column("blog_post", "slug", server_default=None)',
    ),
    Example(
        "change-type",
        'op.alter_column("blog_post", "views", type_=sa.BigInteger())',
        'op.alter_column("blog_post", "title", type_=sa.String(300))',
    ),
    Example(
        "change-type",
        'op.alter_column("blog_post", "title", type_=sa.String(100))',
        'op.alter_column("blog_post", "title", type_=sa.Text())',
    ),
    Example(
        "change-type",
        'op.alter_column("blog_post", "price", type_=sa.Numeric(12, 4))',
        'op.alter_column("blog_post", "price", type_=sa.Numeric(12, 2))',
    ),
    Example(
        "key-type",
        'op.alter_column("blog_post", "id", type_=sa.BigInteger())',
        'op.add_column("blog_post", sa.Column("new_id", sa.BigInteger))',
    ),
    Example(
        "drop-table",
        'op.drop_table("blog_tag")',
        'op.create_table("blog_new", sa.Column("id", sa.Integer))\nop.drop_table("blog_new")',
    ),
    Example(
        "rename-table",
        'op.rename_table("blog_tag", "blog_label")',
        'op.create_table("blog_new", sa.Column("id", sa.Integer))\nop.rename_table("blog_new", "blog_label")\n'
        'op.add_column("blog_label", sa.Column("name", sa.Text, nullable=False))',
    ),
    Example(
        "index-not-concurrent",
        'op.create_index("ix_title", "blog_post", ["title"])',
        'op.create_index("ix_title", "blog_post", ["title"], postgresql_concurrently=True)',
        header=APART,
    ),
    Example(
        "index-not-concurrent",
        'op.add_column("blog_post", sa.Column("slug", sa.Text, index=True))',
        'op.add_column("blog_post", sa.Column("slug", sa.Text))',
    ),
    Example(
        "drop-index-not-concurrent",
        'op.drop_index("ix_views", "blog_post")',
        'op.drop_index("ix_views", "blog_post", postgresql_concurrently=True)',
        header=APART,
    ),
    Example(
        "drop-index-not-concurrent",
        'op.drop_index("ix_views")',
        'with op.get_context().autocommit_block():\n    op.drop_index("ix_views", postgresql_concurrently=True)',
    ),
    Example(
        "concurrently-in-transaction",
        'op.create_index("ix_title", "blog_post", ["title"], postgresql_concurrently=True)',
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix_title", "blog_post", ["title"], postgresql_concurrently=True)',
    ),
    Example(
        "wide-index",
        'op.create_index("ix_all", "blog_post", ["title", "views", "price", "code"], postgresql_concurrently=True)',
        'op.create_index("ix_all", "blog_post", ["title", "views", "price"], postgresql_concurrently=True)',
        header=APART,
    ),
    Example(
        "foreign-key-validated",
        'op.create_foreign_key("fk", "blog_post", "blog_tag", ["author_id"], ["id"])',
        'op.create_foreign_key("fk", "blog_post", "blog_tag", ["author_id"], ["id"], postgresql_not_valid=True)',
    ),
    Example(
        "foreign-key-validated",
        'op.add_column("blog_post", sa.Column("tag_id", sa.Integer, sa.ForeignKey("blog_tag.id")))',
        'op.add_column("blog_post", sa.Column("tag_id", sa.Integer))',
    ),
    Example(
        "check-validated",
        'op.create_check_constraint("ck", "blog_post", "views >= 0")',
        'with op.batch_alter_table("blog_post") as batch_op:\n'
        '    batch_op.create_check_constraint("ck", "views >= 0", postgresql_not_valid=True)',
    ),
    Example(
        "unique-on-existing",
        'op.create_unique_constraint("uq_title", "blog_post", ["title"])',
        'op.unique_constraint_from_index("uq_code", "blog_post", ["code"])',
    ),
    Example(
        "unique-on-existing",
        'op.create_index("uq_title", "blog_post", ["title"], unique=True)',
        'op.create_index("uq_title", "blog_post", ["title"], unique=True, postgresql_concurrently=True)',
        header=APART,
    ),
    Example(
        "unique-on-existing",
        'op.create_unique_constraint("uq_title", "blog_post", ["title"])',
        'op.create_table("blog_new", sa.Column("x", sa.Text))\nop.create_unique_constraint("uq", "blog_new", ["x"])',
        "sqlite",
    ),
    Example(
        "exclusion",
        'op.create_exclude_constraint("ex", "blog_post", ("title", "="), using="gist")',
        'op.create_table("blog_new", sa.Column("title", sa.Text))\n'
        'op.create_exclude_constraint("ex", "blog_new", ("title", "="), using="gist")',
    ),
    Example(
        "primary-key",
        'op.drop_constraint("pk_blog_post", "blog_post")',
        'op.drop_constraint("ck_price", "blog_post", type_="check")',
    ),
    Example(
        "primary-key",
        'op.drop_constraint("pk_blog_post", "blog_post", type_="primary")\n'
        'op.create_primary_key("pk_blog_post", "blog_post", ["id", "views"])',
        'op.create_table("blog_new", sa.Column("id", sa.Integer))\nop.create_primary_key("pk", "blog_new", ["id"])',
    ),
    Example(
        "enum-in-transaction",
        'op.alter_column("blog_post", "state", type_=sa.Enum("new", "old", "gone", name="state"))',
        'op.alter_column("blog_post", "state", type_=sa.Enum("new", "old", "gone", name="state"))',
        header=APART,
    ),
    Example(
        "enum-member-removed",
        'op.alter_column("blog_post", "state", type_=sa.Enum("new", name="state"))',
        'op.alter_column("blog_post", "state", comment="how old it is")',
    ),
    Example(
        "enum-member-removed",
        'old = sa.Enum("a", "b", name="kind", native_enum=False)\n'
        'op.alter_enum("blog_tag", "kind", old, sa.Enum("a", name="kind", native_enum=False))',
        'old = sa.Enum("a", "b", name="kind", native_enum=False)\n'
        'op.alter_enum("blog_tag", "kind", old, sa.Enum("a", "b", "c", name="kind", native_enum=False))',
        "sqlite",
    ),
    Example(
        "enum-in-transaction",
        'old = sa.Enum("new", "old", name="state")\n'
        'op.alter_enum("blog_post", "state", old, sa.Enum("new", "old", "gone", name="state"))',
        'old = sa.Enum("new", "old", name="state")\n'
        'op.alter_enum("blog_post", "state", old, sa.Enum("new", "old", "gone", name="state"))',
        header=APART,
    ),
    Example(
        "enum-member-renamed",
        'old = sa.Enum("new", "old", name="state")\n'
        'op.alter_enum("blog_post", "state", old, sa.Enum("new", "aged", name="state"), {"old": "aged"})',
        'old = sa.Enum("new", "old", name="state")\n'
        'op.alter_enum("blog_post", "state", old, sa.Enum("new", "old", "aged", name="state"))',
        header=APART,
    ),
    Example(
        "enum-member-renamed",
        'old = sa.Enum("a", "b", name="kind", native_enum=False)\n'
        'op.alter_enum("blog_tag", "kind", old, sa.Enum("a", "c", name="kind", native_enum=False), {"b": "c"})',
        'old = sa.Enum("a", "b", name="kind", native_enum=False)\n'
        'op.alter_enum("blog_tag", "kind", old, sa.Enum("a", "b", "c", name="kind", native_enum=False))',
        "sqlite",
    ),
    Example(
        "enum-member-removed",
        'old = sa.Enum("new", "old", name="state")\n'
        'op.alter_enum("blog_post", "state", old, sa.Enum("new", name="state"), {"old": "new"})',
        'op.alter_column("blog_post", "state", comment="how old it is")',
    ),
    Example(
        "several-tables",
        'op.add_column("blog_post", sa.Column("a", sa.Text))\nop.add_column("blog_tag", sa.Column("a", sa.Text))',
        'op.add_column("blog_post", sa.Column("a", sa.Text))\nop.add_column("blog_post", sa.Column("b", sa.Text))',
    ),
    Example(
        "validate-in-transaction",
        'op.add_column("blog_post", sa.Column("a", sa.Text))\nop.validate_constraint("ck_code", "blog_post")',
        'op.validate_constraint("ck_code", "blog_post")',
    ),
    Example(
        "data-beside-schema",
        'op.add_column("blog_post", sa.Column("a", sa.Text))\n'
        'op.execute(sa.update(sa.table("blog_post", sa.column("a"))).values(a=""))',
        'op.execute(sa.update(sa.table("blog_post", sa.column("title"))).values(title=""))',
    ),
    Example(
        "data-beside-schema",
        'op.bulk_insert(sa.table("blog_tag", sa.column("id")), [{"id": 1}])\n'
        'op.add_column("blog_post", sa.Column("a", sa.Text))',
        'op.bulk_insert(sa.table("blog_tag", sa.column("id")), [{"id": 1}])',
        "sqlite",
    ),
    Example(
        "data-beside-schema",
        'op.add_column("blog_post", sa.Column("a", sa.Text))',
        'op.add_column("blog_post", sa.Column("a", sa.Text))',
        after="def data(migration):\n    pass\n",
    ),
    Example(
        "data-beside-schema",
        'op.alter_column("blog_post", "price", nullable=False)\nop.fill_nulls("blog_post", "code", "", sa.Text())',
        'op.fill_nulls("blog_post", "code", "", sa.Text())',
    ),
    Example(
        "plain-sql",
        'op.execute("TRUNCATE blog_post CASCADE")',
        'op.execute(sa.delete(sa.table("blog_post")))',
    ),
    Example(
        "sqlite-rebuild",
        'op.alter_column("blog_post", "title", type_=sa.Text())',
        'op.add_column("blog_post", sa.Column("a", sa.Text, nullable=False, server_default=""))\n'
        'op.create_index("ix_a", "blog_post", ["a"])',
        "sqlite",
    ),
]


def found(workshop: Workshop, dialect: str, body: str, after: str = "", **header: Any) -> list[str]:
    workshop.write("blog", "0001_initial", BEFORE)
    text = f"def upgrade():\n{indent(body, '    ')}\n\n\n{after}"
    workshop.write("blog", "0002_change", text, down_revision="blog.0001_initial", **header)
    graph = workshop.graph()
    before = replay(graph, {"blog.0001_initial"})
    migration = graph.nodes["blog.0002_change"]
    operations = replay_one(migration, before.copy())
    return [finding.rule.id for finding in examine(migration, operations, before, dialect, data=has_data(migration))]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.rule}-{example.dialect}")
def test_a_rule_finds_the_unsafe_file_and_lets_the_safe_one_pass(workshop: Workshop, example: Example) -> None:
    assert example.rule in found(workshop, example.dialect, example.unsafe, example.after)
    assert found(workshop, example.dialect, example.safe, **example.header) == []


def test_every_rule_has_an_example() -> None:
    assert {example.rule for example in EXAMPLES} == set(RULES)


def test_what_is_new_in_the_migration_may_be_done_with_as_one_likes(workshop: Workshop) -> None:
    body = """op.create_table("blog_new", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
op.add_column("blog_new", sa.Column("post_id", sa.Integer, sa.ForeignKey("blog_post.id"), nullable=False))
op.create_index("ix_new", "blog_new", ["name"], unique=True)
op.create_check_constraint("ck_new", "blog_new", "id > 0")
op.alter_column("blog_new", "name", new_column_name="title")
op.alter_column("blog_new", "title", nullable=False, type_=sa.CHAR(3))
op.drop_index("ix_new", "blog_new")
op.drop_column("blog_new", "title")"""
    assert found(workshop, "postgresql", body) == []
    assert found(workshop, "sqlite", body) == []


def test_what_is_usual_and_safe_is_not_spoken_of(workshop: Workshop) -> None:
    body = """with op.batch_alter_table("blog_post") as batch_op:
    batch_op.add_column(sa.Column("slug", sa.String(50)))
    batch_op.add_column(sa.Column("likes", sa.Integer, server_default=sa.text("0"), nullable=False))
    batch_op.add_column(sa.Column("tags", sa.ARRAY(sa.Text), server_default=sa.text("ARRAY[]::varchar(5)[]")))
    batch_op.alter_column("title", type_=sa.String(300))
    batch_op.drop_constraint("ck_code", type_="check")
op.create_table_comment("blog_post", "Posts")"""
    assert found(workshop, "postgresql", body) == []


def test_operations_that_are_kept_one_by_one_hold_no_locks(workshop: Workshop) -> None:
    body = 'op.add_column("blog_post", sa.Column("a", sa.Text))\nop.add_column("blog_tag", sa.Column("a", sa.Text))\n'
    body += 'op.validate_constraint("ck_code", "blog_post")'
    assert found(workshop, "postgresql", body, transactional=False) == []


def test_what_changes_the_state_alone_is_no_step_on_the_database(workshop: Workshop) -> None:
    body = 'with op.state_only():\n    op.drop_column("blog_post", "title")\n'
    assert found(workshop, "postgresql", body) == []
    body = 'with op.state_only():\n    op.create_table("blog_known", sa.Column("id", sa.Integer))\n'
    body += 'op.drop_table("blog_known")'
    assert found(workshop, "postgresql", body) == ["drop-table"]
    body = 'with op.database_only():\n    op.drop_column("blog_post", "title")\n'
    assert found(workshop, "postgresql", body) == ["drop-column"]
