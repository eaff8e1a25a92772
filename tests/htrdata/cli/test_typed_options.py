"""What click gives for each option is what the request says: mypy cannot see that."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path
from types import UnionType

import click
import pytest

from htrdata.building.options import ImageFormat
from htrdata.cli.build_options import BuildRequest
from htrdata.cli.commands import commands
from htrdata.cli.published_options import PublishedRequest
from htrdata.images.codec import Color
from htrdata.labels import OnUnknown
from htrdata.sources.resplit import Group
from htrmodel.cli.finetune_command import finetune
from htrmodel.cli.finetune_options import FinetuneOptions

NAMES = {"Color": Color, "ImageFormat": ImageFormat, "OnUnknown": OnUnknown, "Group": Group}


def fits(value: object, hint: object) -> bool:
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind is typing.Literal:
        return value in inner
    if kind in (UnionType, typing.Union):
        return any(fits(value, one) for one in inner)
    if kind is tuple:
        return isinstance(value, tuple) and all(fits(one, inner[0]) for one in value)
    assert isinstance(hint, type)
    return isinstance(value, hint) and (hint is bool) == isinstance(value, bool)


def typed(option: click.Option) -> Iterator[list[str]]:
    """Some ways to type an option, all of its choices among them."""
    for flag in (*option.opts, *option.secondary_opts):
        if option.is_flag:
            yield [flag]
        elif isinstance(option.type, click.Choice):
            yield from ([flag, choice] for choice in option.type.choices)
        else:
            yield [flag, "3"]


@pytest.mark.parametrize(
    ("command", "request_type"),
    [
        (commands.commands["imgur5k"], BuildRequest),
        (commands.commands["imgur5k"], PublishedRequest),
        (commands.commands["synth"], BuildRequest),
        (finetune, FinetuneOptions),
    ],
)
def test_each_field_has_what_its_option_gives(command: click.Command, request_type: type) -> None:
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    hints = typing.get_type_hints(request_type, localns=NAMES)
    for name, hint in hints.items():
        for words in ([], *typed(options[name])):
            value = command.make_context(command.name, list(words)).params[name]
            assert fits(value, hint), f"{name} is {value!r} with {words}"
        accepted = [one for one in (hint, *typing.get_args(hint)) if typing.get_origin(one) is typing.Literal]
        for choices in accepted:
            option_type = options[name].type
            assert isinstance(option_type, click.Choice)
            assert set(typing.get_args(choices)) == set(option_type.choices), name


def test_what_is_typed_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[BuildRequest, PublishedRequest]] = []
    monkeypatch.setattr("htrdata.cli.commands.run_build", lambda _source, *asked: seen.append(asked))
    words = ["imgur5k", "--workers", "3", "--normalise", "slant, trim", "--resplit", "kfold", "--fold", "2/5"]
    commands.main(words, standalone_mode=False)
    ((asked, published),) = seen
    assert (asked.workers, asked.normalise, asked.out, asked.name) == (3, ("slant", "trim"), Path("lmdb"), None)
    assert published == PublishedRequest(resplit="kfold", fold="2/5")
