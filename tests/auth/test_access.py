"""What a user may do: permissions in one statement, and policies that agree on lists and single objects."""

import asyncio

import pytest
from sqlalchemy.orm import aliased

from framework import Project
from framework.auth import Access
from framework.db import Session, select
from framework.errors import FrameworkError, PermissionDenied, Unauthenticated
from framework.services import Scope
from framework.users.models import User
from tests.auth.press.models import Note, Page, Story

PRESS = (
    "framework.log",
    "framework.db",
    "framework.migrations",
    "framework.cache",
    "framework.throttling",
    "framework.mail",
    "framework.users",
    "framework.auth",
    "tests.auth.press",
)


@pytest.fixture
def project(make_site) -> Project:
    return make_site(installed_apps=PRESS)


@pytest.fixture
async def access(scope: Scope) -> Access:
    return await scope.get(Access)


async def test_permissions_come_in_person_and_by_groups_in_one_statement(project, access, make, permit, statements):
    user, other = await make(User), await make(User)
    await permit(user, "press.view_note", "press.add_note")
    await permit(user, "press.add_note", "press.change_note", group=True)
    await permit(other, "press.delete_note")
    with statements(project) as seen:
        assert await access.permissions(user) == {"press.view_note", "press.add_note", "press.change_note"}
        assert await access.has(user, "press.add_note")
        assert not await access.has(user, "press.delete_note")
    assert len(seen) == 1
    assert await access.permissions(other) == {"press.delete_note"}


async def test_what_is_remembered_ends_with_the_scope(project, access, make, permit):
    user = await make(User)
    assert await access.permissions(user) == frozenset()
    await permit(user, "press.view_note")
    assert await access.permissions(user) == frozenset()
    async with project.scope() as later:
        assert await (await later.get(Access)).permissions(user) == {"press.view_note"}


async def test_staff_without_permissions_can_do_nothing(access, make):
    staff = await make(User, is_staff=True)
    story = await make(Story, author_id=(await make(User)).id)
    for name in ("press.view_note", "press.change_story"):
        assert not await access.has(staff, name)
    for action in ("add", "change", "delete", "view", "publish"):
        with pytest.raises(PermissionDenied):
            await access.require(staff, action, story)
    assert await allowed(access, staff, "view", Note) == []


async def test_a_superuser_may_everything_and_who_is_not_active_nothing(access, make, permit):
    chief = await make(User, is_superuser=True)
    gone = await make(User, is_superuser=True, is_active=False)
    story, note = await make(Story, author_id=gone.id), await make(Note)
    await permit(gone, "press.view_note")
    for action, subject in [("change", story), ("publish", story), ("delete", note), ("add", Story)]:
        await access.require(chief, action, subject)
        with pytest.raises(PermissionDenied):
            await access.require(gone, action, subject)
    assert await access.permissions(chief) > {"press.view_note", "press.publish_note", "users.delete_user"}
    assert await access.has(chief, "press.delete_note")
    assert await access.permissions(gone) == frozenset()
    assert await allowed(access, chief, "change", Story) == [story.id]
    assert await allowed(access, gone, "change", Story) == []


async def allowed(access: Access, user: User | None, action: str, model, key="id") -> list[int]:
    """Return the keys of the rows that a list is narrowed to."""
    statement = await access.filter(user, action, select(model))
    return sorted(getattr(row, key) for row in await access._session.scalars(statement))


async def test_a_list_holds_exactly_what_single_objects_allow(access, make, permit):
    ann, ben, editor, chief = (
        await make(User),
        await make(User),
        await make(User),
        await make(User, is_superuser=True),
    )
    await permit(editor, "press.change_story", group=True)
    stories = [await make(Story, author_id=user.id) for user in (ann, ann, ben, chief)]
    for user, count in ((ann, 2), (ben, 1), (editor, 4), (chief, 4)):
        single = [story.id for story in stories if await access.allows(user, "change", story)]
        assert await allowed(access, user, "change", Story) == single
        assert len(single) == count


async def test_a_policy_in_python_decides_about_single_objects_alone(access, make, permit):
    author, reader = await make(User), await make(User)
    story = await make(Story, author_id=author.id)
    await permit(author, "press.view_story")
    await permit(reader, "press.view_story")
    await access.require(reader, "publish", story)
    with pytest.raises(PermissionDenied) as denied:
        await access.require(author, "publish", story)
    assert denied.value.subject == "story"
    with pytest.raises(FrameworkError, match=r"StoryPolicy.publish .*policies.py:17.* narrows no list") as error:
        await access.filter(reader, "publish", select(Story))
    assert error.value.hint == "Write it as a condition: `def publish_where(self, user) -> ColumnElement[bool]`."
    assert error.value.code == "auth.filter"


