"""What an API takes and shows of a model."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import MISSING


class Schema(BaseModel):
    """A Pydantic model that is read from rows: `PostRead.model_validate(post)`.

    `class PostChange(PostFields, partial=True)` is for changes: every field may be left out, and is then absent from
    `model_dump()`, so that what a client leaves out stays as it is. Null is refused where the field refuses it, and a
    field that is not there always: misspelt, it would change nothing and tell nobody. `extra="ignore"` drops such.
    """

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)

    def __init_subclass__(cls, *, partial: bool = False, **config: Any) -> None:
        """Take `partial`, which is no configuration of Pydantic's."""
        super().__init_subclass__(**config)

    @classmethod
    def __pydantic_init_subclass__(cls, *, partial: bool = False, **config: Any) -> None:
        super().__pydantic_init_subclass__(**config)
        if partial:
            cls.model_config.setdefault("extra", "forbid")
            for field in cls.__pydantic_fields__.values():
                field.annotation = field.annotation | MISSING  # pyright: ignore — types and sentinels join at run time
                field.default, field.default_factory = MISSING, None
            cls.model_rebuild(force=True)
