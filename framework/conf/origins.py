"""Where the values of a project's settings came from, and which variable would change them."""

from collections.abc import Mapping

from pydantic import BaseModel

from framework.conf.code import Code
from framework.conf.layers import Path_
from framework.conf.reading import Reading
from framework.conf.source import Source

__all__ = ["Origins"]


class Origins:
    """Answers for every setting of one project, sections that it doesn't declare included."""

    def __init__(
        self, settings: type[BaseModel], reading: Reading, sections: Mapping[str, type[BaseModel]] | None = None
    ) -> None:
        self._settings = settings
        self._reading = reading
        self._sections = sections or {}
        self._code = Code()

    def source(self, path: Path_) -> Source:
        """Return where the value at `path` came from; a class body where nothing else says it."""
        if origin := self._reading.source(path):
            return origin
        if path[:1] and path[0] in self._sections:
            return self._code.default(self._sections[path[0]], path[1:])
        return self._code.default(self._settings, path)

    def variable(self, path: Path_) -> str:
        """Return the variable to set for `path`: the name that platforms use where there is one."""
        target = self._reading.targets.get(path[0])
        for variable in target.variables if target else ():
            if target and target.variables[variable] == path[1:]:
                return variable.upper()
        return str(self._settings.model_config.get("env_prefix") or "") + "__".join(path).upper()
