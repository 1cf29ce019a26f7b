"""What ASGI servers serve: `uvicorn config.asgi:app`."""

from framework import Project
from framework.web import create_app

from config.settings import ProjectSettings

app = create_app(Project(ProjectSettings()))
