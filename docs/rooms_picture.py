"""The picture and the table of the packages' rooms, drawn from what the code imports and what its docstrings say.

A room is a folder or module directly in a package. An arrow goes from a room to one that it imports; those that follow
from others (a imports b, b imports c, a imports c) are left out, so that the order can be seen.
"""

from __future__ import annotations

import ast
import html
from importlib.util import find_spec
from pathlib import Path

import grimp

PACKAGES = ("htrdata", "htrmodel")
_LEFT_OUT = {"__main__", "version"}
_WIDTH, _HEIGHT, _ACROSS, _DOWN = 104, 30, 120, 62

Imports = dict[str, set[str]]


def substitutions() -> dict[str, str]:
    """For each package ``PACKAGE_rooms``, a picture as SVG, and ``PACKAGE_table``, in Markdown."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        imports = room_imports(package)
        found[f"{package}_rooms"] = picture(package, imports)
        found[f"{package}_table"] = table(package, imports)
    return found


def room_imports(package: str) -> Imports:
    """Which rooms of a package each of them imports, without the package's name before it."""
    graph = grimp.build_graph(package, cache_dir=None)
    rooms = {module.split(".")[1] for module in graph.modules if "." in module} - _LEFT_OUT
    for room in rooms:
        graph.squash_module(f"{package}.{room}")
    return {
        room: {
            name
            for one in graph.find_modules_directly_imported_by(f"{package}.{room}")
            if (name := one.partition(".")[2]) in rooms - {room}
        }
        for room in sorted(rooms)
    }


def table(package: str, imports: Imports) -> str:
    """A row for each room: its name, the first sentence of its docstring, and what of the package it imports."""
    rows = ["| room | what it is for | imports |", "|---|---|---|"]
    layers = layered(imports)
    for room in (one for layer in layers for one in layer):
        names = ", ".join(f"`{one}`" for one in sorted(imports[room])) or "nothing of the package"
        rows.append(f"| `{room}` | {purpose(package, room)} | {names} |")
    return "\n".join(rows)


def purpose(package: str, room: str) -> str:
    """The first line of a room's docstring."""
    spec = find_spec(f"{package}.{room}")
    assert spec is not None
    assert spec.origin is not None
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text("utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")


def layered(imports: Imports) -> list[list[str]]:
    """The rooms from those that import nothing on: each as low as what it imports lets it stand."""
    depth: dict[str, int] = {}

    def depth_of(room: str) -> int:
        if room not in depth:
            depth[room] = 1 + max(map(depth_of, imports[room]), default=-1)
        return depth[room]

    layers: list[list[str]] = []
    for room in sorted(imports, key=depth_of):
        if depth_of(room) == len(layers):
            layers.append([])
        layers[depth_of(room)].append(room)
    return layers


def needed(imports: Imports) -> Imports:
    """The imports without those that follow from others."""

    def reached(room: str) -> set[str]:
        return imports[room].union(*map(reached, imports[room]))

    return {room: those - set().union(*map(reached, those)) for room, those in imports.items()}


def picture(package: str, imports: Imports) -> str:
    """The rooms as boxes, those that import nothing at the bottom, and the imports as lines; inline SVG."""
    layers, lines = layered(imports), needed(imports)
    widest = max(map(len, layers))
    places: dict[str, tuple[float, float]] = {}
    for depth, layer in enumerate(layers):
        layer.sort(key=lambda room: _middle([places[one][0] for one in lines[room]]))
        for number, room in enumerate(layer):
            x = _ACROSS * (number + (widest - len(layer)) / 2 + (0.25 if depth % 2 else 0))
            places[room] = (x + 12, _DOWN * (len(layers) - 1 - depth) + 4)
    width, height = _ACROSS * (widest + 0.25) + 12, _DOWN * len(layers) - 24
    parts = [
        f'<svg viewBox="0 0 {width:.0f} {height}" role="img" style="width:100%;max-width:{width:.0f}px" '
        f'aria-label="Which rooms of {package} import which; the table below has the same">'
    ]
    for room, those in lines.items():
        parts += [_line(places[room], places[one]) for one in sorted(those)]
    parts += [_box(room, *place) for room, place in places.items()]
    return "\n".join([*parts, "</svg>"])


def _middle(places: list[float]) -> float:
    return sum(places) / len(places) if places else 0.0


def _line(above: tuple[float, float], below: tuple[float, float]) -> str:
    x, y = above[0] + _WIDTH / 2, above[1] + _HEIGHT
    to_x, to_y = below[0] + _WIDTH / 2, below[1]
    bend = (to_y - y) / 2
    return (
        f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y:.0f}" '
        'fill="none" stroke="currentColor" stroke-opacity="0.45"/>'
    )


def _box(room: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        'style="fill:var(--color-background-secondary,#eee)" stroke="currentColor"/>'
        f'<text x="{x + _WIDTH / 2:.0f}" y="{y + 20:.0f}" text-anchor="middle" font-size="14" fill="currentColor">'
        f"{html.escape(room)}</text>"
    )
