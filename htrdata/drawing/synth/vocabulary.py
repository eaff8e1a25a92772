"""What synthetic handwriting says: single words of every kind that people write, without order or sense."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from htrdata.drawing.synth.invention import accented_words, invented_words, mixed_case_words, random_strings
from htrdata.drawing.synth.patterns import MAX_FIELDS, Pattern, compile_patterns
from htrdata.drawing.synth.tables import tables

MAX_LENGTH = 25
"""The most characters of a word; longer ones are cut there, wherever that is."""

SHARES = {
    "frequent": 0.285,
    "capitalised": 0.08,
    "upper": 0.06,
    "mixed_case": 0.012,
    "with_marks": 0.10,
    "marks": 0.125,
    "names": 0.07,
    "numbers": 0.045,
    "ordinals": 0.008,
    "times": 0.01,
    "dates": 0.028,
    "prices": 0.013,
    "percentages": 0.006,
    "phones": 0.006,
    "addresses": 0.012,
    "abbreviations": 0.02,
    "contractions": 0.025,
    "hyphenations": 0.02,
    "invented": 0.04,
    "random": 0.035,
}
"""Of the words, how many are of each kind; they sum to 1. Marks stand alone, addresses include tags and file names."""

DIACRITICS_SHARES = {"european": 0.09, "accented": 0.03}
"""Of the words, how many are of these kinds where diacritics are asked for; the others keep their proportions."""

_PATTERNS = {
    "frequent": "{word}",
    "capitalised": "{Word}",
    "upper": "4*{WORD} {NAME}",
    "with_marks": """
        8*{word}, 8*{word}. 2*{word}; 2*{word}: 3*{word}? 3*{word}! 3*{name}, 2*{name}. {name}: {name}? {name}!
        {Word}, {Word}. {Word}: 2*{Word}! {Word}? {WORD}! {WORD}: {WORD}. {WORD}, {WORD}? "{word} 3*"{Word}
        {word}" {word}," 2*{word}." {word}?" {word}!" 2*"{word}" "{Word}" "{name}" "{name}, '{word}' '{Word}
        '{Word}' {word}' {word}.' {word},' 2*({word} ({Word} ({name} {word}) {name}) {word}). {word}), 2*({word})
        ({name}) [{word}] {{{word}}} <{word}> *{word}* *{word} **{word}** _{word}_ ~{word}~ `{word}` -{word}
        {word}- {word}... {Word}... ...{word} {word}!! {word}!!! {word}?! {word}-- {number}, {small}. {year}.
        {year}, ({year}) 2*{name}'s {name}'s, {name}' 2*{word}'s {word}s' {Word}'s {WORD}'S {contraction},
        {contraction}. "{Contraction} {abbreviation}, ({abbreviation}) {hyphenated}, {hyphenated}.""",
    "marks": """
        200*, 200*. 110*" 40*' 40*- 25*( 25*) 25*? 25*! 20*; 20*: 18*... 12*-- 16*& 6*/ 8*+ 8*= 8** 6*# 4*$ 4*%
        5*@ 5*-> 4*[ 4*] 4*{{ 4*}} 4*< 4*> 4*| 4*\\ 4*^ 4*_ 4*` 4*~ 3*.. 4*!! 3*!!! 2*?? 3*?! 2**** 2*--- 2*=>
        2*<- 3*<3 4*:) 2*:( 2*;) 3*." 3*," 2*?" 2*!" 3*). 3*), ': 2*', 2*'. // == ()""",
    "names": "{name}",
    "numbers": """
        6*{small} 4*{number} 2*{number:,} 5*{year} {number}.{digit} 2*{small}.{two:02d} {digit}.{digit} -{small}
        +{small} 2*#{small} {small}/{small} {small}-{small} {year}-{two:02d} {digit}/{digit} 3*{roman} {roman}.
        {LETTER}{small} 4*{small}{unit} {digit}x{digit} x{small} {small}x{small} {four:04d} {six:06d} 2*{decade}s
        '{decade}s '{two:02d} No.{small} p.{small} pp.{small}-{small} 2*({small}) 2*{digit}. {digit}) {small}.)
        {letter}) ({letter}) {small}+{small}={small} {letter}={small} {letter}^{digit} {small}^{digit}
        {letter}+{letter} f({letter}) {letter}<{digit} {small}>{small} |{letter}| {{{digit},{digit}}}
        [{digit},{digit}] {small}*{small} ~{small} {LETTER}{LETTER}-{four:04d} {LETTER}{LETTER}{three:03d}
        v{digit}.{digit} {digit}{LETTER}{LETTER} {two}{letter} {LETTER}{two}{digit}{LETTER} {small}"
        {digit}'{small}" {small}: {small};""",
    "ordinals": "6*{ordinal} {ordinal}, {ordinal}.",
    "times": """
        3*{hour}:{minute:02d} {hour}:{minute:02d}am {hour}:{minute:02d}pm {hour}am 2*{hour}pm {hour}a.m.
        {hour}p.m. {hour24:02d}:{minute:02d} {hour}.{minute:02d} {hour}:{minute:02d}:{minute:02d} {hour}-{hour}pm
        {hour}AM {hour}PM {hour}:{minute:02d}PM {minute}min {minute}mins {hour24:02d}{minute:02d}
        {hour24}h{minute:02d}""",
    "dates": """
        2*{day}/{month}/{year} 2*{month}/{day}/{two:02d} {month:02d}/{day:02d}/{year} {day:02d}.{month:02d}.{year}
        {day}.{month}.{two:02d} 2*{year}-{month:02d}-{day:02d} {day}-{Mon}-{year} {day}-{month}-{two:02d} 2*{Mon}.
        {Mon} {Mon}.{day} {Mon}{day} {day}{Mon}{year} {day}{MON}{two:02d} 5*{Month} {Month}, {day}/{month}
        {month}/{day} 3*{Weekday} {Weekday}, {WEEKDAY} {Wday} {Wday}. {Wday}, 2*{day}, 2*{year}, {year}. {ordinal}
        {MON} {MONTH} {month}.{day}.{two:02d} {year}-{year} c.{year} ({year}-{year}) {Month}/{year}
        {month:02d}{day:02d}{two:02d}""",
    "prices": """
        4*${small} 2*${number} 4*${small}.{two:02d} 2*${number:,} ${number:,}.{two:02d} ${small}k ${small}M
        US${small} USD{small} 2*{small}.{two:02d} {two}c {small}p {small}d. {small}s. {small}/- {small}/{month}
        {small}s.{month}d. EUR{small} ${small}, ${small}. ${small}/hr -${small} (${number}) A${small} @${small}""",
    "percentages": """
        4*{small}% {small}.{digit}% +{small}% -{digit}.{digit}% ({small}%) {small}-{small}% {small}%, {small}%.""",
    "phones": """
        ({area}){three:03d}-{four:04d} 2*{area}-{three:03d}-{four:04d} {three:03d}-{four:04d}
        +{two}{six:06d}{three:03d} 0{four:04d} 0{area}-{six:06d} 1-800-{three:03d}-{four:04d}
        {area}.{three:03d}.{four:04d} ({area}) +1({area}){three:03d}-{four:04d} {area}{three:03d}{four:04d}
        0{four:04d}/{six:06d} *{two}#""",
    "addresses": """
        2*{word}@{host}.com {handle}.{handle}@{host}.com {handle}{two}@{host}.co.uk {handle}@{word}.org
        www.{word}.com www.{word}{word}.org http://{word}.com https://{host}.com/{word} 2*{word}.com
        {word}.org/{word} {word}.net 2*@{word} @{handle} @{handle}_{word} @{word}{two:02d} 2*#{word} #{Word}{Word}
        {word}_{word} {word}.txt {word}.jpg {word}.pdf C:\\{word} \\{word} ~/{word} {word}/{word} {word}|{word}
        {word}&{word} {LETTER}&{LETTER} {word}={small} <{tag}> </{tag}> {word}[{digit}] {word}() {word}+{word}
        {handle}~{word} {word};{word} ?{word}={digit}""",
    "abbreviations": """
        7*{abbreviation} 2*{LETTER}. {LETTER}.{LETTER}. {LETTER}.{LETTER}.{LETTER}. {LETTER}{LETTER}
        {LETTER}{LETTER}{LETTER} {LETTER}{LETTER}{LETTER}{LETTER} {LETTER} {letter}""",
    "contractions": "8*{contraction} {Contraction} {CONTRACTION}",
    "hyphenations": """
        4*{word}-{word} {Word}-{Word} {Word}-{word} {name}-{name} 2*{prefix}-{word} {Word}-{suffix}
        {word}-{suffix} {small}-{suffix} {small}-year-old {word}-{word}-{word} {WORD}-{WORD} 3*{hyphenated}
        {word}/{word}""",
    "european": """
        10*{european} 2*{European} 2*{EUROPEAN} {european}, {european}. {european}! ({european}) {european}-{word}""",
}

