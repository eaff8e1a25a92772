"""What a recogniser is built from and how an image becomes an input, its stages, and the ranges of its numbers.

May import `htrdata.errors` and `htrdata.labels`.
"""

from htrmodel.config.ranges import MIN_HEIGHT, MIN_WIDTH
from htrmodel.config.recogniser_config import ENTRY, FORMAT, LEAST_LINE, ModelFields, RecogniserConfig
from htrmodel.config.stages import SPECIAL_TOKENS, STAGES

__all__ = [
    "ENTRY",
    "FORMAT",
    "LEAST_LINE",
    "MIN_HEIGHT",
    "MIN_WIDTH",
    "SPECIAL_TOKENS",
    "STAGES",
    "ModelFields",
    "RecogniserConfig",
]
