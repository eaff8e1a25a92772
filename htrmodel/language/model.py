"""A character n-gram model of words: how likely a character is after those before it, in one small file.

A word begins and ends with a boundary, and nothing before it counts: words are read one by one. The n-grams are a trie
in arrays, level by level, the children of a node side by side: a probability for each node, and for those that go on a
factor for what they have not seen, by which the shorter context is taken (Katz, 1987). A model of 7 MB of English with
n-grams of up to 7 characters has a few MB.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError, HtrError, NotEnoughMemoryError, SourceMissingError, StorageError, lacks_memory
from htrdata.files import strict_json
from htrdata.files.refusals import refusal
from htrdata.files.writing import write_atomically
from htrmodel.language.marks import AS_WRITTEN

ENTRY = "htrmodel-lm"
"""The metadata entry of the file: a JSON object with ``format``, ``order``, ``alphabet``, ``mean`` and ``words``."""

FORMAT = 1

BOUNDARY = 0
"""Symbol of the beginning and the end of a word; the characters of the alphabet follow, and then `unknown`."""

MOST_BYTES = 2**30
"""Of a file, at most."""

_TYPES = {"symbols": np.uint16, "log_probs": np.float16, "backoffs": np.float16, "children": np.uint32}


@dataclass(frozen=True, eq=False)
class CharacterModel:
    """A character n-gram model.

    Attributes:
        alphabet: its characters, by code point.
        order: characters of the longest n-gram.
        mean: of the natural logarithms of the probabilities of all symbols of the words that it was made of, each of
            which counts once.
        words: how many words the texts had.
        symbols: uint16 [N], the last symbol of each node; node 0 is the root.
        log_probs: float16 [N], the natural logarithm of its probability after the symbols before it.
        backoffs: float16 [M], of all but the longest n-grams: the logarithm of the factor for other symbols.
        children: uint32 [M + 1], where the children of a node begin; they end where those of the next one begin.
    """

    alphabet: str
    order: int
    mean: float
    words: int
    symbols: NDArray[np.uint16]
    log_probs: NDArray[np.float16]
    backoffs: NDArray[np.float16]
    children: NDArray[np.uint32]
    _states: dict[int, State] = field(default_factory=dict, init=False, repr=False)

    @property
    def unknown(self) -> int:
        """The symbol of all characters that the texts did not have."""
        return len(self.alphabet) + 1

    @property
    def frequencies(self) -> NDArray[np.float32]:
        """How often each symbol comes, whatever is before it: float32 [S], shares of all."""
        return np.exp(self._state(0, None).log_probs)

    def symbols_of(self, characters: str) -> NDArray[np.int64]:
        """The symbol of each character; of a mark that the texts do not curl, that of the straight one."""
        places = {character: number for number, character in enumerate(self.alphabet, 1)}
        known = [one if one in places else AS_WRITTEN.get(one, one) for one in characters]
        return np.array([places.get(character, self.unknown) for character in known], np.int64)

    def begin(self) -> State:
        """The state before the first character of a word."""
        return self.after(self._state(0, None), BOUNDARY)

    def after(self, state: State, symbol: int) -> State:
        """The state after a symbol: the longest context that the model knows."""
        if (found := state.next.get(symbol)) is None:
            node = state.going_on.get(symbol)
            if node is not None:
                shorter = state if state.shorter is None else self.after(state.shorter, symbol)
                found = self._state(node, self._state(0, None) if state.shorter is None else shorter)
            else:
                found = state if state.shorter is None else self.after(state.shorter, symbol)
            state.next[symbol] = found
        return found

    def log_probability(self, word: str) -> float:
        """The natural logarithm of the probability of a word, its end included."""
        state, total = self.begin(), 0.0
        for symbol in [*self.symbols_of(word).tolist(), BOUNDARY]:
            total += float(state.log_probs[symbol])
            state = self.after(state, symbol)
        return total

    def _state(self, node: int, shorter: State | None) -> State:
        if (found := self._states.get(node)) is None:
            first, last = self.children[node : node + 2].tolist()
            symbols = self.symbols[first:last].astype(np.int64)
            if shorter is None:
                log_probs = np.full(len(self.alphabet) + 2, -np.inf, np.float32)
            else:
                log_probs = shorter.log_probs + np.float32(self.backoffs[node])
            log_probs[symbols] = self.log_probs[first:last]
            going_on = {
                symbol: child
                for symbol, child in zip(symbols.tolist(), range(first, last), strict=True)
                if child < len(self.backoffs) and self.children[child] < self.children[child + 1]
            }
            found = self._states[node] = State(log_probs, shorter, going_on)
        return found

    def save(self, path: Path | str) -> None:
        """Writes the model; an older file of that name is replaced when the new one is on the disk.

        Raises:
            CannotCreateError: the file cannot be created there.
            StorageError: writing failed.
        """
        import safetensors.numpy

        about = {
            "format": FORMAT,
            "order": self.order,
            "alphabet": self.alphabet,
            "mean": self.mean,
            "words": self.words,
        }
        arrays = {name: getattr(self, name) for name in _TYPES}
        write_atomically(path, safetensors.numpy.save(arrays, {ENTRY: json.dumps(about, ensure_ascii=False)}))


@dataclass(slots=True, eq=False)
class State:
    """What the model knows after some characters of a word.

    Attributes:
        log_probs: float32 [S], the natural logarithm of the probability of each symbol to be the next one.
        shorter: the state without the first character of the context; None for that of no context.
        going_on: nodes of the contexts that are one symbol longer, by that symbol.
        next: states that follow, as far as they were asked for.
    """

    log_probs: NDArray[np.float32]
    shorter: State | None
    going_on: dict[int, int]
    next: dict[int, State] = field(default_factory=dict)


def load_model(path: Path | str) -> CharacterModel:
    """Loads a model of `htrmodel lm`. The file is mapped into memory.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is damaged or no such model.
    """
    from safetensors import safe_open  # not before: an ONNX file is read without it

    path = Path(path)
    try:
        if not path.is_file():
            raise SourceMissingError(f"no language model at {path}: `htrmodel lm TEXT… --out {path}` makes one")
        if path.stat().st_size > MOST_BYTES:
            raise BadDataError(
                f"{path} has {path.stat().st_size:,} bytes: a language model has less than {MOST_BYTES:,}"
            )
        with safe_open(path, framework="numpy") as opened:
            entry = (opened.metadata() or {}).get(ENTRY)
            arrays = {name: opened.get_tensor(name) for name in opened.keys()} if entry else {}  # noqa: SIM118
    except HtrError:
        raise
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error
    except Exception as error:
        # Whatever the parser says of a stranger's header; it has no list of that.
        if lacks_memory(error):
            raise NotEnoughMemoryError.of(error) from error
        raise BadDataError(f"{path} is damaged, cut short or no language model: make it again") from error
    if entry is None:
        raise BadDataError(f"{path} has no {ENTRY!r} entry: `htrmodel lm` did not write it")
    return _checked(path, strict_json.parse(entry, f"the {ENTRY!r} entry of {path}"), arrays)


def is_model(path: Path) -> bool:
    """Whether a file begins as a model of `htrmodel lm` does."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return f'"{ENTRY}"'.encode() in file.read(min(size, MOST_BYTES))


