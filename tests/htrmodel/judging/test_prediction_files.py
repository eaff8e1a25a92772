from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.errors import CannotCreateError, UsageError
from htrmodel.judging.pairing import JudgedWord
from htrmodel.judging.prediction_files import FIELDS, check_place, write_predictions
from htrmodel.judging.predictions import read_predictions

TEXTS = [
    "NA",
    "",
    "null",
    "=1+1",
    "-1",
    "+",
    "@x",
    '"',
    '""',
    "a,b",
    "a\nb",
    "\r",
    "007",
    " x ",
    "e\u0301",
    "𝒳",
    "\0",
    "\t",
]
WORDS = [
    *(JudgedWord(f"w{i}", "p", "page p", "ref", text, confidence=i / 7) for i, text in enumerate(TEXTS)),
    JudgedWord("007", "p", "writer 1", "too long", "", left_out="too_long"),
    JudgedWord("NA", "p", "writer NA", "€", "E", left_out="out_of_charset"),
]


@pytest.mark.parametrize("ending", ["csv", "parquet", "CSV"])
def test_reading_back_gives_the_same(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"p.{ending}"
    write_predictions(path, WORDS)
    found = read_predictions(path)
    assert found.texts == {word.id: word.reading for word in WORDS if word.reading or not word.left_out}
    assert found.left_out == {"007": "too_long", "NA": "out_of_charset"}
    assert found.confidences == {f"w{i}": i / 7 for i in range(len(TEXTS))}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@given(texts=st.lists(st.text(max_size=5), max_size=5), ending=st.sampled_from(["csv", "parquet"]))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str], ending: str) -> None:
    path = tmp_path_factory.mktemp("p") / f"p.{ending}"
    write_predictions(path, [JudgedWord(f"{i}{text}", text, text, text, text) for i, text in enumerate(texts)])
    assert read_predictions(path).texts == {f"{i}{text}": text for i, text in enumerate(texts)}


def test_columns(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.parquet", [JudgedWord("a", "p1", "writer 1", "café", " cafe\u0301s ")])
    table = pq.read_table(tmp_path / "p.parquet")
    assert tuple(table.column_names) == FIELDS
    assert table.to_pylist() == [
        {
            "id": "a",
            "text": " cafe\u0301s ",
            "confidence": None,
            "left_out": "",
            "reference": "café",
            "edits": 1,
            "page": "p1",
            "cluster": "writer 1",
        }
    ]


def test_csv_is_quoted_and_pandas_reads_it(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", [WORDS[0], WORDS[3], WORDS[-2]])
    first = (tmp_path / "p.csv").read_text().splitlines()[:2]
    assert first == [",".join(f'"{name}"' for name in FIELDS), '"w0","NA","0.0","","ref","3","p","page p"']
    frame = pd.read_csv(tmp_path / "p.csv", dtype=str, keep_default_na=False)
    assert frame["text"].tolist() == ["NA", "=1+1", ""]
    assert frame["id"].tolist() == ["w0", "w3", "007"]


def test_other_endings(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.parquet nor in \.csv"):
        write_predictions(tmp_path / "p.xlsx", WORDS)


def test_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotCreateError, match=r"no.p\.csv"):
        write_predictions(tmp_path / "no" / "p.csv", WORDS)


def test_a_place_that_cannot_be_written_to_is_refused_before_there_is_anything(tmp_path: Path) -> None:
    check_place(tmp_path / "words.csv")
    with pytest.raises(UsageError, match=r"does not end in \.parquet nor in \.csv"):
        check_place(tmp_path / "words.txt")
    with pytest.raises(CannotCreateError, match="there is no folder"):
        check_place(tmp_path / "nowhere" / "words.csv")
    assert not list(tmp_path.iterdir())
