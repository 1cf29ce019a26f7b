"""Auth as an app."""

from framework.apps import AppConfig
from framework.project import Project

__all__ = ["AuthConfig"]


class AuthConfig(AppConfig):
    """Who may come in, and what they may do."""

    name = "framework.auth"
    label = "auth"
    requires = ("db", "users")

    def ready(self, project: Project) -> None:
        """Provide the names of permissions, and the policies of every app."""
        from framework.auth.access import PermissionNames, Policies

        policies = Policies(project)
        project.services.value(PermissionNames, PermissionNames(project))
        project.services.value(Policies, policies)
        for policy in policies:
            project.services.provide(policy)
