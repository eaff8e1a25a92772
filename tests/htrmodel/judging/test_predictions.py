from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.store.reading import Dataset
from htrmodel.judging.judging import judge
from htrmodel.judging.predictions import Predictions, read_predictions

from .conftest import MakeDataset

# What spreadsheets, pandas and careless writers of CSV change.
NASTY = {
    "007": "NA",
    "7": "007",
    "NA": "null",
    "None": "None",
    "1e5": "1e5",
    "a1": "",
    "a2": '"',
    "a3": '""',
    "a4": 'say "so"',
    "a5": "it's",
    "a6": "a,b;c",
    "a7": "=1+1",
    "a8": "-",
    "a9": "#",
    "b1": "\\n",
    "b2": " x ",
    "b3": "Äé",
    "b4": "e\u0301",
    "b5": "𝒳",
    "b6": "nan",
    "b7": "TRUE",
    "b8": "\u2028",
}
ROWS = [*NASTY.items()]


def write_csv(path: Path, rows: list[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *rows])


def write_tsv(path: Path, rows: list[tuple[str, str]]) -> None:
    path.write_bytes("".join(f"{word}\t{text}\n" for word, text in [("id", "text"), *rows]).encode())


def write_jsonl(path: Path, rows: list[tuple[str, str]]) -> None:
    path.write_bytes("".join(json.dumps({"id": word, "text": text}) + "\n" for word, text in rows).encode())


def write_parquet(path: Path, rows: list[tuple[str, str]]) -> None:
    pq.write_table(pa.table({"id": [word for word, _ in rows], "text": [text for _, text in rows]}), path)


WRITERS: dict[str, Callable[[Path, list[tuple[str, str]]], None]] = {
    "csv": write_csv,
    "tsv": write_tsv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}


class TestFormats:
    @pytest.mark.parametrize("ending", WRITERS)
    def test_no_text_is_changed(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"p.{ending}"
        WRITERS[ending](path, ROWS)
        found = read_predictions(path)
        assert found.texts == NASTY
        assert not found.left_out
        assert not found.confidences

    @pytest.mark.parametrize("ending", WRITERS)
    def test_id_twice(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"p.{ending}"
        WRITERS[ending](path, [("a", "x"), ("b", "y"), ("a", "x")])
        with pytest.raises(BadDataError, match=r"(line 4|line 3|row 3): word 'a' stands in (line 2|line 1|row 1)"):
            read_predictions(path)

    @pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
    def test_mark_blank_lines_and_windows_line_ends(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"p.{ending}"
        WRITERS[ending](path, [("a", "x"), ("b", "é")])
        lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + lines + b"\r\n\r\n")
        assert read_predictions(path).texts == {"a": "x", "b": "é"}

    @pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
    def test_not_utf8(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"p.{ending}"
        WRITERS[ending](path, [("a", "x")])
        path.write_bytes(path.read_bytes() + b"\xe9\n")
        with pytest.raises(BadDataError, match="not UTF-8"):
            read_predictions(path)

    @pytest.mark.parametrize("ending", WRITERS)
    def test_no_word(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"p.{ending}"
        WRITERS[ending](path, [])
        if ending == "parquet":
            pq.write_table(pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())}), path)
        assert read_predictions(path).texts == {}

    def test_unknown_ending(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"p\.xlsx ends in none of \.csv, \.tsv"):
            read_predictions(tmp_path / "p.xlsx")

    @pytest.mark.parametrize("ending", WRITERS)
    def test_no_file(self, tmp_path: Path, ending: str) -> None:
        with pytest.raises(SourceMissingError, match="no predictions at"):
            read_predictions(tmp_path / f"p.{ending}")

    @given(rows=st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=6))
    def test_quoted_csv_holds_any_text(self, tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]) -> None:
        path = tmp_path_factory.mktemp("p") / "p.csv"
        write_csv(path, [("sentinel " * 9, "x"), *rows.items()])
        assert read_predictions(path).texts == {"sentinel " * 9: "x", **rows}


