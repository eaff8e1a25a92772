"""The session of `notebook_session.txt`, as it is written there."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from htrdata.drawing.samples.imgur5k import draw_sample

SESSION = Path(__file__).with_name("notebook_session.txt")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE


def test_the_notebook_session_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_sample(tmp_path / "data/imgur5k")
    told: list[str] = []
    session = doctest.DocTestParser().get_doctest(SESSION.read_text("utf-8"), {}, SESSION.name, str(SESSION), 0)
    found = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(session, out=told.append)
    assert found.failed == 0, "".join(told)
    assert found.attempted > 30
