"""The card of exported words: a README with the front matter that Hugging Face reads, terms, and how to open them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from htrdata.files.cards import card_line
from htrdata.records import how_drawn, of_people
from htrdata.store.exported_words import ExportedWords

_LICENCES = {
    r"cc[ -]by[ -](\d\.\d).*": r"cc-by-\1",
    r"cc[ -]by[ -]((?:nc|sa|nd)(?:-(?:sa|nd))?)[ -](\d\.\d).*": r"cc-by-\1-\2",
    r"cc0.*": "cc0-1.0",
    r"apache[ -](?:license[ -,]*)?(?:version )?2\.0": "apache-2.0",
    r"mit(?: licen[cs]e)?": "mit",
    r"cdla-permissive-2\.0": "cdla-permissive-2.0",
}
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_NAMES = ("1K", "10K", "100K", "1M", "10M")


def card(
    words: ExportedWords,
    columns: Sequence[str],
    data_files: Mapping[str, str],
    opening: Sequence[str],
    where: Sequence[str],
) -> str:
    """The text of the card.

    Args:
        words: what went out.
        columns: that went with it, besides image and text.
        data_files: where the rows of each split are, for Hugging Face's `datasets`; empty where it sees that itself.
        opening: how to open them: lines of Markdown.
        where: the conditions that they meet.
    """
    about = words.dataset.description
    total = sum(words.counts.values())
    kind = "words" if about.unit == "word" else "lines"
    lines = ["---", *_front_matter(words, data_files), "---", "", f"# {about.about.title}", ""]
    lines += [f"{total:,} images of handwritten {kind} with their texts.", ""]
    if about.drawn:
        lines += [f"{how_drawn(about.drawn).capitalize()}.", ""]
    lines += [
        "| split | " + kind + " |",
        "|---|---|",
        *(f"| {split} | {n:,} |" for split, n in words.counts.items()),
        "",
    ]
    lines += [f"- Licence: {about.about.licence}"]
    lines += [f"- From: {about.about.url}"] if about.about.url else []
    lines += [f"- To cite: {about.about.citation}"] if about.about.citation else []
    lines += [f"- Splits: {about.division}"]
    lines += [f"- Columns besides image and text: {', '.join(columns)}"] if columns else []
    lines += [f"- A part of the data set: {' and '.join(where)}"] if where else []
    lines += [_pixels(words), f"- Of the store with the content digest {about.content_digest}", "", *opening, ""]
    return "\n".join(lines)


def _pixels(words: ExportedWords) -> str:
    options = words.dataset.description.options
    height = f"at most {options.height} pixels high" if options.height else "of any height"
    done = f", {', '.join(options.normalise)}" if options.normalise else ""
    return f"- Images: {options.color}, {height}{done}"


def _front_matter(words: ExportedWords, data_files: Mapping[str, str]) -> list[str]:
    about = words.dataset.description
    licence = licence_id(about.about.licence)
    lines = [f"pretty_name: {_quoted(about.about.title)}", f"license: {licence or 'other'}"]
    if licence is None:
        lines.append(f"license_name: {_quoted(about.about.licence)}")
    lines += ["task_categories:", "- image-to-text", "tags:", "- handwriting"]
    lines += [] if of_people(about.drawn) else ["- synthetic"]
    lines += ["size_categories:", f"- {_size(sum(words.counts.values()))}"]
    if data_files:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split, place in data_files.items():
            lines += [f"  - split: {split}", f"    path: {_quoted(place)}"]
    return [*lines, card_line(_told(words))]


def _told(words: ExportedWords) -> dict[str, str]:
    """What a store that is built of them must know as well."""
    about = words.dataset.description
    of = about.about
    told = {"title": of.title, "licence": of.licence, "citation": of.citation, "url": of.url, "drawn": about.drawn}
    return {key: value for key, value in told.items() if value}


def licence_id(licence: str) -> str | None:
    """What Hugging Face calls a licence; None of one that it has no name for."""
    for pattern, name in _LICENCES.items():
        if found := re.fullmatch(pattern, licence.strip(), re.IGNORECASE):
            return found.expand(name).lower()
    return None


def _size(words: int) -> str:
    place = next((i for i, most in enumerate(_SIZES) if words < most), len(_SIZES))
    if place == 0:
        return f"n<{_NAMES[0]}"
    return f"n>{_NAMES[-1]}" if place == len(_SIZES) else f"{_NAMES[place - 1]}<n<{_NAMES[place]}"


def _quoted(text: str) -> str:
    """A text as YAML: JSON's form of it is one of YAML's."""
    return json.dumps(text, ensure_ascii=False)
