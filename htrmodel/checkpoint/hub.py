"""Checkpoints to and from Hugging Face's hub, each with its card: the extra ``hub``.

A repository has ``model.safetensors``, one of our checkpoints, and the card as ``README.md``. What comes from there is
proved by its own digest before it has its name; nothing of it is executed, since safetensors hold numbers alone.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from htrdata.errors import CannotCreateError, SourceMissingError, UnreachableError, UsageError, importing
from htrdata.files.refusals import cannot_create
from htrdata.files.writing import write_atomically
from htrmodel.checkpoint.card import card_of, card_place
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import is_native
from htrmodel.starter import STARTERS, find_checkpoint

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WEIGHTS = "model.safetensors"
CARD = "README.md"

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Published:
    """Where weights are.

    Attributes:
        repo: the repository, ``OWNER/NAME``.
        commit: in its history.
        path: the file on this machine.
    """

    repo: str
    commit: str
    path: Path


def push(
    checkpoint: Path | str, repo: str, *, private: bool = False, licence: str | None = None, endpoint: str | None = None
) -> Published:
    """Publishes a checkpoint of ours with its card; the repository is made where there is none of that name.

    The card is the file beside the checkpoint with the ending ``.md``, else what the checkpoint says of itself.

    Args:
        checkpoint: the ``.safetensors``, or the name of a starter.
        repo: where to, ``OWNER/NAME``; the right to write there is that of `hf auth login`, or of ``HF_TOKEN``.
        private: whether a new repository is for its owner alone.
        licence: the terms of the weights as an SPDX id in lower case, ``cc-by-4.0``; None leaves it open, but for the
            starters.
        endpoint: the server; None for Hugging Face's, or what ``HF_ENDPOINT`` says.

    Raises:
        UsageError: the extra ``hub`` is not installed, the name is none, the checkpoint is not ours, or the server
            refuses to take it.
        HtrError: as `htrmodel.load` does, of the checkpoint.
        UnreachableError: the server cannot be reached, or fails.
    """
    path = find_checkpoint(checkpoint)
    found = read_checkpoint(path)
    with path.open("rb") as file:
        if not is_native(file.read(64)):
            raise UsageError(f"{path} is no .safetensors: `htrmodel export {path} NAME.safetensors` makes one of it")
    card = card_of(found, repo.rpartition("/")[2], licence or ("apache-2.0" if str(checkpoint) in STARTERS else None))
    with _hub(repo, endpoint) as hub:
        from huggingface_hub import CommitOperationAdd

        hub.create_repo(repo, private=private, exist_ok=True)
        done = hub.create_commit(
            repo,
            operations=[CommitOperationAdd(WEIGHTS, str(path)), CommitOperationAdd(CARD, card.encode())],
            commit_message=f"htrmodel push: {path.name}",
        )
    return Published(repo, done.oid, path)


def pull(repo: str, out: Path | None = None, *, revision: str | None = None, endpoint: str | None = None) -> Published:
    """Fetches a checkpoint, with its card beside it.

    Args:
        repo: where from, ``OWNER/NAME``.
        out: the file that it becomes; None for ``NAME.safetensors`` here. The card has the same name with ``.md``.
        revision: a branch, tag or commit; None for the newest.
        endpoint: the server; None for Hugging Face's, or what ``HF_ENDPOINT`` says.

    Raises:
        UsageError: the extra ``hub`` is not installed, or the name is none.
        SourceMissingError: there is no such repository or revision, or no weights are in it.
        CannotCreateError: the file, or its card, is there already, or cannot be created.
        BadDataError: what is there is no checkpoint of ours, or damaged.
        UnreachableError: the server cannot be reached, or fails.
    """
    out = Path(f"{repo.rpartition('/')[2]}.safetensors") if out is None else out
    for path in (out, card_place(out)):
        if path.exists():
            raise CannotCreateError(f"{path} is there already: name another file with --out, or remove it")
    with tempfile.TemporaryDirectory() as scratch, _hub(repo, endpoint) as hub:
        commit = hub.model_info(repo, revision=revision).sha
        found = {name: hub.hf_hub_download(repo, name, revision=commit, local_dir=scratch) for name in (WEIGHTS, CARD)}
        read_checkpoint(found[WEIGHTS])  # which proves it
        _move(Path(found[CARD]), card_place(out))
        _move(Path(found[WEIGHTS]), out)
    return Published(repo, str(commit), out)


@contextmanager
def _hub(repo: str, endpoint: str | None) -> Iterator[HfApi]:
    """The hub's interface; what it has against us is said in our own words."""
    if not _NAME.fullmatch(repo):
        raise UsageError(f"{repo!r} is no name of a repository: it is OWNER/NAME, as in my-name/my-hand")
    with importing("a hub of models"):
        import huggingface_hub
        from huggingface_hub import errors
        from huggingface_hub.utils import disable_progress_bars
    disable_progress_bars()
    hub = huggingface_hub.HfApi(endpoint=endpoint)
    where = f"{repo} at {hub.endpoint}"
    missing = (
        f"{where}, or not that revision, or no {WEIGHTS} with {CARD} in it; of a private one only who is logged in "
        "(`hf auth login`) sees anything"
    )
    try:
        yield hub
    except errors.GatedRepoError as error:
        raise UsageError(f"{where} asks for a consent first: give it on its page, then `hf auth login`") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError) as error:
        if isinstance(error, errors.LocalEntryNotFoundError):  # what it says where there is no connection
            raise UnreachableError(f"{where} cannot be reached: the same command does it later") from error
        raise SourceMissingError(f"there is no {missing}") from error
    except errors.HfHubHTTPError as error:
        code = error.response.status_code
        if code == 404:
            raise SourceMissingError(f"there is no {missing}") from error
        if code in (401, 403):
            raise UsageError(f"{where} refuses that ({code}): log in by `hf auth login`, or set HF_TOKEN") from error
        raise UnreachableError(f"{where} fails ({code}): the same command does it later") from error
    except (errors.HTTPError, errors.OfflineModeIsEnabled) as error:
        raise UnreachableError(f"{where} cannot be reached ({error}): the same command does it later") from error


def _move(found: Path, place: Path) -> None:
    """Copies what was fetched to where it is wanted, on whatever disk, so that it is there whole or not at all."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreateError(cannot_create(place, error)) from error
    write_atomically(place, found.read_bytes())
