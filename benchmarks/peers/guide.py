"""A FastAPI app as the best-practices guide for FastAPI writes one: its settings, session, dependencies and middleware.

Mended where the guide's code does not run: PyJWT in the place of python-jose, which is no longer maintained; names that
it uses and does not import; a filter for its log format. What it leaves open is as its readers have it:
models of SQLModel, and a line in the log for each request, where the ids of requests go.
"""

import logging
import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response, Security, status
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict, EmailStr, Field
from pydantic_settings import BaseSettings
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field as Column
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware


class Settings(BaseSettings):
    DATABASE_URL: str
    SECRET_KEY: str
    DB_POOL_SIZE: int
    DB_MAX_OVERFLOW: int
    JWT_ALGORITHM: str = "HS256"
    ACCESS_TOKEN_EXPIRE_MINUTES: int = 30
    LOG_LEVEL: str = "INFO"


settings = Settings()  # type: ignore[call-arg]

# app/core/logging.py

request_id: ContextVar[str] = ContextVar("request_id", default="no_request_id")


class RequestIDFilter(logging.Filter):
    def filter(self, record: Any) -> bool:
        record.request_id = getattr(record, "request_id", request_id.get())
        return True


logger = logging.getLogger("app")


def setup_logging() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(RequestIDFilter())
    line = "%(asctime)s - %(name)s - %(levelname)s - %(message)s [%(request_id)s]"
    logging.basicConfig(level=settings.LOG_LEVEL, format=line, handlers=[handler])


# app/db/session.py, app/models

engine = create_async_engine(
    settings.DATABASE_URL,
    echo=False,
    pool_size=settings.DB_POOL_SIZE,
    max_overflow=settings.DB_MAX_OVERFLOW,
    pool_pre_ping=True,
)
async_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


class User(SQLModel, table=True):
    __tablename__ = "guide_user"

    id: int | None = Column(default=None, primary_key=True)
    email: str = Column(max_length=254, unique=True)
    full_name: str = Column(max_length=100)
    hashed_password: str = Column(max_length=255)
    is_active: bool = True


# app/schemas/user.py


class UserBase(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    email: Annotated[EmailStr, Field(description="User's email address")]
    full_name: Annotated[str, Field(min_length=1, max_length=100)]
    is_active: Annotated[bool, Field(default=True)]


class UserResponse(UserBase):
    id: int


# app/core/security.py

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/auth/token")


def create_access_token(subject: str | Any, expires_delta: timedelta | None = None) -> str:
    delta = expires_delta or timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES)
    to_encode = {"exp": datetime.now(UTC) + delta, "sub": str(subject), "type": "access"}
    return jwt.encode(to_encode, settings.SECRET_KEY, algorithm=settings.JWT_ALGORITHM)


# app/services/user.py


class UserService:
    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def get_by_id(self, id: int) -> User | None:
        return await self.db.get(User, id)

    async def get_current_user(self, token: str) -> User:
        try:
            payload = jwt.decode(token, settings.SECRET_KEY, algorithms=[settings.JWT_ALGORITHM])
        except jwt.PyJWTError as error:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials") from error
        user = await self.get_by_id(int(payload["sub"]))
        if user is None or not user.is_active:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials")
        return user


# app/api/deps.py


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with async_session() as session:
        try:
            yield session
            await session.commit()
        except Exception:
            await session.rollback()
            raise
        finally:
            await session.close()


async def get_current_user(
    token: Annotated[str, Security(oauth2_scheme)], db: Annotated[AsyncSession, Depends(get_db)]
) -> User:
    return await UserService(db).get_current_user(token)


DBDep = Annotated[AsyncSession, Depends(get_db)]
CurrentUser = Annotated[User, Depends(get_current_user)]

# app/api/errors


class APIError(HTTPException): ...


def add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(APIError)
    async def api_error_handler(request: Request, exc: APIError) -> JSONResponse:
        return JSONResponse(status_code=exc.status_code, content={"detail": exc.detail}, headers=exc.headers)

    @app.exception_handler(IntegrityError)
    async def integrity_error_handler(request: Request, exc: IntegrityError) -> JSONResponse:
        return JSONResponse(status_code=status.HTTP_409_CONFLICT, content={"detail": "Database integrity error"})


# app/middleware/request_id.py


class RequestIDMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        own = str(uuid.uuid4())
        request.state.request_id = own
        token = request_id.set(own)
        try:
            response = await call_next(request)
            response.headers["X-Request-ID"] = own
            logger.info("%s %s %s", request.method, request.url.path, response.status_code)
            return response
        finally:
            request_id.reset(token)


# app/api/routes, main.py

router = APIRouter()


@router.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@router.get("/me", response_model=UserResponse)
async def me(user: CurrentUser) -> User:
    return user


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    setup_logging()
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all, tables=[User.__table__])  # type: ignore[attr-defined]
    async with async_session.begin() as session:
        if await session.get(User, 1) is None:
            session.add(User(email="ann@example.com", full_name="Ann Example", hashed_password="!"))
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)
app.add_middleware(RequestIDMiddleware)
add_error_handlers(app)
app.include_router(router)
