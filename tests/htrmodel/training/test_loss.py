from __future__ import annotations

import pytest
import torch

from htrdata.labels import Charset, least_steps
from htrmodel.tokenizer import AttnTokenizer, CTCTokenizer
from htrmodel.training.loss import attention_loss, ctc_loss

ABC = Charset("abc", "abc")


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(2, 9, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_attention_loss_is_the_mean_over_characters_and_end_tokens(logits: torch.Tensor) -> None:
    targets = AttnTokenizer(ABC).encode(["cab", "a"])
    chosen = [(0, 0, 4), (0, 1, 2), (0, 2, 3), (0, 3, 1), (1, 0, 2), (1, 1, 1)]
    expected = -sum(logits.log_softmax(2)[place] for place in chosen) / len(chosen)
    torch.testing.assert_close(attention_loss(logits, targets), torch.as_tensor(expected))


def test_room_for_longer_labels_changes_no_loss(logits: torch.Tensor) -> None:
    for tokenizer, loss in ((AttnTokenizer(ABC), attention_loss), (CTCTokenizer(ABC), ctc_loss)):
        tight, wide = tokenizer.encode(["cab", "a"]), tokenizer.encode(["cab", "a"], length=7)
        classes = logits[..., : tokenizer.num_classes]
        torch.testing.assert_close(loss(classes, tight), loss(classes, wide))


def test_ctc_loss_sums_over_all_paths() -> None:
    # "a" in two steps of two classes: aa, a-, -a.
    probabilities = torch.tensor([[0.3, 0.7], [0.6, 0.4]], dtype=torch.float64)
    expected = -torch.log(torch.tensor(0.7 * 0.4 + 0.7 * 0.6 + 0.3 * 0.4, dtype=torch.float64))
    targets = CTCTokenizer(Charset("a", "a")).encode(["a"])
    torch.testing.assert_close(ctc_loss(probabilities.log().unsqueeze(0), targets), expected)


@pytest.mark.parametrize(("text", "fits"), [("abc", True), ("abca", False), ("aa", True), ("aab", False)])
def test_a_label_that_does_not_fit_is_never_cheap(text: str, fits: bool) -> None:
    # The policy of a recogniser leaves it out before; of three steps "aab" needs four.
    loss = ctc_loss(torch.zeros(1, 3, 4), CTCTokenizer(ABC).encode([text]))
    assert bool(loss.isfinite()) == fits == (least_steps(text) <= 3)


def test_short_greedy_logits_are_refused(logits: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        attention_loss(logits[:, :1], AttnTokenizer(ABC).encode(["cab", "a"]))
