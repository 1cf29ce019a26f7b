"""Statements, repositories and pages as type checkers see them. Read by pyright and mypy, never run."""

from datetime import datetime
from typing import Annotated, assert_type
from uuid import UUID

from pydantic import MISSING, BaseModel
from sqlalchemy import func
from sqlalchemy.orm import selectinload

from framework.db import (
    CursorPage,
    CursorWindow,
    Field,
    Filter,
    OrderBy,
    Page,
    ReadRepository,
    ReadSession,
    Relationship,
    Repository,
    Search,
    Session,
    Timestamp,
    Timestamped,
    UUIDKeyed,
    Window,
    col,
    rel,
    select,
)


class Team(UUIDKeyed, table=True):
    __tablename__ = "teams"

    name: str = Field(max_length=50, unique=True)
    players: list["Player"] = Relationship(back_populates="team", order_by="name")


class Player(Timestamped, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    goals: int = 0
    team_id: UUID | None = Field(default=None, foreign_key="league.Team.id", ondelete="SET NULL")
    team: Team | None = Relationship(to="league.Team", back_populates="players")


class PlayerRead(BaseModel):
    name: str
    created_at: Timestamp


class PlayerChange(BaseModel):
    name: str | MISSING = MISSING


class PlayerWindow(Window):
    team: Annotated[str | None, Filter("team__name")] = None
    q: Annotated[str | None, Search("name")] = None
    order: Annotated[str, OrderBy("name", "goals")] = "name"


async def statements(session: Session) -> None:
    join = select(Player).join(rel(Player.team)).where(col(Team.name) == "Ajax")
    player = (await session.exec(join)).first()
    assert_type(player, Player | None)

    label = select(Team, func.count(col(Player.id)).label("size")).join(rel(Team.players)).group_by(col(Team.id))
    for team, size in await session.exec(label):
        assert_type(team, Team)
        assert_type(size, int)

    eager = select(Team).options(selectinload(rel(Team.players)))
    assert_type((await session.exec(eager)).one().players, list[Player])

    order = select(Player).order_by(col(Player.goals).desc(), col(Player.created_at))
    assert_type((await session.exec(order)).first(), Player | None)

    tagged = select(Team).where(rel(Team.players).any(col(Player.goals) > 3), col(Team.name).icontains("a"))
    assert_type((await session.exec(tagged)).first(), Team | None)

    assert_type((await session.exec(select(Player.name))).first(), str | None)


def rows() -> None:
    player = Player(name="Johan", team=Team(name="Ajax"))
    assert_type(player.id, int)
    assert_type(player.created_at, datetime)
    assert_type(player.team, Team | None)
    Player(nme="Johan")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def repositories(session: Session, players: Repository[Player], reader: ReadRepository[Player]) -> None:
    assert_type(await players.all(order="-goals", load=(Player.team,), goals__gt=3), list[Player])
    assert_type(await players.all(col(Player.goals) > 3, Player.name == "Johan", PlayerWindow()), list[Player])
    assert_type(await players.find(name="Johan"), Player | None)
    player = await players.get(1, load=(Player.team, (Player.team, Team.players)))
    assert_type(player, Player)
    assert_type(await players.add(Player(name="Johan"), load=(Player.team,)), Player)
    assert_type(await players.add_all([player]), list[Player])
    assert_type(await players.update(player, PlayerChange(name="Johan"), goals=3), Player)
    assert_type(await players.update_all({"goals": 0}, col(Player.goals) < 0), int)
    assert_type(await players.delete_all(name="Johan"), int)
    assert_type(await players.exists(name="Johan"), bool)
    assert_type(await players.count(), int)
    assert_type(await players.ensure(player), Player)
    await players.delete(player)
    await players.require_unique(but=player, name="Johan")

    assert_type(await reader.page(), Page[Player])
    assert_type(await reader.page(PlayerWindow(team="Ajax")), Page[Player])
    assert_type(await reader.page(into=PlayerRead), Page[PlayerRead])
    assert_type(await reader.page(CursorWindow()), CursorPage[Player])
    assert_type(await reader.page(CursorWindow(), into=PlayerRead), CursorPage[PlayerRead])
    await reader.add(player)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    Repository(session, Player)


class Players(Repository[Player]):
    async def scorers(self) -> list[Player]:
        return await self.all(col(Player.goals) > 0)


async def pages(session: ReadSession) -> None:
    size = select(func.count()).where(col(Player.team_id) == Team.id).scalar_subquery()
    assert_type(await Page.of(session, select(Team)), Page[Team])
    labelled = await Page.of(session, select(Team, size.label("size")), PlayerWindow())
    team, _ = labelled.items[0]
    assert_type(team, Team)
    assert_type(await Page.of(session, select(Player, Team).join(rel(Player.team))), Page[tuple[Player, Team]])
    assert_type(await Page.of(session, select(Player, size.label("size")), Window(), into=PlayerRead), Page[PlayerRead])
    assert_type(await CursorPage.of(session, select(Team), CursorWindow(), order="name"), CursorPage[Team])
    assert_type((await Page.of(session, select(Team))).map(lambda team: team.name), Page[str])
    assert_type((await Page.of(session, select(Team))).total, int)