async def test_the_permission_decides_where_the_policy_is_silent(access, make, permit):
    user = await make(User)
    story, note = await make(Story, author_id=user.id), await make(Note)
    assert not await access.allows(user, "delete", story)
    assert not await access.allows(user, "view", note)
    assert await allowed(access, user, "view", Note) == []
    await permit(other := await make(User), "press.delete_story", "press.view_note")
    assert await access.allows(other, "delete", story)
    assert await access.allows(other, "view", note)
    assert await access.allows(other, "view", Note)
    assert await allowed(access, other, "view", Note) == [note.id]


async def test_a_class_stands_for_the_object_that_is_not_there_yet(access, make):
    inside, outside = await make(User, email="a@press.example"), await make(User)
    assert await access.allows(inside, "add", Story)
    assert not await access.allows(outside, "add", Story)
    with pytest.raises(FrameworkError, match="may 'change' a Story depends on its row, and the class was given"):
        await access.allows(inside, "change", Story)


async def test_a_caller_without_a_user_is_refused_unless_a_policy_admits_it(access, make):
    ann = await make(User)
    story = await make(Story, author_id=ann.id)
    first, second = (
        await make(Page, book=1, number=1, author_id=ann.id),
        await make(Page, book=1, number=2, author_id=ann.id),
    )
    with pytest.raises(Unauthenticated):
        await access.require(None, "change", story)
    with pytest.raises(Unauthenticated):
        await access.require(None, "press.view_note")
    assert await allowed(access, None, "change", Story) == []
    await access.require(None, "view", first)
    with pytest.raises(Unauthenticated):
        await access.require(None, "view", second)
    assert await allowed(access, None, "view", Page, "number") == [1]
    assert await allowed(access, ann, "view", Page, "number") == [1, 2]
    assert await access.permissions(None) == frozenset()


async def test_an_object_that_is_changed_and_not_stored_yet_is_judged_as_it_will_be(access, make, scope):
    ann, ben = await make(User), await make(User)
    made = await make(Story, author_id=ann.id)
    story = await (await scope.get(Session)).get_one(Story, made.id)
    assert await access.allows(ann, "change", story)
    story.author_id = ben.id
    assert not await access.allows(ann, "change", story)
    assert await access.allows(ben, "change", story)
    assert not await access.allows(ann, "change", Story(title="new", author_id=ann.id))


async def test_statements_of_columns_are_narrowed_too_and_aliases_are_refused(access, make):
    ann = await make(User)
    await make(Story, title="a", author_id=ann.id)
    await make(Story, title="b", author_id=(await make(User)).id)
    statement = await access.filter(ann, "change", select(Story.title))
    assert list(await access._session.scalars(statement)) == ["a"]
    for wrong in (select(aliased(Story)), select(1)):
        with pytest.raises(FrameworkError, match=r"selects .* first") as error:
            await access.filter(ann, "change", wrong)
        assert error.value.code == "auth.filter"


@pytest.mark.parametrize(
    ("action", "subject", "text", "hint"),
    [
        ("chnage", Note(), "Nothing says who may 'chnage' a Note", "Did you mean 'change'?"),
        ("publsh", Story(title="", author_id=1), "Nothing says who may 'publsh' a Story", "Did you mean 'publish'?"),
        ("fly", Note, "Nothing says who may 'fly' a Note", "There are: add, change, delete, publish, view."),
        ("press.chnage_note", None, "No installed app has the permission 'press.chnage_note'", "press.change_note"),
        ("change", object(), "builtins.object is no model of an installed app", "with table=True"),
    ],
)
async def test_what_nobody_knows_is_an_error_with_what_was_meant_for_superusers_too(
    access, make, action, subject, text, hint
):
    for user in (await make(User), await make(User, is_superuser=True)):
        with pytest.raises(FrameworkError, match=text) as error:
            await access.require(user, action, subject)
        assert hint in (error.value.hint or "")


async def test_a_permission_that_somebody_stored_by_hand_is_known(access, make, permit):
    user, other = await make(User), await make(User)
    await permit(user, "reports.run")
    assert await access.has(user, "reports.run")
    assert not await access.has(other, "reports.run")


@pytest.mark.parametrize(("action", "given"), [("forget", "gave None"), ("sell", "gave <sqlalchemy.* object")])
async def test_a_policy_that_says_neither_yes_nor_no_lets_nobody_through(access, make, action, given):
    story = await make(Story, author_id=(await make(User)).id)
    with pytest.raises(FrameworkError, match=f"StoryPolicy.{action} .*{given}.*; wanted a bool") as error:
        await access.require(await make(User), action, story)
    assert error.value.code == "auth.policy-answer"


async def test_users_do_not_share_what_is_remembered(project, make, permit):
    users = [await make(User) for _ in range(4)]
    await permit(users[0], "press.view_note")

    async def ask(user: User) -> bool:
        async with project.scope() as own:
            return await (await own.get(Access)).has(user, "press.view_note")

    assert await asyncio.gather(*map(ask, users)) == [True, False, False, False]
