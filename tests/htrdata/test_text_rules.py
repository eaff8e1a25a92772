"""Text rules: what a table says, in its order, counted; and tables that say nothing clear."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.labels.text_rules import TextRules, read_text_rules


def table(folder: Path, text: str, encoding: str = "utf-8") -> TextRules:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return read_text_rules(path)


def folded(rules: TextRules, text: str) -> tuple[str, dict[str, int]]:
    counts: Counter[str] = Counter()
    return rules.fold(text, counts), dict(counts)


def test_signs_expressions_and_marks_are_folded_in_order_and_counted(tmp_path: Path) -> None:
    rules = table(
        tmp_path,
        "char,name,replacement,regex,allow\n"
        "¬,NOT SIGN,-,,\n"
        "ﬀ,LIGATURE,ff,,\n"
        "\\^(\\w+),superscript,\\1,true,\n"
        "[a-z],letters,,true,true\n"
        '",",comma,;,,\n'
        "◌\u0365,mark,◌\u0368,,\n"
        "y\u0307,composed,y,false,\n"
        "\\,backslash,\\1,,\n"
        "A,same,A,,\n",
        "utf-8-sig",
    )
    assert folded(rules, "a¬ ¬ oﬀ, M^lle n\u0365 \u1e8f A\\") == (
        "a- - off; Mlle n\u0368 y A\\1",
        {"¬": 2, "ﬀ": 1, "\\^(\\w+)": 1, ",": 1, "◌\u0365": 1, "y\u0307": 1, "\\": 1},
    )
    assert folded(rules, "plain") == ("plain", {})


def test_each_rule_sees_what_those_before_it_left(tmp_path: Path) -> None:
    assert folded(table(tmp_path, "replacement,char\nb,a\nc,b\n"), "ab") == ("cc", {"a": 1, "b": 2})


def test_the_digest_tells_tables_apart(tmp_path: Path) -> None:
    assert table(tmp_path, "char,replacement\na,b\n").digest != table(tmp_path, "char,replacement\na,c\n").digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("char,name\na,b\n", "need the columns char and replacement; replacement is missing"),
        ("", "char is missing"),
        ("char,replacement\n,b\n", "line 2: char is empty"),
        ("char,replacement,regex\n(,b,true\n", "line 2: '(' to 'b' is no regular expression"),
        ("char,replacement,regex\na,\\2,true\n", "line 2: 'a' to '\\\\2' is no regular expression"),
        ("char,replacement,regex\na,b,maybe\n", "line 2: regex is 'maybe'; write true, or leave it empty"),
        ('char,replacement\n"a,b\n', "is every quoted field closed?"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadDataError) as caught:
        table(tmp_path, text)
    assert said in str(caught.value)


def test_missing_tables_and_other_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no text rules at"):
        read_text_rules(tmp_path / "none.csv")
    with pytest.raises(BadDataError, match="is not UTF-8: byte 17"):
        table(tmp_path, "char,replacement\né,e\n", "latin-1")
