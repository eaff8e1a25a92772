"""Trained stages in another architecture, as in AttentionHTR's ablation and in a curriculum from CTC to attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from htrdata.errors import UsageError
from htrmodel.checkpoint.contents import Checkpoint
from htrmodel.config import RecogniserConfig
from htrmodel.layers.tps import GRID, TPS
from htrmodel.recogniser import STAGE_MODULES, Recogniser


@dataclass(frozen=True, slots=True)
class StageTransfer:
    """What became of the stages that have weights, each a name of `htrmodel.config.STAGES`.

    Attributes:
        taken: have the weights of the checkpoint.
        new: begin anew.
        left_out: are in the checkpoint, and the new architecture has no such stage.
    """

    taken: tuple[str, ...]
    new: tuple[str, ...]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        fates = {"taken": self.taken, "new": self.new, "left out": self.left_out}
        return "; ".join(f"{_list(stages)} {fate}" for fate, stages in fates.items() if stages)


def transfer_stages(checkpoint: Checkpoint, config: RecogniserConfig) -> tuple[Checkpoint, StageTransfer]:
    """Turns a checkpoint into one of another architecture.

    A stage that is the same, and of the same size, keeps its weights. The others get new ones, drawn from torch's
    global generator as those of a new recogniser are; but a new TPS before features that are taken begins as the
    identity, so that they see what they know.

    Args:
        checkpoint: what is trained.
        config: of the recogniser that shall start from it; what it differs in besides the architecture, such as the
            characters of a prediction stage that is taken, is left to `Checkpoint.build`.

    Returns:
        A checkpoint of the new architecture, which shares the tensors that are taken, and what became of the stages.

    Raises:
        UsageError: no stage can be taken.
    """
    target = replace(checkpoint.config, architecture=config.architecture, height=config.height, width=config.width)
    stages = _compare(checkpoint.weights, target)
    if not stages.taken:
        raise UsageError(
            f"{checkpoint.path} is a {checkpoint.config.architecture}: none of its stages can start a "
            f"{config.architecture} of {target.output_channel} channels; begin that one with --from scratch"
        )
    if "prediction" in stages.new:
        target = replace(target, charset=config.charset)
    recogniser = Recogniser(target)
    if "transformation" in stages.new and "features" in stages.taken:
        assert isinstance(recogniser.Transformation, TPS)
        recogniser.Transformation.begin_as_identity()
    taken = {key: value for stage in stages.taken for key, value in _of_stage(checkpoint.weights, stage).items()}
    return replace(checkpoint, config=target, weights=recogniser.state_dict() | taken), stages


def _compare(weights: Mapping[str, Tensor], target: RecogniserConfig) -> StageTransfer:
    with torch.device("meta"):
        wanted = Recogniser(target).state_dict()
    mine, its = ({stage: _sizes(_of_stage(one, stage)) for stage in STAGE_MODULES} for one in (weights, wanted))
    return StageTransfer(
        taken=tuple(stage for stage in STAGE_MODULES if its[stage] and mine[stage] == its[stage]),
        new=tuple(stage for stage in STAGE_MODULES if its[stage] and mine[stage] != its[stage]),
        left_out=tuple(stage for stage in STAGE_MODULES if mine[stage] and not its[stage]),
    )


def _of_stage(weights: Mapping[str, Tensor], stage: str) -> dict[str, Tensor]:
    return {key: value for key, value in weights.items() if key.startswith(STAGE_MODULES[stage] + ".")}


def _sizes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """The sizes of weights by key; the grid's matrices follow from the size of the image."""
    return {key: value.shape for key, value in weights.items() if not key.startswith(GRID)}


def _list(names: Sequence[str]) -> str:
    """Names as a sentence has them: ``a, b and c``."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
