"""What the fields of patterns are picked from: words, names, numbers, months, abbreviations and the like."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping

from htrdata.drawing.synth.patterns import Table
from htrdata.drawing.synth.word_lists import frequent_table, read_words

_CONTRACTIONS = """
don't can't won't isn't aren't wasn't weren't didn't doesn't haven't hasn't hadn't couldn't wouldn't shouldn't mustn't
needn't ain't let's that's what's who's where's here's there's it's he's she's how's I'm I've I'll I'd you're you've
you'll you'd we're we've we'll we'd they're they've they'll they'd he'll he'd she'll she'd it'll that'll who'd there'd
o'clock y'all ma'am 'em 'tis 'twas 'cause 'til 'n' 's 'll 're 've 'd n't rock'n'roll could've should've would've
might've one's today's world's mother's father's people's women's men's children's year's day's God's everyone's
"""

_ABBREVIATIONS = """
Mr. Mrs. Ms. Dr. Prof. St. Mr Mrs Dr Rev. Hon. Capt. Col. Gen. Lt. Sgt. Sen. Gov. Jr. Sr. Esq. etc. e.g. i.e. vs. vs
cf. viz. approx. dept. est. govt. misc. min. max. no. No. nos. vol. Vol. pp. ed. fig. Fig. ch. Ch. a.m. p.m. A.M. P.M.
am pm AM PM A.D. B.C. AD BC U.S. U.K. U.N. U.S.A. U.S.S.R. USA UK UN EU NATO NASA BBC CIA MP M.P. PM Ph.D. PhD M.D. MD
B.A. BA M.A. B.Sc. MSc MBA CEO CFO CV DIY FAQ FYI ASAP RSVP R.S.V.P. P.S. PS N.B. NB P.O. PO OK TV DVD CD PC DNA RNA
GDP IQ HR IT ID VIP LOL OMG BRB BFF TBD TBA DOB Q&A R&B B&B Co. Ltd. Inc. Corp. Bros. LLC Ave. Blvd. Rd. Apt. Mt. Ft.
ft. in. lb. lbs. oz. kg km cm mm mg ml tsp tbsp Tbsp. tsp. pt. qt. hr hrs mins sec secs wk wks yr yrs w/ w/o b/c c/o
Jan. Feb. Mar. Apr. Aug. Sept. Oct. Nov. Dec. Mon. Tues. Wed. Thurs. Fri. Sat. Sun. N. S. E. W. NW NE SW SE N.Y. NYC
LA L.A. D.C. CA TX WWI WWII xx xoxo XOXO thru tho u r ur pls plz thx bday ok k wanna gonna gotta kinda
"""

_HYPHENATED = """
well-known so-called mother-in-law father-in-law up-to-date out-of-date old-fashioned good-looking hard-working
self-esteem self-control vice-president ex-husband co-operation co-operate re-elected non-stop anti-war pre-war
post-war half-past two-thirds one-half twenty-one thirty-five forty-two fifty-six sixty-seven ninety-nine first-class
second-hand long-term short-term full-time part-time high-school state-of-the-art check-in check-out to-do T-shirt
X-ray e-mail U-turn A-level merry-go-round passer-by son-in-law runner-up make-up wide-spread to-day to-morrow
to-night week-end ice-cream tea-time bed-room eye-brow left-hand right-hand middle-class working-class Anglo-Saxon
"""

_MONTHS = "January February March April May June July August September October November December"
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_UNITS = (
    "kg g mg lb lbs oz ml l L cl km m cm mm ft in mph km/h W V A Hz GB MB px min h hr hrs s sec yrs C F K x st th k M"
)
_HOSTS = "gmail yahoo hotmail outlook mail aol icloud web post school office example home news blog shop art"
_PREFIXES = "re un non pre post anti co ex mid multi semi self sub super ultra over under inter mini all well half"
_SUFFIXES = "like free based year-old day time up off in out by down made style wise shaped sized friendly minded"
_TAGS = "b i p br div html body head title a img table tr td span h1 h2 ul li em strong"


def _roman(number: int) -> str:
    """A number from 1 to 89 in Roman numerals."""
    tens = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX")
    ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return tens[number // 10] + ones[number % 10]


def _ordinal(number: int) -> str:
    """A number with its ending: 1st, 2nd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _upper(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words in capitals, less those which capitals would spell with other letters (as of the German sz)."""
    return tuple(word.upper() for word in words if len(word.upper()) == len(word))


def _capitalised(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word[0].upper() + word[1:] for word in words)


def _short(words: str) -> tuple[str, ...]:
    return tuple(word[:3] for word in words.split())


@functools.cache
def tables() -> Mapping[str, Table]:
    """Every table, by the name that patterns call it. A table in capitals has its words in capitals."""
    frequent, names, european = frequent_table(), read_words("names"), read_words("european_words")
    contractions = tuple(_CONTRACTIONS.split())
    months, weekdays = tuple(_MONTHS.split()), tuple(_WEEKDAYS.split())
    return {
        "word": frequent,
        "Word": _capitalised(frequent),
        "WORD": _upper(frequent),
        "name": names,
        "NAME": _upper(names),
        "handle": tuple(name.lower() for name in names if name.isalpha()),
        "european": european,
        "European": _capitalised(european),
        "EUROPEAN": _upper(european),
        "contraction": contractions,
        "Contraction": _capitalised(contractions),
        "CONTRACTION": _upper(contractions),
        "abbreviation": tuple(_ABBREVIATIONS.split()),
        "hyphenated": tuple(_HYPHENATED.split()),
        "prefix": tuple(_PREFIXES.split()),
        "suffix": tuple(_SUFFIXES.split()),
        "host": tuple(_HOSTS.split()),
        "tag": tuple(_TAGS.split()),
        "unit": tuple(_UNITS.split()),
        "letter": string.ascii_lowercase,
        "LETTER": string.ascii_uppercase,
        "digit": range(10),
        "small": (*range(1, 13), *range(1, 31), *range(101), *range(100, 1000, 25)),
        "number": tuple(int(10 ** (1 + 5 * step / 4096)) for step in range(4096)),
        "two": range(100),
        "three": range(1000),
        "four": range(10000),
        "six": range(1_000_000),
        "area": range(200, 1000),
        "roman": tuple(_roman(number) for number in (*range(1, 21), *range(1, 60))),
        "ordinal": tuple(_ordinal(number) for number in (*range(1, 32), *range(1, 32), *range(1, 131))),
        "decade": range(1700, 2030, 10),
        "year": (*range(1900, 2031), *range(1900, 2031), *range(1950, 2027), *range(1066, 1900, 7)),
        "day": range(1, 32),
        "month": range(1, 13),
        "Month": months,
        "MONTH": _upper(months),
        "Mon": _short(_MONTHS),
        "MON": _upper(_short(_MONTHS)),
        "Weekday": weekdays,
        "WEEKDAY": _upper(weekdays),
        "Wday": (*_short(_WEEKDAYS), "Tues", "Thurs", "Weds"),
        "hour": range(1, 13),
        "hour24": range(24),
        "minute": (*range(60), *range(0, 60, 5), *range(0, 60, 15)),
    }