class TestPandas:
    FRAME = pd.DataFrame(
        {"id": list(NASTY), "text": list(NASTY.values()), "confidence": 0.5, "model": "m"},
        index=range(5, 5 + len(NASTY)),
    )

    def test_csv(self, tmp_path: Path) -> None:
        self.FRAME.to_csv(tmp_path / "p.csv")
        found = read_predictions(tmp_path / "p.csv")
        assert found.texts == NASTY
        assert found.confidences == dict.fromkeys(NASTY, 0.5)

    def test_jsonl(self, tmp_path: Path) -> None:
        self.FRAME.to_json(tmp_path / "p.jsonl", orient="records", lines=True)
        assert read_predictions(tmp_path / "p.jsonl").texts == NASTY

    @pytest.mark.parametrize("kind", ["category", "string", "object", "large"])
    def test_parquet(self, tmp_path: Path, kind: str) -> None:
        frame = self.FRAME.copy()
        if kind == "large":
            table = pa.table({"id": pa.array(list(NASTY), pa.large_string()), "text": pa.array([*NASTY.values()])})
            pq.write_table(table, tmp_path / "p.parquet")
        else:
            for name in ("id", "text"):
                frame[name] = pd.Series(frame[name].tolist(), dtype=kind, index=frame.index)
            frame.to_parquet(tmp_path / "p.parquet")
        assert read_predictions(tmp_path / "p.parquet").texts == NASTY

    def test_a_folder_that_looks_like_a_partition_adds_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "id=5").mkdir()
        self.FRAME.to_parquet(tmp_path / "id=5" / "p.parquet")
        assert read_predictions(tmp_path / "id=5" / "p.parquet").texts == NASTY

    def test_quoted_tsv_is_refused_rather_than_misread(self, tmp_path: Path) -> None:
        self.FRAME.to_csv(tmp_path / "p.tsv", sep="\t", index=False)
        with pytest.raises(BadDataError, match=r'line 8: the text """" looks quoted'):
            read_predictions(tmp_path / "p.tsv")


