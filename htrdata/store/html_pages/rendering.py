"""Renders a page from a template: everything is escaped, what is missing is an error, nothing is fetched."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import jinja2
from markupsafe import Markup, escape

from htrdata.labels import visible
from htrdata.records.counting import plural
from htrdata.store.html_pages.pictures import shortened


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a diagram.

    Attributes:
        name: what it is of.
        count: how many.
        share: its length, 0 to 1, of the longest one.
    """

    name: str
    count: int
    share: float


def bars(counts: Iterable[tuple[str, int]]) -> list[Bar]:
    """Bars for counts, the longest one as long as there is room."""
    counts = list(counts)
    most = max((count for _, count in counts), default=0) or 1
    return [Bar(name, count, count / most) for name, count in counts]


def render(package: str, template: str, **values: object) -> str:
    """Renders a template that builds on ``page.html`` of this package.

    Args:
        package: whose folder ``templates`` has it.
        template: its name there.
        values: what it shows.

    Raises:
        jinja2.UndefinedError: the template shows a value that is not given.
    """
    return _environment(package).get_template(template).render(**values)


@functools.cache  # a process that builds many stores compiles its templates once
def _environment(package: str) -> jinja2.Environment:
    ours = jinja2.PackageLoader("htrdata.store.html_pages")
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), ours]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number="{:,}".format,
        percent=percent,
        shortened=shortened,
        visible=visible,
        bars=bars,
        plural=plural,
        coded=coded,
        ord=ord,
    )
    return environment


def percent(share: float) -> str:
    """A share as people read it: ``6.3 %``; what is there is never ``0 %``, and what is missing never ``100 %``."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %" if share < 0.0995 or (share > 0.9 and share != 1) else f"{100 * share:.0f} %"


def coded(text: str) -> Markup:
    """A text whose parts between backticks are code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
