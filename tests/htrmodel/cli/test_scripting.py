"""What scripts share: stages with their seconds, results that are made once."""

from __future__ import annotations

import json
import re
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from htrdata.errors import BadDataError, CannotCreateError
from htrmodel.cli import scripting
from htrmodel.cli.scripting import Stages, once


def test_stages_of_one_title_are_added_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 10.0, 13.0, 20.0, 24.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(scripting, "progress_bar", lambda: nullcontext(lambda *_: None))
    stages = Stages()
    for title, about in (("draw", "a"), ("build", ""), ("draw", "b")):
        with stages(title, about) as progress:
            progress("images", 1, 2)
    assert stages.seconds == {"draw": 6.0, "build": 3.0}
    said = capsys.readouterr()
    assert said.err.splitlines() == ["== draw a", "== build", "== draw b"]
    assert not said.out


def test_a_result_is_made_once(tmp_path: Path) -> None:
    place = tmp_path / "results" / "a.json"
    first = once(place, {"seed": 0, "sizes": (1, 2)}, lambda: {"cer": 0.5})
    assert first == {"asked": {"seed": 0, "sizes": [1, 2]}, "cer": 0.5}
    again = once(place, {"seed": 0, "sizes": (1, 2)}, lambda: pytest.fail("done again"))
    assert again == first == json.loads(place.read_text())


@pytest.mark.parametrize(
    ("asked", "named"), [({"seed": 1}, "seed"), ({}, "seed"), ({"seed": 0, "lr": 1}, "lr"), ({"lr": 2}, "lr, seed")]
)
def test_a_result_of_something_else_is_refused(tmp_path: Path, asked: dict[str, int], named: str) -> None:
    place = tmp_path / "a.json"
    once(place, {"seed": 0}, dict)
    with pytest.raises(CannotCreateError, match=f"the result of another {named}: "):
        once(place, asked, dict)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"asked"', b"\xff"])
def test_a_damaged_result_is_named(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "a.json"
    place.write_bytes(content)
    with pytest.raises(BadDataError, match=re.escape(str(place)) + ".*remove it, to have it made again"):
        once(place, {"seed": 0}, dict)


def test_work_that_fails_leaves_no_result(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        once(tmp_path / "a.json", {}, lambda: {"cer": 1 // 0})
    assert not any(tmp_path.iterdir())
