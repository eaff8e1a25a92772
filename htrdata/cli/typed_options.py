"""Options of a command as one typed value: what click gives by name, without types, goes no further than this.

Any remains here, as the ``...`` of a callable, since click decorates functions of any parameters. That what its options
give has the types of the fields is not mypy's to see: a test holds the two against each other.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

Rest = ParamSpec("Rest")
Request = TypeVar("Request")
Decorator = Callable[[Callable[..., None]], Callable[..., None]]  # type: ignore[explicit-any]
"""What adds an option to a command."""


def as_request(  # type: ignore[explicit-any]
    kind: Callable[..., Request], command: Callable[Concatenate[Request, Rest], None]
) -> Callable[Rest, None]:
    """A command that takes options one by one, and gives them to another one as its first value.

    Args:
        kind: a frozen dataclass whose fields are named as the options, in any order.
        command: takes such a value, and whatever else there is.

    Raises:
        TypeError: `kind` is no dataclass.
    """
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]

    @functools.wraps(command)
    def gather(*args: Rest.args, **given: Rest.kwargs) -> None:
        request = kind(**{name: given.pop(name) for name in names})
        command(request, *args, **given)

    return gather


def with_options(options: Sequence[Decorator], command: Callable[Rest, None]) -> Callable[Rest, None]:
    """The command with these options, which its help lists in this order."""
    return functools.reduce(lambda done, option: option(done), reversed(options), command)
