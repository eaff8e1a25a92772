"""The four-stage recogniser of words.

Baek et al., "What Is Wrong With Scene Text Recognition Model Comparisons?", ICCV 2019.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from htrdata.errors import BadDataError, UsageError, WrongTypeError
from htrdata.labels import Charset
from htrmodel.config import LEAST_LINE, STAGES, RecogniserConfig
from htrmodel.layers.attention import AttentionDecoder
from htrmodel.layers.bilstm import BidirectionalLSTM
from htrmodel.layers.features import FeatureExtractor
from htrmodel.layers.precision import at_least_float32
from htrmodel.layers.tps import TPS
from htrmodel.reader import WordReader
from htrmodel.tokenizer import Reading, tokenizer_for

STAGE_MODULES = dict(
    zip(STAGES, ("Transformation", "FeatureExtraction", "SequenceModeling", "Prediction"), strict=True),
)
"""Where each of `htrmodel.config.STAGES` stands in a recogniser, and so how its keys in a state dict begin."""


class TensorReader(Protocol):
    """What reads inputs that are on its device: a recogniser, alone or with something that helps it."""

    config: RecogniserConfig
    name: str
    data: Mapping[str, Any]

    @property
    def device(self) -> torch.device:
        """Where it is."""

    def read_tensor(self, inputs: Tensor) -> list[Reading]:
        """Reads inputs, float32 [N, 1, H, W]."""

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is seen along inputs; see `htrmodel.reader.WordReader.log_probabilities`."""


