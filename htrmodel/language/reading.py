"""A recogniser that reads with knowledge of a language."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from htrmodel.language.attention_beam import attention_search
from htrmodel.language.ctc_beam import ctc_search
from htrmodel.language.knowledge import Knowledge, Scorer
from htrmodel.layers.attention import AttentionDecoder
from htrmodel.reader import WordReader
from htrmodel.recogniser import Recogniser
from htrmodel.tokenizer import Reading


class LanguageReader(WordReader):
    """Reads images of words by what is seen and by what is known of the language.

    The confidence of a reading is its share of all texts that the search was left with.

    Args:
        recogniser: what sees.
        knowledge: of the language.

    Attributes:
        recogniser: as given.
        knowledge: as given.
        config: of the recogniser.
        name: of the recogniser.
        data: of the recogniser.
    """

    def __init__(self, recogniser: Recogniser, knowledge: Knowledge) -> None:
        self.recogniser = recogniser
        self.knowledge = knowledge
        self.config = recogniser.config
        self.name = recogniser.name
        self.data = recogniser.data
        self._scorer = Scorer(knowledge, recogniser.charset, recogniser.config.prediction)

    @property
    def device(self) -> torch.device:
        """Where the recogniser is."""
        return self.recogniser.device

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the recogniser alone sees along inputs."""
        return self.recogniser.log_probabilities(inputs)

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `htrmodel.inputs.to_inputs` gives them.

        Raises:
            UsageError: the recogniser is in training mode.
        """
        return self.read_tensor(torch.from_numpy(inputs).to(next(self.recogniser.parameters())))

    @torch.inference_mode()
    def read_tensor(self, inputs: Tensor) -> list[Reading]:
        """Reads inputs that are on the device of the recogniser.

        Raises:
            UsageError: the recogniser is in training mode.
        """
        recogniser = self.recogniser
        recogniser.check_reads()
        if isinstance(recogniser.Prediction, AttentionDecoder):
            return attention_search(recogniser.Prediction, recogniser.encode(inputs), self._scorer)
        log_probs = recogniser(inputs).log_softmax(2).cpu().numpy()
        return [ctc_search(rows, self._scorer) for rows in log_probs]
