"""Mails from templates: text and HTML, found in the apps' folders, overridden by the project's."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.errors import ImproperlyConfigured
from framework.mail.message import Message
from framework.project import Project

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Templates"]

FOLDER = "templates"


class Templates:
    """The templates of a project's mails, written in Jinja.

    `"blog/welcome"` is `blog/welcome.txt` in a folder `templates/`, with `blog/welcome.html` beside it where there
    shall be one. The project's own folder is asked first, then each app's, in order. The text says the subject:
    `{% set subject = "Welcome, " ~ name %}`. HTML is escaped; a variable that nobody gave is an error.
    """

    def __init__(self, project: Project) -> None:
        self._folders = [project.settings.root / FOLDER, *(app.path / FOLDER for app in project.apps)]
        self._auto_reload = project.settings.debug

    def message(self, name: str, variables: Mapping[str, object], /, *, to: str, **fields: Any) -> Message:
        """Return the mail `name` for `to`; `fields` are further ones of `Message`.

        Line breaks that a variable brings into the subject become spaces. Raises `ImproperlyConfigured`
        (`mail.template`) for a template that is missing, wrong, or lacks a subject or a variable.
        """
        from jinja2 import TemplateError, TemplateNotFound

        try:
            text = self._environment.get_template(f"{name}.txt").make_module(dict(variables))
            html = self._html(name, variables)
        except TemplateNotFound as error:
            where = ", ".join(str(folder) for folder in self._folders if folder.is_dir()) or "no folder"
            raise unusable(name, f"has no {error.name!r} in {where}") from error
        except TemplateError as error:
            raise unusable(name, f"cannot be written: {error}") from error
        subject = getattr(text, "subject", None)
        if subject is None:
            raise unusable(name, 'sets no subject; wanted {% set subject = "…" %} in its text')
        subject = " ".join(str(subject).split())
        return Message(to=to, subject=subject, text=str(text).strip() + "\n", html=html, **fields)

    @cached_property
    def _environment(self) -> "Environment":
        # Not above: a project that writes no mail doesn't wait for the library.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

        return Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=select_autoescape(("html",), default=False, default_for_string=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=self._auto_reload,
        )

    def _html(self, name: str, variables: Mapping[str, object]) -> str | None:
        from jinja2 import TemplateNotFound

        try:
            template = self._environment.get_template(f"{name}.html")
        except TemplateNotFound as error:
            if error.name != f"{name}.html":  # pragma: no cover - one that it extends is looked up when it is rendered
                raise
            return None
        return template.render(dict(variables))


def unusable(name: str, found: str) -> ImproperlyConfigured:
    """Return the error for a mail that cannot be written."""
    return ImproperlyConfigured(f"The template of the mail {name!r} {found}.", code="mail.template")