class Recogniser(nn.Module, WordReader):
    """Reads images of words: ``recogniser.read("word.png")``.

    New weights are drawn as clova's training code draws them. The keys of its state dict are those of clova's
    checkpoints without their ``module.``.

    Args:
        config: what to build.

    Attributes:
        config: what it was built from.
        tokenizer: turns texts into targets, and logits into texts.
        name: what to call it: the checkpoint that it was loaded from.
        temperature: what logits are divided by for the confidence of a reading, so that it is a probability; 1 where
            nobody has fitted one.
        data: what it was trained and judged on, as its checkpoint says; see `htrmodel.checkpoint.contents.Checkpoint`.
    """

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        self.name = "recogniser"
        self.temperature = 1.0
        self.data: Mapping[str, Any] = {}
        self.tokenizer = tokenizer_for(config)
        self.Transformation: nn.Module = nn.Identity()
        if config.transformation == "TPS":
            self.Transformation = TPS(config.height, config.width, config.num_fiducial)
        self.FeatureExtraction = FeatureExtractor(config.features, config.output_channel)
        self.SequenceModeling = nn.Sequential()
        width = config.output_channel
        if config.sequence == "BiLSTM":
            self.SequenceModeling.append(BidirectionalLSTM(width, config.hidden_size))
            self.SequenceModeling.append(BidirectionalLSTM(config.hidden_size, config.hidden_size))
            width = config.hidden_size
        self.Prediction: AttentionDecoder | nn.Linear = nn.Linear(width, config.num_classes)
        if config.prediction == "Attn":
            steps = config.max_length + 1
            self.Prediction = AttentionDecoder(width, config.hidden_size, config.num_classes, steps)
        # On the meta device there is nothing to draw or to move, and torch would take seconds to find that out.
        if not next(self.FeatureExtraction.parameters()).is_meta:
            self.reset_parameters()
            self.use_channels_last()

    def __repr__(self) -> str:
        """One line; ``list(recogniser.named_children())`` shows the stages with all their layers."""
        parameters = list(self.parameters())
        millions = sum(parameter.numel() for parameter in parameters) / 1e6
        return f"Recogniser({self.config.summary()}, {millions:.1f} million parameters on {parameters[0].device})"

    @property
    def charset(self) -> Charset:
        """What it reads."""
        return self.config.charset

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws new weights from torch's global generator: Kaiming-normal matrices, zero biases, unit scales."""
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.kaiming_normal_(parameter)
            else:
                parameter.fill_(0.0 if "bias" in name else 1.0)
        if isinstance(self.Transformation, TPS):
            self.Transformation.LocalizationNetwork.reset_points()

    def duplicate(self) -> Recogniser:
        """A copy with weights of its own."""
        copied = copy.deepcopy(self)
        # cuDNN wants the weights of an LSTM in one block, which copying them one by one takes apart.
        for module in copied.modules():
            if isinstance(module, nn.LSTM):
                module.flatten_parameters()
        return copied

    def use_channels_last(self) -> None:
        """Lays the weights out so that convolutions read 10 to 30 % faster, on CPUs too. Results stay the same."""
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def rectify(self, images: Tensor) -> Tensor:
        """Images [N, 1, H, W] as the transformation stage leaves them, of the same shape."""
        rectified: Tensor = self.Transformation(images)
        return rectified

    def encode(self, images: Tensor) -> Tensor:
        """Images [N, 1, H, W] to features [N, T, D] with context: all stages but the prediction."""
        features: Tensor = self.SequenceModeling(self.FeatureExtraction(self.rectify(images)))
        return features

    def forward(self, images: Tensor, targets: Tensor | None = None, *, full_steps: bool = False) -> Tensor:
        """Logits of the classes at each step.

        Args:
            images: float32 (float64 in a float64 model) [N, 1, H, W] in [-1, 1], of the config's height and width, or
                for a model of lines of any width from `htrmodel.config.LEAST_LINE` on.
            targets: int64 [N, S] of `tokenizer.encode`, for training: attention is given the true token before each
                step. CTC has no use for them.
            full_steps: without targets, attention takes all ``max_length + 1`` steps. Otherwise it may stop once every
                row has ended, and T depends on the batch.

        Returns:
            float32 (float64 in a float64 model) [N, T, num_classes]. With targets of attention, T is S - 1.

        Raises:
            WrongTypeError: the images are no tensor.
            BadDataError: they have another shape.
        """
        if not isinstance(images, Tensor):
            raise WrongTypeError(
                f"a {type(images).__name__} is no tensor of inputs: recogniser.read takes images and paths, and "
                "torch.from_numpy(htrmodel.to_inputs(images, recogniser.config)) makes a tensor of them"
            )
        config = self.config
        any_width = config.reads_lines and images.dim() == 4 and images.shape[3] >= LEAST_LINE
        expected = (1, config.height, images.shape[3] if any_width else config.width)
        if images.dim() != 4 or images.shape[1:] != expected:
            wanted = f"1, {config.height}, {f'{LEAST_LINE} or more' if config.reads_lines else config.width}"
            raise BadDataError(f"images of shape {tuple(images.shape)} do not fit a model for [N, {wanted}]")
        features = self.encode(images)
        if isinstance(self.Prediction, AttentionDecoder):
            logits: Tensor = self.Prediction(features, targets, full_steps=full_steps)
        else:
            logits = self.Prediction(features)
        return at_least_float32(logits)

    def check_reads(self) -> None:
        """Makes sure that it is in evaluation mode.

        Raises:
            UsageError: it is in training mode, where what is read of an image depends on the others in its batch.
        """
        if self.training:
            raise UsageError(f"{self.name} is in training mode: call recogniser.eval() first")

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(self.parameters()).device

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `htrmodel.inputs.to_inputs` gives them, on the device that it is on.

        Raises:
            UsageError: as `check_reads`.
        """
        return self.read_tensor(torch.from_numpy(inputs).to(next(self.parameters())))

    @torch.inference_mode()
    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is seen along inputs; see `htrmodel.reader.WordReader.log_probabilities`.

        Raises:
            UsageError: it decodes by attention, or as `check_reads`.
        """
        self.check_reads()
        if self.config.prediction != "CTC":
            return super().log_probabilities(inputs)
        seen: NDArray[np.float32] = (
            self(torch.from_numpy(inputs).to(next(self.parameters()))).log_softmax(2).cpu().numpy()
        )
        return seen

    @torch.inference_mode()
    def read_tensor(self, inputs: Tensor) -> list[Reading]:
        """Reads inputs that are on its device, in its precision: the best class at each step.

        Raises:
            UsageError: as `check_reads`.
        """
        self.check_reads()
        return self.tokenizer.decode(self(inputs), self.temperature)
