"""Lines of IAM: from their own images or forms, and from each kind of annotation; counts are the published ones."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError, UsageError
from htrdata.images.codec import decode
from htrdata.records import Page, Reason, Word
from htrdata.sources.iam.lists import read_words
from htrdata.sources.iam.source import Iam
from htrdata.sources.iam.splits import AACHEN, LWITR


def lines_of(root: Path, **given: Any) -> dict[str, Word]:
    return {line.id: line for page in Iam(root, unit="line", **given).pages() for line in page.words}


def rows_of_lists(root: Path) -> dict[str, list[str]]:
    """The rows of lines.txt, by their ids."""
    rows = (root / "ascii" / "lines.txt").read_text("latin-1").splitlines()
    return {row.split()[0]: row.split(" ", 8) for row in rows if row and not row.startswith("#")}


@pytest.mark.parametrize("annotations", ["xml", "png", "ascii"])
@pytest.mark.parametrize("where", ["folders", "archives"])
def test_all_annotations_have_the_same_lines(annotations: Any, where: str, drawn: Path, packed: Path) -> None:
    rows = rows_of_lists(drawn)
    lines = lines_of(drawn if where == "folders" else packed, annotations=annotations)
    assert lines.keys() == rows.keys()
    assert len(lines) == 8 * 8
    for line_id, line in lines.items():
        _, flag, threshold, _, x, y, w, h, text = rows[line_id]
        assert line.extra == {"segmentation": flag, "threshold": threshold}
        assert line.ink_threshold == int(threshold)
        assert line.box is not None
        assert (line.box.xc, line.box.yc) == (int(x) + int(w) / 2, int(y) + int(h) / 2)
        assert (line.box.w, line.box.h) == (int(w), int(h))
        words = text.split("|")
        assert line.text == " ".join(words) or annotations != "ascii"
        assert line.text.replace(" ", "") == "".join(words).replace(" ", "")
        assert line.writer is not None
        assert line.image is not None
        assert line.image.size()
    spaced = sum(" ," in line.text or " ." in line.text for line in lines.values())
    assert spaced == 0 or annotations == "ascii"


def test_lines_need_nothing_but_images_of_lines_and_of_words(drawn: Path, tmp_path: Path) -> None:
    for name in ("words", "lines"):
        shutil.copytree(drawn / name, tmp_path / name)
    source = Iam(tmp_path, unit="line")
    found = {line.id: line.text for page in source.pages() for line in page.words}
    assert found == {line.id: line.text for line in lines_of(drawn, annotations="xml").values()}
    assert source.settings == {"scheme": "aachen", "segmentation": "all", "annotations": "png", "pixels": "lines"}


def crops_of(pages: list[Page], **given: Any) -> dict[str, np.ndarray]:
    rows = (row for page in pages for row in rows_of_page(page, BuildOptions(height=0, format="png", **given)))
    return {row.word.id: decode(row.image, "grey") for row in rows if row.image is not None}


def test_forms_give_the_ink_of_the_images_of_lines(drawn: Path) -> None:
    own = crops_of(list(Iam(drawn, unit="line").pages()))
    cut = crops_of(list(Iam(drawn, unit="line", pixels="forms").pages()))
    assert own.keys() == cut.keys()
    for line_id, image in own.items():
        inside = image < 255
        assert (image[inside] == cut[line_id][inside]).all()
        assert inside.any()


def test_a_build_of_lines_keeps_all_and_says_what_is_published(drawn: Path, tmp_path: Path) -> None:
    command = ["iam", str(drawn), "--unit", "line", "--out", str(tmp_path / "lmdb"), "--workers", "1", "--json"]
    done = CliRunner().invoke(commands, command)
    assert done.exit_code == 0, done.output
    about = json.loads(done.stdout)
    assert (about["name"], about["unit"]) == ("iam_aachen_lines", "line")
    assert {split: counts["kept"] for split, counts in about["splits"].items() if split != "none"} == {
        split: 8 * count for split, count in Counter(split for split in splits_of(drawn) if split).items()
    }
    assert about["differences"]["train"]["words"][1] == 6_482
    assert done.stderr.startswith("annotations: the XML files, of 8 forms\n")
    dropped = CliRunner().invoke(commands, [*command, "--segmentation", "ok", "--dry-run"])
    assert json.loads(dropped.stdout)["splits"]["train"]["dropped"] == {
        "segmentation_err": about["splits"]["train"]["words"] // 8
    }


def splits_of(root: Path) -> list[str | None]:
    return [page.split for page in Iam(root).pages() if page.words]


def test_line_lists_deal_out_lines(drawn: Path) -> None:
    listed, seen = LWITR.ids(), 0
    for page in Iam(drawn, "lwitr", unit="line").pages():
        assert page.reason is (None if page.split else Reason.NOT_IN_SPLIT)
        for line in page.words:
            assert listed.get(line.id) == page.split
            seen += 1
    assert seen == 64


def test_divisions_of_words_and_lines_are_the_same() -> None:
    for scheme in (AACHEN.name, LWITR.name):
        assert Iam(Path("no"), scheme).division == Iam(Path("no"), scheme, unit="line").division
        assert Iam(Path("no"), scheme, unit="line").name == f"iam_{scheme}_lines"


@pytest.mark.parametrize(("unit", "pixels"), [("word", "lines"), ("line", "words")])
def test_pixels_of_the_other_unit_are_refused(unit: Any, pixels: Any) -> None:
    with pytest.raises(UsageError, match=f"{unit}s come from pixels of {unit}s or forms, not of {pixels}"):
        Iam(Path("no"), unit=unit, pixels=pixels)


def test_rows_of_lines_have_a_count_of_components_and_bars() -> None:
    row = b"a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|,|M Ps"
    (line,) = read_words(row, "lines.txt", {"a01-000u": "007"}, "line")
    assert (line.id, line.text, line.writer) == ("a01-000u-00", "A MOVE , M Ps", "007")
    assert line.extra == {"segmentation": "ok", "threshold": "154"}
    with pytest.raises(BadDataError, match=r"lines\.txt, line 1: .* is not a line of IAM; is the file cut off\?"):
        list(read_words(row[:36], "lines.txt", {}, "line"))
