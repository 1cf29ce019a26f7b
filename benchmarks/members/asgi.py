from framework import Project
from framework.web import create_app
from members.settings import MembersSettings

app = create_app(Project(MembersSettings()))
