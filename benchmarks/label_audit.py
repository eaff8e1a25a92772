"""Does `htrmodel audit` find wrong labels? A drawn data set in which 2 % of the labels are made wrong, in five ways.

    python benchmarks/label_audit.py                 # draws, builds, audits and counts; some minutes on two cores

Asked is that at least 80 % of the wrong labels stand in the first 3 % of the words, and that 90 % of the first 50 are
wrong. Ways: a letter is another one, missing or too many (typo); the label is that of the next word (neighbour); other
capitals (case); punctuation more or less (mark); the box is moved by more than half of its width (crop).
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.records import Page, Word
from htrdata.sources.imgur5k.source import Imgur5K
from htrmodel.auditing.audit import audit
from htrmodel.auditing.request import AuditRequest

WAYS = ("typo", "neighbour", "case", "mark", "crop")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARKS = ".,;:!?"


class Corrupted:
    """A source of which some labels are made wrong.

    Args:
        source: where the words come from.
        share: of the words that are made wrong.
        seed: of all chance.

    Attributes:
        ways: how, by id, once the pages were read.
    """

    def __init__(self, source: Imgur5K, share: float, seed: int) -> None:
        self.source, self.share, self.seed = source, share, seed
        self.ways: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def pages(self) -> Iterator[Page]:
        """The pages, with wrong labels."""
        pages = list(self.source.pages())
        rng = np.random.default_rng(self.seed)
        places = [
            (number, place)
            for number, page in enumerate(pages)
            if page.split is not None
            for place, word in enumerate(page.words)
            if word.reason is None and word.box is not None and sum(map(str.isalpha, word.text)) > 2
        ]
        total = sum(len(page.words) for page in pages)
        wanted = round(total * self.share)
        self.ways = {}
        for number, place in (places[one] for one in rng.permutation(len(places)).tolist()):
            if len(self.ways) == wanted:
                break
            words, way = list(pages[number].words), WAYS[len(self.ways) % len(WAYS)]
            wrong = corrupt(words, place, way, rng)
            if wrong is not None and words[place].id not in self.ways:
                self.ways[words[place].id] = way
                words[place] = wrong
                pages[number] = replace(pages[number], words=tuple(words))
        yield from pages


def corrupt(words: list[Word], place: int, way: str, rng: np.random.Generator) -> Word | None:
    """A word made wrong; None where that way is not open to it."""
    word, text = words[place], words[place].text
    if way == "crop":
        box = word.box
        assert box is not None
        step, turn = 0.6 * box.w * rng.choice((-1, 1)), math.radians(box.angle)
        return replace(word, box=replace(box, xc=box.xc + step * math.cos(turn), yc=box.yc - step * math.sin(turn)))
    if way == "neighbour":
        other = words[(place + 1) % len(words)]
        same = other.reason is not None or other.text.casefold() == text.casefold()
        return None if same else replace(word, text=other.text)
    if way == "case":
        return replace(word, text=text.capitalize() if text.islower() else text.lower())
    if way == "mark":
        return replace(word, text=text[:-1] if text[-1] in MARKS else text + str(rng.choice(list(MARKS))))
    at = int(rng.choice([one for one, letter in enumerate(text) if letter.isalpha()]))
    letter = str(rng.choice([one for one in LETTERS if one != text[at].lower()]))
    letter = letter.upper() if text[at].isupper() else letter
    middle = (letter, "", text[at] + letter)[int(rng.integers(3))]
    return replace(word, text=text[:at] + middle + text[at + 1 :])


def main() -> None:
    """Draws, builds, audits, counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, help="one that is drawn already")
    parser.add_argument("--pages", type=int, default=290)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--start", type=Path, default=Path("starter-fast"))
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = asked.sample or Path(folder, "sample")
        if asked.sample is None:
            draw_sample(sample, pages=asked.pages, words_per_page=21, seed=7, plain=True)
        source = Corrupted(Imgur5K(sample), asked.share, asked.seed)
        htrdata.build(source, Path(folder, "lmdb"), name="corrupted", workers=1)
        dataset = htrdata.open(Path(folder, "lmdb"))["corrupted"]
        request = AuditRequest(start=asked.start, folds=asked.folds, epochs=asked.epochs, seed=asked.seed)
        found = audit(dataset, request, say=print)
    report(found.words, [(one.word.id, one.kind.value) for one in found.findings], source.ways)


def report(words: int, findings: list[tuple[str, str]], ways: dict[str, str]) -> None:
    """Prints how many of the wrong labels were found, and where."""
    first = round(0.03 * words)
    ranks = {word: place for place, (word, _) in enumerate(findings, 1)}
    kinds = dict(findings)
    early = [word for word in ways if ranks.get(word, words) <= first]
    print(f"{words:,} words, {len(ways)} of them with a wrong label; {len(findings):,} are read otherwise")
    print(f"in the first 3 % ({first}): {len(early)} of {len(ways)} wrong labels, {len(early) / len(ways):.1%}")
    real = sum(word in ways for word, _ in findings[:50])
    print(f"of the first 50: {real} are wrong, {real / 50:.0%}")
    counts = Counter(ways.values())
    for way in WAYS:
        mine = [word for word in early if ways[word] == way]
        guessed = Counter(kinds[word] for word in mine)
        told = ", ".join(f"{kind} {count}" for kind, count in guessed.most_common())
        print(f"  {way:9}  {len(mine):3} of {counts[way]:3} in the first 3 %; guessed: {told}")


if __name__ == "__main__":
    main()
