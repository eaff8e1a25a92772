"""Why words are dropped, in words that anyone understands, and what would keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from htrdata.building.plan import Plan
from htrdata.records import Reason


class Told(NamedTuple):
    """What is said of a reason.

    Attributes:
        title: in a few words.
        why: in a sentence.
        remedy: what to do where the words are wanted.
        option: what the build's command needs for it; None where no option helps.
    """

    title: str
    why: str
    remedy: str
    option: str | None = None


_MEND_SOURCE = "Only the annotations can mend that: correct them, and build again."
_FETCH = (
    "Get the file again, and build again: only what is missing is read anew by `htrdata fetch`, where it knows the set."
)

REASONS: dict[Reason, Told] = {
    Reason.INVALID_ID: Told("No usable id", "The id is empty, or no name that a file or key could have.", _MEND_SOURCE),
    Reason.NOT_IN_SPLIT: Told(
        "In none of the splits",
        "The published division of the data set has this page in none of train, val and test.",
        "A division of your own has a place for every page, but its figures compare with nobody else's.",
        "--resplit random",
    ),
    Reason.EXCLUDED_PAGE: Told(
        "Page not on the list", "The build was told which pages to take, and this is none of them.",
        "Build without --pages, or with a list that has them.", "",
    ),
    Reason.DUPLICATE_ID: Told("The same id again", "Another word of this split has the id already.", _MEND_SOURCE),
    Reason.DUPLICATE_PAGE: Told(
        "The same picture again",
        "It stands in val or test, too (--dedup), and a model that learns it would know what it is tested with; or "
        "another file of the export has its lines already.",
        "Build without --dedup, if figures need not be honest about new pages; of two files move one out.", "",
    ),
    Reason.IMAGE_MISSING: Told("No image", "The annotations name an image that is not there.", _FETCH),
    Reason.HASH_MISMATCH: Told(
        "Another image than published",
        "The file has other bytes than its authors published: often a host's placeholder for a picture that is gone.",
        "Look at them. Where they are the right pages, only saved anew, take them as they are.", "--ignore-hashes",
    ),
    Reason.IMAGE_CORRUPT: Told("Broken image", "The file is no image, or it is cut short.", _FETCH),
    Reason.SIZE_MISMATCH: Told(
        "Coordinates of another size",
        "The picture has other width and height than the annotations say: cut by them, other words would come out.",
        "Put the picture there that was annotated: not turned, and without a turn in its EXIF data. Coordinates are "
        "scaled to a copy of the same proportions, one that was reduced for example, where you say so.",
        "--scaled",
    ),
    Reason.SEGMENTATION_ERR: Told(
        "Line cut up wrongly",
        "The authors marked the line as segmented wrongly: the box of a word may hold another one, or a part of it.",
        "Look at them: many are right all the same.", "--segmentation all",
    ),
    Reason.OUT_OF_RANGE: Told(
        "Strokes beyond the file", "The word names strokes that its file does not have.", _MEND_SOURCE
    ),
    Reason.NO_INK: Told("No ink", "The pen never touched the tablet in the strokes of this word.", _MEND_SOURCE),
    Reason.BAD_QUALITY: Told(
        "Called bad", "Its authors call the quality of this writing bad.", "No option keeps them."
    ),
    Reason.MISALIGNED: Told(
        "Label and ink do not fit", "By their lengths, label and strokes are hardly of the same word.",
        "No option keeps them.",
    ),
    Reason.SEVERAL_LINES: Told("More than one line", "The strokes stand below each other.", "No option keeps them."),
    Reason.EXCLUDED_TYPE: Told(
        "Kind of line not wanted", "The build was told to leave out lines of this kind.",
        "Build without the option that leaves them out.", "",
    ),
    Reason.NOT_A_WORD: Told(
        "No single word", "The label has a space in it, or the line is not divided into words.",
        "Build lines, and let `htrmodel align` find their words.", "--unit line",
    ),
    Reason.TEXT_DIFFERS: Told(
        "Not the text of its line", "The line has another text than this word, and was probably corrected later.",
        "Build lines, and let `htrmodel align` find their words.", "--unit line",
    ),
    Reason.INVALID_BOX: Told(
        "Impossible box", "The box is no five numbers, or larger than a word of this page can be.", _MEND_SOURCE
    ),
    Reason.EMPTY_BOX: Told(
        "No box", "There is no box, it has no area, or it lies wholly outside the page.", _MEND_SOURCE
    ),
    Reason.FLAGGED: Told(
        "Flagged", "A correction says that the label is wrong, and not what is right.",
        "Write into the file of corrections what it should be, and build again.", "--corrections FILE",
    ),
    Reason.MISSING_ANNOTATION: Told(
        "Never transcribed", "The annotators marked where the word is, but not what it says.",
        "A file of corrections (`id`, `old`, `new`) says what stands there, where it can be read; `old` is the text "
        "below the picture. Until then nobody can learn from them, or be judged by them.",
        "--corrections FILE",
    ),
    Reason.EMPTY_LABEL: Told(
        "Empty label", "The transcription has nothing in it.",
        "A file of corrections (`id`, `old`, `new`) can say what it should be.", "--corrections FILE",
    ),
    Reason.NOT_ALIGNED: Told(
        "Not found in its line", "`htrmodel align` found no place for the word in its line.",
        "Align again, with a recogniser that reads this hand better: `htrmodel align --checkpoint FILE`.",
    ),
    Reason.UNSURE_CUT: Told(
        "Cut unsure", "`htrmodel align` was not sure where the word begins and ends.",
        "Look at them: a lower limit keeps more of them.", "--least-score -3",
    ),
    Reason.INVALID_LABEL: Told(
        "Characters that are none", "The label has control characters or halves of characters.", _MEND_SOURCE
    ),
    Reason.TOO_LONG: Told(
        "Too long", "The label has more characters than the build was told to keep.", "Build without --max-length.", ""
    ),
    Reason.OUT_OF_CHARSET: Told(
        "Characters outside the charset", "The label has characters that the charset of this build lacks.",
        "Keep them with the nearest character that the charset has, or build without --charset.",
        "--on-unknown simplify",
    ),
}  # fmt: skip


def told_of(reason: Reason, plan: Plan) -> Told:
    """What is said of a reason, with the whole command in place of the option, where one helps."""
    told = REASONS[reason]
    if told.option is None or told.option.removeprefix("--") in plan.source.settings:  # it was given
        return told._replace(option=None)
    return told._replace(option=command_of(plan, told.option, f"{plan.name}_more"))


def remedy_of(dropped: Mapping[str, int], plan: Plan) -> str:
    """What to do where nothing was kept, by the reason of most words: a sentence, and the command where one helps."""
    told = told_of(Reason(max(dropped, key=lambda reason: dropped[reason])), plan)
    return told.remedy + (f"\n  {told.option}" if told.option else "")


def command_of(plan: Plan, options: str, name: str) -> str:
    """The command that builds this source, with other options, under another name."""
    kind = type(plan.source)
    source = getattr(plan.source, "source", plan.source) if kind.__name__ == "Resplit" else plan.source
    rooms = type(source).__module__.split(".")
    known = rooms[0] == "htrdata" and len(rooms) > 2
    command = rooms[2] if known else source.name
    drawn = known and rooms[1] == "drawing" and command == "synth"
    return " ".join(filter(None, ("htrdata", command, "" if drawn else "PATH", options, "--name", name)))