class TestColumns:
    def test_left_out_and_confidence(self, tmp_path: Path) -> None:
        (tmp_path / "p.csv").write_text(
            "confidence,left_out,text,id,other\n0.25,,x,a,1\n,too_long,,b,2\n1,out_of_charset,guess,c,3\n,,,d,4\n"
        )
        found = read_predictions(tmp_path / "p.csv")
        assert found.texts == {"a": "x", "c": "guess", "d": ""}
        assert found.left_out == {"b": "too_long", "c": "out_of_charset"}
        assert found.confidences == {"a": 0.25, "c": 1.0}

    def test_confidences_may_be_whole_numbers(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"id": ["a"], "text": ["x"], "confidence": [2**60 + 1]}), tmp_path / "p.parquet")
        assert read_predictions(tmp_path / "p.parquet").confidences == {"a": 2.0**60}

    def test_equal_in_every_format(self, tmp_path: Path) -> None:
        rows: list[dict[str, Any]] = [
            {"id": "a", "text": "x", "confidence": 0.125, "left_out": None},
            {"id": "b", "text": "", "confidence": None, "left_out": "too_long"},
        ]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
        (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
        pd.DataFrame(rows).to_csv(tmp_path / "p.csv", index=False)
        (tmp_path / "p.tsv").write_text("id\ttext\tconfidence\tleft_out\na\tx\t0.125\t\nb\t\t\ttoo_long\n")
        for ending in WRITERS:
            found = read_predictions(tmp_path / f"p.{ending}")
            assert found == Predictions({"a": "x"}, {"b": "too_long"}, {"a": 0.125})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", "", "no column 'id'.*there are: none"),
        ("p.csv", "image,text\na,x\n", "line 1: no column 'id'.*there are: 'image', 'text'"),
        ("p.csv", "id,Text\na,x\n", "no column 'text'"),
        ("p.csv", "id,text,text\na,x,y\n", "column 'text' stands twice"),
        ("p.csv", "id,text\na,x\nb,x,y\n", "line 3: 3 fields, but the header has 2"),
        ("p.csv", "id,text\na\n", "line 2: 1 fields"),
        ("p.csv", 'id,text\na,"\nb,y\n', "line 3: unexpected end of data; is every quoted field closed"),
        ("p.csv", 'id,text\na,"x"y\n', "line 2: .*expected after"),
        ("p.csv", "id,text,confidence\na,x,high\n", "line 2: the confidence 'high' is not a number"),
        ("p.csv", "id,text,confidence\na,x,nan\n", "line 2: the confidence of word 'a' is nan"),
        ("p.tsv", "id,text\na,x\n", "no column 'id'.*'id,text'"),
        ("p.tsv", "id\ttext\na\tx\ty\n", "line 2: 3 fields"),
        ("p.tsv", 'id\ttext\na\t"say ""so"""\n', "line 2: the text .* looks quoted"),
        ("p.jsonl", '{"id": "a", "text": "x"\n', "line 1, column 24: Expecting ',' delimiter; is it cut off"),
        ("p.jsonl", '\n["a", "x"]\n', "line 2 is list, not an object"),
        ("p.jsonl", '{"id": "a"}\n', "no column 'text'"),
        ("p.jsonl", '{"id": 7, "text": "x"}\n', "line 1: id is 7, not a text: quote it"),
        ("p.jsonl", '{"id": "a", "text": null}\n', "text is None, not a text"),
        ("p.jsonl", '{"id": "a", "text": "x", "text": "y"}\n', "line 1 has the key 'text' twice in one object"),
        ("p.jsonl", '{"id": "a", "text": "x", "confidence": NaN}\n', "line 1 holds NaN, which is not JSON"),
        ("p.jsonl", '{"id": "a", "text": "x", "confidence": true}\n', "confidence is True, not a number"),
        ("p.jsonl", '{"id": "a", "text": "x", "confidence": 1e999}\n', "the confidence of word 'a' is inf"),
        ("p.jsonl", '{"id": "a", "text": "x", "confidence": 1' + "0" * 400 + "}\n", "beyond all bounds"),
        ("p.jsonl", '{"id": "a", "text": "x", "left_out": 3}\n', "left_out is 3, not a text"),
        ("p.jsonl", '{"id": "a", "text": "\\ud800"}\n', "'a' is '.ud800': a lone surrogate"),
        ("p.jsonl", "[" * 200_000 + "\n", "line 1 is nested too deeply"),
        ("p.jsonl", '{"id": "a", "text": "x"}\n' + "9" * 5000 + "\n", "line 2 holds a number that is too long"),
        ("p.parquet", "id,text\na,x\n", "not a Parquet file, or is damaged"),
        ("p.parquet", "", "not a Parquet file, or is damaged"),
    ],
)
def test_faults(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadDataError, match=message) as caught:
        read_predictions(tmp_path / name)
    assert name in str(caught.value) or "surrogate" in message


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": [7], "text": ["x"]}, "column 'id' holds int64; it must hold texts: numbers lose their leading zeros"),
        ({"id": ["a"], "text": [1.5]}, "column 'text' holds double"),
        ({"id": ["a"], "text": [None]}, "column 'text' holds null"),
        ({"id": ["a", None], "text": ["x", "y"]}, "row 2: id or text is null"),
        ({"id": ["a", "b"], "text": ["x", None]}, "row 2: id or text is null; an empty reading is an empty text"),
        ({"id": ["a"], "label": ["x"]}, "no column 'text'.*'id', 'label'"),
        (
            {"id": ["a"], "text": ["x"], "confidence": ["high"]},
            "column 'confidence' holds string; it must hold numbers",
        ),
    ],
)
def test_parquet_faults(tmp_path: Path, columns: dict[str, list[Any]], message: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    with pytest.raises(BadDataError, match=message):
        read_predictions(tmp_path / "p.parquet")


def test_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_parquet(path, [(f"w{i}", f"text{i}") for i in range(500)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadDataError, match="not a Parquet file, or is damaged"):
        read_predictions(path)


class TestWhatPredictPrints:
    """Names of words, data set, split and id, in place of the ids."""

    ROWS = (("a", "The"), ("b/c", "cat"))

    @pytest.fixture
    def dataset(self, make_dataset: MakeDataset) -> Dataset:
        rows: list[dict[str, Any]] = [{"id": word_id, "text": text} for word_id, text in self.ROWS]
        return make_dataset([*rows, {"id": "t", "text": "x", "split": "train"}])

    def lines(self, *, of: str) -> list[tuple[str, str, str]]:
        others = [("other/test/a", "no", "0.1"), ("drawn/train/t", "x", "0.9")]
        return [*((f"{of}/test/{word_id}", text, "0.5") for word_id, text in self.ROWS), *others]

    @pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
    def test_is_judged_like_ids(self, dataset: Dataset, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"words.{ending}"
        rows = [{"name": n, "text": t, "confidence": float(c)} for n, t, c in self.lines(of=dataset.name)]
        if ending == "csv":
            listed = "".join(f'"{n}","{t}","{c}",""\n' for n, t, c in self.lines(of=dataset.name))
            path.write_text(f'"name","text","confidence","looks_like"\n{listed}')
        elif ending == "json":
            bad = {"name": "drawn/test/z", "text": None, "confidence": None, "problem": "the image is damaged"}
            path.write_text(json.dumps([*rows, bad]))
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        judgement = judge(path, dataset)
        assert judgement.find().metrics["accuracy"].value == 1
        assert judgement.words[0].confidence == 0.5
        assert judgement.elsewhere == 2

    def test_paths_of_images_are_told(self, dataset: Dataset, tmp_path: Path) -> None:
        (tmp_path / "words.csv").write_text("name,text\ncrops/a.png,The\n")
        with pytest.raises(BadDataError, match=r"'crops/a\.png' is no name of a word.*`htrmodel predict STORE --csv`"):
            judge(tmp_path / "words.csv", dataset)

    def test_a_column_id_counts_where_both_are(self, dataset: Dataset, tmp_path: Path) -> None:
        (tmp_path / "words.csv").write_text("name,id,text\nx,a,The\ny,b/c,cat\n")
        assert judge(tmp_path / "words.csv", dataset).find().metrics["wer"].value == 0

    def test_json_is_a_list(self, tmp_path: Path) -> None:
        (tmp_path / "words.json").write_text('{"judgements": []}')
        with pytest.raises(BadDataError, match="is dict, not a list of objects"):
            read_predictions(tmp_path / "words.json")