def digest(path: Path | str) -> str:
    """SHA-256 of a file, in hex: what tells it in signatures.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error


def _checked(path: Path, about: Any, arrays: dict[str, NDArray[Any]]) -> CharacterModel:
    """The model, if all of it fits together: whatever a file holds, no search in it goes astray."""
    kinds = {"format": int, "order": int, "alphabet": str, "mean": float, "words": int}
    if not isinstance(about, dict) or {name: type(value) for name, value in about.items()} != kinds:
        raise BadDataError(f"the {ENTRY!r} entry of {path} is no record of a language model: make it again")
    if about.pop("format") != FORMAT:
        raise BadDataError(f"{path} has another format than {FORMAT}, which this release reads: make it again")
    if {name: one.dtype for name, one in arrays.items()} != {name: np.dtype(kind) for name, kind in _TYPES.items()}:
        raise BadDataError(f"{path} holds other arrays than a language model: make it again")
    named: dict[str, Any] = {**about, **arrays}
    model = CharacterModel(**named)
    nodes, inner, places = len(model.symbols), len(model.backoffs), model.children.astype(np.int64)
    alphabet = list(model.alphabet)
    sizes = nodes >= inner >= 2 and len(model.log_probs) == nodes and len(places) == inner + 1
    right = (
        all(one.ndim == 1 for one in arrays.values())
        and sizes
        and alphabet == sorted({*alphabet} - {"\n"})
        and bool((model.symbols <= model.unknown).all())
        # Children come after their parents, so that no path has an end that is none.
        and bool((np.diff(places) >= 0).all() and (places[:-1] > np.arange(inner)).all() and places[-1] <= nodes)
        and len(set(model.symbols[places[0] : places[1]].tolist())) == len(alphabet) + 2 == places[1] - places[0]
        and bool(np.isfinite(model.log_probs).all() and np.isfinite(model.backoffs).all())
        and np.isfinite(model.mean)
    )
    if not right:
        raise BadDataError(f"{path} is damaged: its n-grams do not fit together; make it again")
    return model
