"""What an audit has found, as a table for programs and as a page for people."""

from __future__ import annotations

import base64
import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.files.writing import write_atomically
from htrdata.store.reading import Dataset
from htrdata.store.shards import Shard
from htrmodel.auditing.audit import Audit
from htrmodel.auditing.findings import Finding
from htrmodel.auditing.kinds import MEANINGS

COLUMNS = ("rank", "id", "split", "label", "reading", "confidence", "score", "kind")
_PNG = b"\x89PNG"


def write_csv(path: Path, findings: Sequence[Finding]) -> None:
    """Writes all findings, the most suspicious first: `COLUMNS`, as `htrdata browse --audit` reads them.

    Raises:
        CannotCreateError: the file cannot be created.
        StorageError: writing failed.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    table.writerow(COLUMNS)
    for place, one in enumerate(findings, 1):
        word = one.word
        numbers = (round(one.confidence, 4), round(one.score, 3))
        table.writerow((place, word.id, word.split, word.label, one.reading, *numbers, one.kind.value))
    write_atomically(path, text.getvalue().encode("utf-8", "backslashreplace"))


def write_page(path: Path, dataset: Dataset, audit: Audit, table: Path, shown: int) -> None:
    """Writes a page that needs nothing else, with pictures of the most suspicious words.

    Args:
        path: of the page.
        dataset: whose words they are.
        audit: what was found.
        table: where `write_csv` has written it.
        shown: how many words it shows, at most.

    Raises:
        CannotCreateError: the file cannot be created.
        StorageError: writing failed.
        BadDataError: a shard is damaged.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("htrmodel.auditing", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    findings = audit.findings[:shown]
    page = environment.get_template("audit.html").render(
        name=dataset.name,
        store=str(dataset.store),
        audit=audit,
        table=str(table),
        kinds=Counter(one.kind.value for one in audit.findings),
        kinds_shown=Counter(one.kind.value for one in findings),
        meanings={kind.value: meaning for kind, meaning in MEANINGS.items()},
        words=list(_shown(dataset, findings)),
    )
    write_atomically(path, page.encode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class _Shown:
    """A word of the page: `pieces` are the reading, and which parts of it the label lacks."""

    place: int
    finding: Finding
    picture: str
    pieces: tuple[tuple[str, bool], ...]


def _shown(dataset: Dataset, findings: Sequence[Finding]) -> Iterator[_Shown]:
    shards: Mapping[str, Shard] = {one.word.shard: Shard(dataset.store / one.word.shard) for one in findings}
    for place, one in enumerate(findings, 1):
        image = shards[one.word.shard].image(one.word.key)
        kind = "png" if image.startswith(_PNG) else "jpeg"
        picture = f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
        yield _Shown(place, one, picture, tuple(_pieces(one.word.label, one.reading)))


def _pieces(label: str, reading: str) -> Iterator[tuple[str, bool]]:
    from rapidfuzz.distance import Levenshtein

    for step in Levenshtein.opcodes(label, reading):
        if piece := reading[step.dest_start : step.dest_end]:
            yield piece, step.tag != "equal"
