"""Splits: the published ones as data, and those of one's own for any source."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from htrdata.building.builder import build, count_words
from htrdata.building.describing import describe_counts
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.building.published_counts import compare, difference_lines
from htrdata.building.report import summary
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError, CannotCreateError, HtrError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.records import SPLITS, Box, Division, Page, Reason, SourceInfo, Unit, Word
from htrdata.sources.iam.names import FORM_ID
from htrdata.sources.iam.splits import AACHEN, LWITR, SCHEMES, find_scheme
from htrdata.sources.overlap import find_leaks
from htrdata.sources.resplit import Fold, Ratio, Resplit
from htrdata.sources.shares import deal, place_of


class Pages:
    """A source of given pages."""

    def __init__(self, pages: list[Page]) -> None:
        self.listed = pages

    name = "given"
    info = SourceInfo("Given", "https://example.org", "none", "nobody")
    unit: Unit = "word"
    division = Division("Given")
    drawn = None
    extra_columns: tuple[str, ...] = ()
    settings: dict[str, str] = {}  # noqa: RUF012
    published: dict[str, dict[str, int]] = {}  # noqa: RUF012

    def pages(self) -> Iterator[Page]:
        return iter(self.listed)


def make_pages(writers: int, per_writer: int = 4, words: int = 5) -> list[Page]:
    return [
        Page(
            f"p{writer}_{number}",
            SPLITS[writer % 3],
            tuple(Word(f"p{writer}_{number}_{k}", "w", Box(1, 1, 1, 1), writer=f"w{writer}") for k in range(words)),
        )
        for writer in range(writers)
        for number in range(per_writer)
    ]


def splits_of(source: Any) -> dict[str, str | None]:
    return {page.id: page.split for page in source.pages()}


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_published_lists_have_the_published_sizes(scheme: Any) -> None:
    sizes = {"aachen": [747, 116, 336], "lwitr": [6161, 900 + 940, 1861]}
    counts = Counter(scheme.ids().values())
    assert [counts[split] for split in SPLITS] == sizes[scheme.name]  # an id of two lists would count once
    for unit in scheme.ids():
        form, line = (unit, "00") if scheme.unit == "form" else unit.rsplit("-", 1)
        assert FORM_ID.fullmatch(form)
        assert len(line) == 2
    assert list(dict.fromkeys(scheme.ids().values())) == list(SPLITS)


def test_the_lists_are_those_beside_the_project(shared: Path) -> None:
    for scheme in SCHEMES.values():
        ids = scheme.ids()
        for split in SPLITS:
            files = [f"{scheme.name}.{name}.{scheme.unit}s.txt" for name in scheme.lists[split]]
            listed = [line for file in files for line in (shared / "iam" / "splits" / file).read_text().split()]
            assert listed == [unit for unit, own in ids.items() if own == split]


def test_no_form_of_lwitr_is_in_two_splits() -> None:
    splits: dict[str, set[str]] = {}
    for line, split in LWITR.ids().items():
        splits.setdefault(line.rpartition("-")[0], set()).add(split)
    assert all(len(found) == 1 for found in splits.values())


def test_the_schemes_share_train_and_nothing_else() -> None:
    aachen = AACHEN.ids()
    lwitr = {line.rpartition("-")[0]: split for line, split in LWITR.ids().items()}
    assert set(aachen) == set(lwitr)
    assert {form for form, split in aachen.items() if split == "train"} == {f for f, s in lwitr.items() if s == "train"}
    assert sum(lwitr[form] == "test" for form, split in aachen.items() if split == "val") == 71


def test_what_is_published_leaves_the_published_words() -> None:
    left = {
        split: counts["words"] - sum(n for what, n in counts.items() if what != "words")
        for split, counts in AACHEN.published("word", "ok", pngs=True).items()
    }
    assert left == {"train": 47_981, "val": 7_554, "test": 20_305}
    assert AACHEN.published("word", "ok", pngs=False)["train"]["image_corrupt"] == 0
    every = AACHEN.published("word", "all", pngs=True)
    assert [every[split]["words"] for split in SPLITS] == [55_081, 8_895, 25_920]
    assert every["train"]["segmentation_err"] == 0
    broken = {"words": 16_465, "segmentation_err": 16_465 - 6_447 - 7_065, "image_corrupt": 0}
    assert LWITR.published("word", "ok", pngs=True)["val"] == broken
    assert LWITR.published("word", "ok", pngs=True)["train"]["image_corrupt"] == 2
    reasons = {what for counts in every.values() for what in counts} - {"words"}
    assert reasons <= {reason.value for reason in Reason}


def test_lines_have_the_published_counts() -> None:
    lines = {scheme.name: scheme.published("line", "all", pngs=False) for scheme in (AACHEN, LWITR)}
    assert [lines["aachen"][split] for split in SPLITS] == [
        {"words": count, "segmentation_err": 0} for count in (6_482, 976, 2_915)
    ]
    assert [lines["lwitr"][split]["words"] for split in SPLITS] == list(Counter(LWITR.ids().values()).values())
    assert [AACHEN.published("line", "ok", pngs=False)[s]["segmentation_err"] for s in SPLITS] == [787, 136, 577]
    assert LWITR.published("line", "ok", pngs=False)["val"] == {"words": 1_840, "segmentation_err": 301}


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(UsageError, match="no split 'rwth' of IAM: give one of aachen, lwitr"):
        find_scheme("rwth")


@given(st.integers(0, 1000), st.integers(12, 40), st.sampled_from(["80/10/10", "1/1/1", "70/0/30", "2/1/0"]))
def test_random_splits_keep_their_shares_and_writers(seed: int, writers: int, ratio: str) -> None:
    source = Pages(make_pages(writers))
    pages = list(Resplit(source, Ratio.parse(ratio), seed).pages())
    assert sorted(page.id for page in pages) == sorted(page.id for page in source.listed)
    assert not find_leaks(pages)
    shares = [int(share) for share in ratio.split("/")]
    counts = Counter(page.split for page in pages)
    for split, share in zip(SPLITS, shares, strict=True):
        assert abs(counts[split] - share / sum(shares) * len(pages)) <= 4  # the pages of a writer
    order = [SPLITS.index(page.split or "") for page in pages]
    assert order == sorted(order)


def test_splits_do_not_depend_on_the_order_of_the_source() -> None:
    pages = make_pages(20)
    shuffled = random.Random(0).sample(pages, len(pages))
    for shares in (Ratio(), Fold(2, 5)):
        assert splits_of(Resplit(Pages(pages), shares)) == splits_of(Resplit(Pages(shuffled), shares))
    # What the seed 0 gives is part of what is published with a result: it must not change.
    test = sorted(
        {page_id.split("_")[0] for page_id, split in splits_of(Resplit(Pages(pages))).items() if split == "test"}
    )
    assert test == ["p18", "p3"]


@pytest.mark.parametrize("shares", [Ratio(), Ratio(1, 1, 1), Fold(2, 3)], ids=str)
@pytest.mark.parametrize("count", [3, 5, 12, 49, 50, 90])
@pytest.mark.parametrize("by_writer", [False, True])
def test_how_many_words_a_page_has_does_not_matter(shares: Ratio | Fold, count: int, by_writer: bool) -> None:
    chance = random.Random(count)
    pages = make_pages(count // 3 if by_writer and count >= 12 else count, 1 if count < 12 else 2)
    words = [replace(page, words=(page.words[0],) * chance.randint(1, 99)) for page in pages]
    group: Any = "writer" if by_writer else "page"
    one, other = Resplit(Pages(pages), shares, group=group), Resplit(Pages(words), shares, group=group)
    assert splits_of(one) == splits_of(other)
    assert {*splits_of(one).values()} == {*SPLITS}
    assert one.division == other.division


def test_many_pages_stay_in_their_split_when_others_join_them_and_few_say_who_is_held_out() -> None:
    some, more = (Resplit(Pages(make_pages(count, 1)), group="page") for count in (60, 100))
    before, after = splits_of(some), splits_of(more)
    assert before == {page: split for page, split in after.items() if page in before}
    assert some.division == more.division
    assert [[*after.values()].count(split) / 100 for split in SPLITS] == pytest.approx([0.8, 0.1, 0.1], abs=0.08)
    few, fewer = (Resplit(Pages(make_pages(count, 1)), group="page") for count in (20, 24))
    before, after = splits_of(few), splits_of(fewer)
    assert sum(after[page] != split for page, split in before.items()) <= 4  # at the borders of the splits
    assert few.division != fewer.division


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 40), min_size=1, max_size=80),
    st.sampled_from([Ratio(), Ratio(1, 1, 1), Ratio(70, 0, 30), Ratio(98, 1, 1)]),
)
def test_no_split_is_empty_and_few_groups_keep_its_share(weights: dict[str, int], shares: Ratio) -> None:
    dealing = deal(weights, shares, place_of)
    assert dealing.splits.keys() == weights.keys()
    assert {*dealing.splits.values()} >= {*shares.wanted[: len(weights)]}
    if not dealing.moved and dealing.held_out is not None:
        for split in shares.wanted:
            held = sum(weight for name, weight in weights.items() if dealing.splits[name] == split)
            share = getattr(shares, split) / (shares.train + shares.val + shares.test)
            assert abs(held - share * sum(weights.values())) <= max(weights.values())


def test_an_id_that_is_no_text_has_a_place_too() -> None:
    odd = Page("\udc80", None, (Word("x", "w", writer="w0"),), reason=Reason.INVALID_ID)
    found = list(Resplit(Pages([*make_pages(20), odd])).pages())
    assert [page.reason for page in found if page.id == "\udc80"] == [Reason.INVALID_ID]


def test_seeds_differ() -> None:
    source = Pages(make_pages(30))
    found = {tuple(sorted(splits_of(Resplit(source, seed=seed)).items())) for seed in range(10)}
    assert len(found) == 10


@pytest.mark.parametrize("folds", [3, 5, 10])
def test_each_group_is_tested_once_and_validated_once(folds: int) -> None:
    source = Pages(make_pages(31))
    built = [splits_of(Resplit(source, Fold(number, folds))) for number in range(1, folds + 1)]
    for page in source.listed:
        counts = Counter(splits[page.id] for splits in built)
        assert counts == {"train": folds - 2, "val": 1, "test": 1}
    sizes = [Counter(splits.values())["test"] for splits in built]
    assert max(sizes) - min(sizes) <= 8
    for one, following in itertools.pairwise([*built, built[0]]):
        assert {p for p, s in one.items() if s == "val"} == {p for p, s in following.items() if s == "test"}


def test_pages_that_share_an_id_or_bytes_stay_together() -> None:
    pages = [Page(f"p{k % 40}", SPLITS[k % 3], (Word(f"{k}", "w"),), md5=f"{k % 30:032x}") for k in range(60)]
    for seed in range(20):
        found = list(Resplit(Pages(pages), Ratio(1, 1, 1), seed, group="page").pages())
        assert not find_leaks(found)


def test_words_that_two_splits_of_the_source_had_count_once() -> None:
    word = Word("w", "w")
    twice = [Page("p", "train", (word,)), Page("p", "val", (word,))]
    others = [
        Page(f"q{k}", "train", (Word(f"{k}", "w"), Word(f"{k}", "w", reason=Reason.DUPLICATE_ID))) for k in range(20)
    ]
    pages = list(Resplit(Pages(twice + others), group="page").pages())
    assert [page.words[0].reason for page in pages if page.id == "p"] == [None, Reason.DUPLICATE_ID]
    assert all([w.reason for w in page.words] == [None, Reason.DUPLICATE_ID] for page in pages if page.id != "p")


def test_pages_that_were_in_no_split_are_in_one_and_other_reasons_stay() -> None:
    pages = make_pages(20)
    pages[0] = replace(pages[0], split=None, reason=Reason.NOT_IN_SPLIT)
    pages[1] = replace(pages[1], split=None, reason=Reason.INVALID_ID)
    found = {page.id: page for page in Resplit(Pages(pages)).pages()}
    assert found[pages[0].id].reason is None
    assert found[pages[1].id].reason is Reason.INVALID_ID
    assert all(page.split in SPLITS for page in found.values())


def test_pages_without_writers_are_grouped_by_page_unless_writers_are_asked_for() -> None:
    pages = make_pages(10)
    pages[7] = replace(pages[7], words=(replace(pages[7].words[0], writer=None), *pages[7].words[1:]))
    with pytest.raises(UsageError, match=f"the writer of page '{pages[7].id}' is unknown"):
        list(Resplit(Pages(pages), group="writer").pages())
    assert splits_of(Resplit(Pages(pages))) == splits_of(Resplit(Pages(pages), group="page"))
    assert find_leaks(Resplit(Pages(pages)).pages()).writers


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ratio.parse("80/20"), "'80/20' is not 3 whole numbers with / between: give 80/10/10"),
        (lambda: Ratio.parse("80/-1/5"), "not 3 whole numbers"),
        (lambda: Ratio.parse("0/50/50"), "a ratio of 0/50/50 is not possible"),
        (lambda: Fold.parse("five"), "'five' is not 2 whole numbers"),
        (lambda: Fold.parse("0/5"), "fold 0/5 is not possible"),
        (lambda: Fold.parse("6/5"), "fold 6/5 is not possible"),
        (lambda: Fold.parse("1/2"), "fold 1/2 is not possible"),
        (lambda: Resplit(Pages([]), seed=-1), "a seed of -1 is not possible"),
        (lambda: list(Resplit(Pages(make_pages(2))).pages()), "test would be empty: there are only 2 groups"),
    ],
)
def test_what_cannot_be_split_is_refused(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("count", [3, 4, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_of_few_pages_each_split_has_one_and_none_is_divided(count: int, seed: int) -> None:
    source = Resplit(Pages(make_pages(1, count)), seed=seed, group="page")
    splits = splits_of(source)
    assert len(splits) == count
    assert {*splits.values()} == {*SPLITS}
    sizes = Counter(splits.values())
    assert sizes["train"] == max(sizes.values())
    moved = source.settings.get("moved", "")
    assert all(splits[name] == split for name, split in (one.split(" to ") for one in moved.split(", ") if one))
    assert moved in "".join(source.remarks)
    assert bool(moved) == bool(source.remarks)
    assert splits_of(Resplit(Pages(make_pages(1, count)[::-1]), seed=seed, group="page")) == splits


@pytest.mark.parametrize(("count", "words"), [(1, 1), (1, 2), (1, 3), (1, 25), (2, 1), (2, 2), (2, 30)])
def test_the_lines_of_one_page_or_two_are_dealt_out_where_that_may_be(count: int, words: int) -> None:
    pages = make_pages(1, count, words)
    with pytest.raises(UsageError, match=f"there {'are only 2 groups' if count > 1 else 'is only 1 group'} of pages"):
        list(Resplit(Pages(pages), group="page").pages())
    source = Resplit(Pages(pages), group="page", divide_few=True)
    dealt = list(source.pages())
    placed = [word.id for page in dealt for word in page.words]
    assert sorted(placed) == sorted(word.id for page in pages for word in page.words)
    held = Counter({split: sum(len(page.words) for page in dealt if page.split == split) for split in SPLITS})
    assert held["train"] == max(held.values())
    assert sum(held[split] > 0 for split in SPLITS) == min(3, count * words)
    assert "figures on val and test flatter" in source.remarks[-1]
    assert source.settings["divided"] == source.division.parameters["divided"]
    assert source.settings["divided"].startswith(f"{count} page")


def test_the_words_of_a_line_stay_together_where_few_pages_are_divided() -> None:
    words = [Word(f"w{k}", "w", Box(1, 1, 1, 1), extra={"line": f"l{k // 5}"}) for k in range(40)]
    dealt = list(Resplit(Pages([Page("p", None, tuple(words))]), divide_few=True).pages())
    lines = [{word.extra["line"] for word in page.words} for page in dealt]
    assert len(lines) == 3
    assert sum(map(len, lines)) == 8
    assert all(page.reason is None for page in dealt)


def test_names_and_settings_say_how_a_set_was_split() -> None:
    source = Pages([])
    assert Resplit(source).name == "given_random0"
    assert Resplit(source, Fold(2, 5)).name == "given_fold2of5"
    assert Resplit(source, Fold(2, 5), seed=3).name == "given_fold2of5_3"
    assert Resplit(source, seed=3).settings == {"ratio": "80/10/10", "seed": "3", "group": "auto"}


def test_a_build_of_another_split_is_told_apart(source: Any, tmp_path: Path) -> None:
    about = build(Resplit(source, Ratio(1, 1, 1), 1, "page"), tmp_path, workers=1).description
    held_out = {name: value for name, value in about.settings.items() if name not in ("ratio", "seed", "group")}
    assert about.settings == {"ratio": "1/1/1", "seed": "1", "group": "page", **held_out}
    assert held_out.keys() == {"held out"}
    assert about.division.parameters == about.settings
    assert about.leaks.writers  # the four writers of the source write everywhere
    assert about.words == 18 * 7
    with pytest.raises(CannotCreateError, match="seed was 1, is 2"):
        build(Resplit(source, Ratio(1, 1, 1), 2, "page"), tmp_path, name="drawn_random1", workers=1)


def test_writers_in_two_splits_are_reported(source: Any) -> None:
    plan = make_plan(source, BuildOptions())
    assert plan.leaks.writers["w0"] == ("train", "val", "test")
    assert "in more than one split: 4 writers (w0, w1, …)" in summary(
        describe_counts(plan, count_words(plan, workers=1))
    )


def published(tmp_path: Path) -> Pages:
    """A val of 5 words, of which the source rules out one, another has no label and the image of a third is missing."""
    words = [Word(f"{k}", "w", Box(1, 1, 1, 1)) for k in range(5)]
    words[0] = replace(words[0], reason=Reason.MISSING_ANNOTATION)
    words[1] = replace(words[1], text="")
    words[2] = replace(words[2], reason=Reason.SEGMENTATION_ERR, image=FileOnDisk(tmp_path / "none.png"))
    source = Pages([Page("p", "val", tuple(words))])
    source.published = {"val": {"words": 5, "missing_annotation": 1, "segmentation_err": 1, "image_missing": 1}}
    return source


def test_counts_are_compared_whatever_else_drops_words(tmp_path: Path) -> None:
    source = published(tmp_path)
    plan = make_plan(source, BuildOptions(dedup=True))
    tally = count_words(plan, workers=1)
    assert tally.total.dropped["segmentation_err"] == 0  # the missing image was found first
    assert compare(plan, tally) == {}
    source.published = {"val": {"words": 6, "missing_annotation": 1, "image_missing": 2}, "test": {"words": 3}}
    assert compare(plan, tally) == {"val": {"words": (5, 6), "image_missing": (1, 2)}, "test": {"words": (0, 3)}}


def test_differences_are_printed_recorded_and_errors_if_strict(source: Any, tmp_path: Path) -> None:
    source.published = {"train": {"words": 55_081, "empty_box": 16}, "val": {"words": 21}}
    about = build(source, tmp_path / "lmdb", workers=1).description
    assert about.differences == {"train": {"words": (84, 55_081), "empty_box": (0, 16)}}
    assert "\n  train: words 84/55,081, empty_box 0/16\n" in summary(about)
    assert "train: words 84/55,081" in (tmp_path / "lmdb" / "drawn" / "report.html").read_text(encoding="utf-8")
    with pytest.raises(
        BadDataError, match=r"strict: differs .*train: words 84/55,081, empty_box 0/16\. Nothing was publ"
    ):
        build(source, tmp_path / "strict", workers=1, strict=True)
    assert not (tmp_path / "strict" / "drawn").exists()


def test_faults_of_the_published_data_are_none(source: Any, tmp_path: Path) -> None:
    image = source.listed[0].image
    image.path.write_bytes(b"")
    source.listed[0] = replace(source.listed[0], md5=None)
    source.published = {"train": {"image_corrupt": 7}}
    build(source, tmp_path / "lmdb", workers=1, strict=True)
    image.path.unlink()
    with pytest.raises(BadDataError, match="strict: image_missing 7 words; differs"):
        build(source, tmp_path / "other", workers=1, strict=True)


def test_each_split_that_differs_has_a_line() -> None:
    differing = {"train": {"words": (1, 55_081), "empty_box": (0, 16)}, "val": {"words": (2, 8_895)}}
    assert difference_lines(differing) == [
        "differs from the published data set (number here/published):",
        "  train: words 1/55,081, empty_box 0/16",
        "  val: words 2/8,895",
    ]
    assert difference_lines({}) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--ratio", "1/1/1"], "--ratio 1/1/1 means something with --resplit random only"),
        (["--resplit", "random", "--fold", "1/5"], "--fold 1/5 means something with --resplit kfold only"),
        (["--resplit", "kfold"], "give --fold 1/5"),
        (["--seed", "1"], "with --resplit only"),
        (["--group", "page"], "with --resplit only"),
    ],
)
def test_options_that_would_do_nothing_are_refused(given: list[str], message: str) -> None:
    done = CliRunner().invoke(commands, ["imgur5k", "--root", "nowhere", *given])
    assert isinstance(done.exception, HtrError)
    assert message in str(done.exception)
