"""Each target reads its seeds, and reads or refuses what the fuzzer once found, and a few hundred changed seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutation import mutants
from .target import Target
from .targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
MUTANTS = 200


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_whatever_the_bytes_they_are_read_or_refused(target: Target, tmp_path: Path) -> None:
    seeds = target.seeds()
    assert any(target.attempt(seed, tmp_path) for seed in seeds), "no seed is read"
    assert all(len(seed) <= target.largest for seed in seeds), "a seed is longer than what the fuzzer tries"
    refused = sum(not target.attempt(data, tmp_path) for data in mutants(seeds, MUTANTS, target.name))
    assert 0 < refused < MUTANTS or target.name in ("png", "jpeg"), "changed seeds are all read, or all refused"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_once_wrong_is_read_or_refused(path: Path, tmp_path: Path) -> None:
    TARGETS[path.parent.name].attempt(path.read_bytes(), tmp_path)
