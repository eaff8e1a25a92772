"""A recogniser with what helps it: knowledge of a language, and the vote of several variants of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from htrdata.errors import UsageError
from htrmodel.runtime.exported import ExportedRecogniser

if TYPE_CHECKING:
    from htrmodel.language.knowledge import Knowledge
    from htrmodel.language.reading import LanguageReader
    from htrmodel.recogniser import Recogniser
    from htrmodel.voting import VotingReader


def helped(
    reader: Recogniser | ExportedRecogniser, knowledge: Knowledge | None, tta: bool
) -> Recogniser | LanguageReader | VotingReader:
    """What reads with all that is asked for.

    Args:
        reader: what reads without.
        knowledge: of the language; None to read what is there.
        tta: whether each image is read in several variants, see `htrmodel.voting`.

    Raises:
        UsageError: it is a graph, which tells its best reading alone.
    """
    if isinstance(reader, ExportedRecogniser):
        raise UsageError(f"--lm, --lexicon and --tta need torch: give the checkpoint that {reader.name} was made from")
    from htrmodel.language.reading import LanguageReader
    from htrmodel.voting import VotingReader

    knowing = reader if knowledge is None else LanguageReader(reader, knowledge)
    return VotingReader(knowing) if tta else knowing


def aids(knowledge: Knowledge | None, tta: bool) -> str | None:
    """What helps readings, as signatures have it; None for nothing."""
    parts = [] if knowledge is None else [f"lm:{knowledge.label}"]
    if tta:
        from htrmodel.voting import VARIANTS

        parts.append(f"tta:{len(VARIANTS)}")
    return "+".join(parts) or None
