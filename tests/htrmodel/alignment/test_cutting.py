"""Where a line is cut: through the gaps of its ink."""

from __future__ import annotations

import numpy as np

from htrmodel.alignment.cutting import Extent, cut_words

HEIGHT, WIDTH = 60, 300
MARGIN = round(0.06 * HEIGHT)


def a_line(*blots: tuple[int, int, int, int], rule: int | None = None) -> np.ndarray:
    """Paper with blots of ink (left, top, right, bottom), on a ruled line if asked for."""
    pixels = np.random.default_rng(3).normal(215, 3, (HEIGHT, WIDTH)).clip(0, 255).astype(np.uint8)
    for left, top, right, bottom in blots:
        pixels[top:bottom, left:right] = 40
    if rule is not None:
        pixels[rule : rule + 2] = 60
    return pixels


def test_words_end_where_their_ink_ends() -> None:
    # The first word's letters are farther apart than its last peak and the edge of its ink.
    line = a_line((20, 20, 40, 45), (50, 20, 90, 45), (120, 10, 180, 50))
    first, second = cut_words(line, np.array([[25.0, 60.0], [150.0, 170.0]]))
    assert first == Extent(20 - MARGIN, 20 - MARGIN, 90 + MARGIN, 45 + MARGIN)
    assert second == Extent(120 - MARGIN, 10 - MARGIN, 180 + MARGIN, 50 + MARGIN)


def test_a_margin_takes_no_more_than_half_a_gap() -> None:
    first, second = cut_words(a_line((20, 20, 80, 45), (84, 20, 140, 45)), np.array([[30.0, 70.0], [90.0, 130.0]]))
    assert first.right == second.left == 82


def test_a_rule_below_the_writing_does_not_hide_the_gap() -> None:
    line = a_line((20, 20, 90, 45), (120, 20, 180, 45), rule=48)
    first, second = cut_words(line, np.array([[25.0, 60.0], [150.0, 170.0]]))
    assert first.right == 90 + MARGIN
    assert second.left == 120 - MARGIN


def test_what_stands_far_off_is_not_of_the_line() -> None:
    line = a_line((2, 20, 8, 40), (100, 20, 160, 45), (290, 20, 298, 40))
    (only,) = cut_words(line, np.array([[110.0, 150.0]]))
    assert (only.left, only.right) == (100 - MARGIN, 160 + MARGIN)


def test_words_that_touch_are_parted_where_there_is_least_ink() -> None:
    line = a_line((20, 15, 90, 45), (90, 28, 110, 31), (110, 15, 180, 45))
    first, second = cut_words(line, np.array([[25.0, 80.0], [120.0, 170.0]]))
    assert 90 <= first.right <= second.left <= 110


def test_without_ink_the_cut_is_midway_and_words_are_as_high_as_the_line() -> None:
    blank = np.full((HEIGHT, WIDTH), 200, np.uint8)
    first, second = cut_words(blank, np.array([[10.0, 100.0], [200.0, 290.0]]))
    assert first == Extent(0, 0, 150, HEIGHT)
    assert second == Extent(150, 0, WIDTH, HEIGHT)


def test_peaks_at_one_place_leave_every_word_some_pixels() -> None:
    cut = cut_words(a_line((20, 20, 90, 45)), np.array([[50.0, 50.0], [50.0, 50.0], [51.0, 299.0]]))
    assert all(extent.right > extent.left and extent.bottom > extent.top for extent in cut)


def test_the_peak_of_a_single_letter_may_stand_before_it() -> None:
    # The widest gap from column 105 on is the one before the letter, which would leave it to the full stop behind it.
    line = a_line((20, 20, 80, 45), (120, 20, 140, 45), (146, 40, 152, 45), (190, 20, 250, 45))
    words = cut_words(line, np.array([[25.0, 75.0], [105.0, 105.0], [148.0, 148.0], [195.0, 240.0]]))
    assert [(word.left, word.right) for word in words[1:3]] == [(120 - MARGIN, 143), (143, 152 + MARGIN)]
    # Nothing is moved where peaks would change their order.
    assert cut_words(line, np.array([[25.0, 130.0], [118.0, 118.0]]))[1].right >= 118
