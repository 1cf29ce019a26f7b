"""Routes that ask for services, as mypy and pyright read them. Run by the checkers only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol, assert_type

from fastapi import APIRouter, FastAPI, Request, Response

from framework import Project
from framework.services import Scope
from framework.web import FieldProblem, Inject, Problem, Route, create_app, reverse, routes


class Clock(ABC):
    """What an app provides under an abstract name."""

    @abstractmethod
    def now(self) -> float: ...


class Sender(Protocol):
    """What an app provides under a protocol."""

    async def send(self, text: str) -> None: ...


router = APIRouter()


@router.get("/time")
async def read(clock: Inject[Clock], sender: Inject[Sender], project: Inject[Project], scope: Inject[Scope]) -> float:
    assert_type(clock, Clock)
    assert_type(project, Project)
    await sender.send("asked")
    assert_type(await scope.get(Clock), Clock)
    return clock.now()


def render(request: Request, problem: Problem) -> Response:
    assert_type(problem.status, int)
    names = [field.name for field in problem.fields]
    assert_type(names, list[str])
    return Response(", ".join(names), problem.status)


def serve(project: Project) -> FastAPI:
    for route in routes(project):
        assert_type(route, Route)
        assert_type(route.methods, tuple[str, ...])
        assert_type(route.where, str)
    assert_type(reverse("blog:read", id=1), str)
    assert_type(routes(project).reverse("blog:read", id=1), str)
    return create_app(project)


payment = Problem(402, "declined", fields=[FieldProblem("card", ("body", "card"), "declined", "was declined")])
