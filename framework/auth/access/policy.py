"""`Policy[Post]`: what may be done with a single post, and by whom."""

from types import get_original_bases
from typing import Any, ClassVar, get_args, get_origin

__all__ = ["Policy"]


class Policy[M]:
    """Decides about single objects of a model, in an app's `policies.py`: one method for an action.

        class PostPolicy(Policy[Post]):
            async def publish(self, user: User, post: Post) -> bool:
                return post.author_id == user.id

            def change_where(self, user: User) -> ColumnElement[bool]:
                return col(Post.author_id) == user.id

    `publish` answers for one post. `change_where` gives the condition that all posts meet which the user may change,
    or `True` or `False` for all or none of them: `Access.filter` narrows a list by it, and `Access.require` asks the
    database whether the one post meets it, so that the two never disagree. Either kind may be a coroutine. An action
    that the policy does not speak of is up to the model's permission.

    Superusers may do everything and users who are not active nothing, without the policy being asked; callers without
    a user only reach a policy that `admits_anonymous`. `__init__` may ask for services; a policy is made once a scope.
    """

    model: ClassVar[type[Any] | None] = None
    """The model it is for; taken from the brackets."""
    admits_anonymous: ClassVar[bool] = False
    """Whether it is also asked about callers without a user, who come as `None`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in get_original_bases(cls):
            origin, arguments = get_origin(base), get_args(base)
            if isinstance(origin, type) and issubclass(origin, Policy) and isinstance(arguments[0], type):
                cls.model = arguments[0]
