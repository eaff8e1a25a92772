"""A corpus of novels in TEI becomes a character model: their paragraphs, and nothing else of the files."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from htrdata.errors import BadDataError, SourceMissingError
from htrmodel.language.counting import count_words, make_model
from htrmodel.language.model import load_model

from .conftest import LoadPipeline

NOVEL = """<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0" xml:id="XXX00101">
<teiHeader><fileDesc><titleStmt><title>Header</title></titleStmt></fileDesc></teiHeader>
<text><body><div type="chapter"><head>Chapitre <hi>premier</hi></head>
<p>Il &amp; elle<note>Une note<p>longue</p></note> dirent&#160;:
   <quote>Viens</quote> donc<ref target="#n1"/>.</p>
<div><lg><l>Un vers</l><l>un autre</l></lg></div></div><back><note>Fin</note></back></body></text></TEI>
"""


@pytest.fixture(scope="module")
def languages(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("languages")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "level1").mkdir()
    (tmp_path / "level1/XXX00101_One.xml").write_text(NOVEL, encoding="utf-8")
    (tmp_path / "level1/XXX00201_Two.xml").write_text(NOVEL.replace("Un vers", "Zut zut zut"), encoding="utf-8")
    return tmp_path


def test_paragraphs_verses_and_headings_are_read_and_notes_are_not(languages: ModuleType, corpus: Path) -> None:
    read = list(languages.paragraphs(corpus / "level1/XXX00101_One.xml"))
    assert read == ["Chapitre premier", "Il & elle dirent : Viens donc.", "Un vers", "un autre"]


def test_the_model_is_that_of_the_novels_that_are_not_left_out(languages: ModuleType, corpus: Path) -> None:
    asked = [str(corpus), "--out", str(corpus / "it.lm"), "--least", "1", "--leave-out", "XXX00201"]
    done = CliRunner().invoke(languages.main, asked)
    assert done.exit_code == 0, done.output
    assert "words of 1 novel," in done.output
    words = count_words("\n".join(languages.paragraphs(corpus / "level1/XXX00101_One.xml")))
    make_model(words, 6, least=1).save(corpus / "other.lm")
    assert (corpus / "it.lm").read_bytes() == (corpus / "other.lm").read_bytes()
    assert "Z" not in load_model(corpus / "it.lm").alphabet


def test_what_is_no_corpus_is_told(languages: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="name a clone of an ELTeC repository"):
        languages.find_novels(tmp_path)
    (tmp_path / "level1").mkdir()
    path = tmp_path / "level1/a.xml"
    path.write_text("<TEI/>")
    with pytest.raises(BadDataError, match="has no <text>"):
        list(languages.paragraphs(path))
