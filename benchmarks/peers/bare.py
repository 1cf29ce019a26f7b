"""The same endpoints on FastAPI and SQLModel alone, as their documentation writes them."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BARE_DATABASE']}")
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


class Note(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str
    text: str


class NoteFields(BaseModel):
    title: str
    text: str


class NoteRead(NoteFields):
    id: int


class NotePage(BaseModel):
    items: list[NoteRead]
    total: int


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        await connection.run_sync(SQLModel.metadata.create_all)
    yield
    await engine.dispose()


async def get_session() -> AsyncGenerator[AsyncSession]:
    async with sessions() as session:
        yield session
        await session.commit()


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
app = FastAPI(lifespan=lifespan)


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/notes/notes", response_model=NotePage)
async def list_notes(session: SessionDep, limit: Annotated[int, Query(le=100)] = 50, offset: int = 0) -> object:
    rows = (await session.exec(select(Note).order_by(col(Note.id)).limit(limit).offset(offset))).all()
    total = (await session.exec(select(func.count()).select_from(Note))).one()
    return {"items": [row.model_dump() for row in rows], "total": total}


@app.get("/notes/notes/{id}", response_model=NoteRead)
async def read_note(id: int, session: SessionDep) -> object:
    note = await session.get(Note, id)
    if note is None:
        raise HTTPException(404)
    return note


@app.post("/notes/notes", status_code=201, response_model=NoteRead)
async def create_note(fields: NoteFields, session: SessionDep) -> object:
    note = Note(**fields.model_dump())
    session.add(note)
    await session.flush()
    return note
