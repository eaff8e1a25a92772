"""Labels: charsets, the normal form of a label, which labels are kept, and plainer forms of what a charset lacks.

May import `htrdata.errors` and `htrdata.records`.
"""

from htrdata.labels.policy import (
    ALNUM,
    CHARSETS,
    PRINTABLE,
    Charset,
    Label,
    LabelPolicy,
    OnUnknown,
    find_charset,
    fold_case,
    least_steps,
    legible,
    named,
    normal_form,
    visible,
)

__all__ = [
    "ALNUM",
    "CHARSETS",
    "PRINTABLE",
    "Charset",
    "Label",
    "LabelPolicy",
    "OnUnknown",
    "find_charset",
    "fold_case",
    "least_steps",
    "legible",
    "named",
    "normal_form",
    "visible",
]