_MAKERS: dict[str, Callable[[int, np.random.Generator], list[str]]] = {
    "mixed_case": mixed_case_words,
    "invented": invented_words,
    "random": random_strings,
    "accented": accented_words,
}


@functools.cache
def _patterns(kind: str) -> tuple[Pattern, ...]:
    return compile_patterns(_PATTERNS[kind], tables())


def _filled(kinds: list[str], rng: np.random.Generator) -> list[str]:
    """Fills a pattern of each kind in turn."""
    words = []
    for kind, (which, *chances) in zip(kinds, rng.random((len(kinds), 1 + MAX_FIELDS)).tolist(), strict=True):
        patterns = _patterns(kind)
        words.append(patterns[int(which * len(patterns))].fill(chances))
    return words


class Vocabulary:
    """Draws words for the training of recognisers: 1 to 25 characters (code points, in NFC), no white space.

    Without diacritics the characters are the 94 visible ones of ASCII, and each of them is in one word of 1000 at
    least, alone as well as among unusual neighbours.

    Attributes:
        shares: of each kind of word, its share; they sum to 1.
    """

    def __init__(self, diacritics: bool = False) -> None:
        """Takes what the words may have.

        Args:
            diacritics: whether letters of European languages that ASCII lacks may come, as é, ü, ø, ł and ß.
        """
        extra = DIACRITICS_SHARES if diacritics else {}
        rest = 1 - sum(extra.values())
        self.shares = {**{kind: share * rest for kind, share in SHARES.items()}, **extra}

    def draw(self, count: int, rng: np.random.Generator) -> list[str]:
        """Draws words; a thousand at once come faster than one a thousand times.

        Args:
            count: how many.
            rng: the same state gives the same words.
        """
        return [word for _, word in self.draw_with_kinds(count, rng)]

    def draw_with_kinds(self, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
        """Draws the words of ``draw``, each after the name of its kind.

        Args:
            count: how many.
            rng: the same state gives the same words.
        """
        kinds = list(self.shares)
        limits = np.cumsum(list(self.shares.values()))[:-1]
        drawn = [kinds[index] for index in np.searchsorted(limits, rng.random(count), "right").tolist()]
        made = {kind: iter(maker(drawn.count(kind), rng)) for kind, maker in _MAKERS.items() if kind in drawn}
        filled = iter(_filled([kind for kind in drawn if kind not in made], rng))
        return [(kind, next(made.get(kind, filled))[:MAX_LENGTH]) for kind in drawn]
