"""Pages quote what benchmarks and evaluations printed, as it was printed."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

record = importlib.import_module("record")

RESULTS = sorted(record.RESULTS.glob("*.md"))
PRINTED = """`python benchmarks/some.py`, 2026-11-27

2 cores
| a | b |
|---|---|
| 1 | 2× |

| c |
|---|
| 3 |

last
"""


@pytest.fixture
def some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A result and a page in the places of the real ones; the page."""
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "PAGES", [tmp_path / "page.md.txt"])
    (tmp_path / "some.md").write_text(PRINTED, "utf-8")
    return tmp_path / "page.md.txt"


def quoting(name: str, inside: str = "") -> str:
    """A page that quotes a result."""
    return f"before\n\n<!-- measured: {name} -->\n{inside}<!-- end -->\n\nafter\n"


@pytest.mark.parametrize("page", record.PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_have_what_was_measured(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("<!-- measured: ") == len(record.QUOTED.findall(text)) == text.count("<!-- end -->")
    assert record.filled(text) == text, "python benchmarks/record.py fills it in"


def test_every_result_is_quoted() -> None:
    quoted = {match["name"] for page in record.PAGES for match in record.QUOTED.finditer(page.read_text("utf-8"))}
    assert quoted == {path.stem for path in record.RESULTS.glob("*.md")}


def test_the_figures_of_the_performance_page_come_from_files() -> None:
    text = (ROOT / "benchmarks/RESULTS.md").read_text("utf-8")
    (summary,) = re.findall(r"(?m)(?:^\|.*\n)+", record.QUOTED.sub("", text))
    measured = "\n".join(path.read_text("utf-8") for path in record.RESULTS.glob("*.md"))
    for row in summary.splitlines()[2:]:
        _, _, _, reached, stopped_by, _ = row.split("|")
        for figure in re.findall(r"\d[\d,.]*\d|\d", reached + stopped_by):
            assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d]|[,.]\d)", measured), f"{figure} of {row}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("some", "2 cores\n\n| a | b |\n|---|---|\n| 1 | 2× |\n\n| c |\n|---|\n| 3 |\n\nlast"),
        ("some 1", "| a | b |\n|---|---|\n| 1 | 2× |"),
        ("some 2", "| c |\n|---|\n| 3 |"),
        (
            "some as printed",
            "    2 cores\n    | a | b |\n    |---|---|\n    | 1 | 2× |\n\n    | c |\n    |---|\n    | 3 |\n\n    last",
        ),
    ],
)
def test_a_page_is_filled_in_whatever_it_had(some: Path, name: str, shown: str) -> None:
    wanted = f"before\n\n<!-- measured: {name} -->\n\n{shown}\n\n<!-- end -->\n\nafter\n"
    for inside in ("", "\n| older |\n|---|\n| 7 |\n\n"):
        assert record.filled(quoting(name, inside)) == wanted
    assert record.filled(wanted) == wanted


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "no .*other.md: python .*record.py other --"),
        ("some 3", "2 tables"),
        ("some lost", "no paragraph .* 'lost'"),
    ],
)
def test_what_is_not_there_is_named(some: Path, name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        record.filled(quoting(name))


def test_a_command_is_kept_with_what_it_printed(some: Path) -> None:
    some.write_text(quoting("new 1"), "utf-8")
    command = [sys.executable, "-c", "print('| d |\\n|---|\\n| 4 |')"]
    done = CliRunner().invoke(record.main, ["new", "--", *command])
    assert (done.exit_code, done.output) == (0, "| d |\n|---|\n| 4 |\nfilled in: page.md.txt\n")
    assert "\n\n| d |\n|---|\n| 4 |\n\n" in some.read_text("utf-8")
    kept = (some.parent / "new.md").read_text("utf-8")
    assert re.match(r"`\S*python\S* -c .*`, \d{4}-\d\d-\d\d\n\n\| d \|", kept)


def test_words_of_data_sets_are_not_kept(some: Path) -> None:
    printed = "edits: 3\\n\\nworst readings\\n  written  read\\n  Smith    Sm\\n\\nconfidence\\n  0 to 30  7"
    some.write_text(quoting("new confidence"), "utf-8")
    done = CliRunner().invoke(record.main, ["new", "--", sys.executable, "-c", f"print('{printed}')"])
    assert (done.exit_code, "Smith" in done.output) == (0, True)
    assert (some.parent / "new.md").read_text("utf-8").partition("\n\n")[2] == (
        "edits: 3\n\nconfidence\n  0 to 30  7\n"
    )


def test_no_result_has_words_of_data_sets() -> None:
    assert [path.name for path in RESULTS if "worst readings" in path.read_text("utf-8")] == []


def test_a_command_that_fails_is_not_kept(some: Path) -> None:
    done = CliRunner().invoke(record.main, ["bad", "--", sys.executable, "-c", "import sys; sys.exit(3)"])
    assert done.exit_code == 3
    assert not (some.parent / "bad.md").exists()
    assert "record.py bad -- COMMAND" in CliRunner().invoke(record.main, ["bad"]).output
