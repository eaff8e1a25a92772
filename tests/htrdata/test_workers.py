"""Worker processes start small."""

from __future__ import annotations

import pytest

from htrdata.workers import make_executor


@pytest.mark.parametrize(
    ("done", "imported"),
    [
        ("pa.array(['a', None]), pa.scalar(1.5)", False),
        ("pa.table({'a': [1]}).to_pandas()", True),  # whoever asks for it has it
    ],
)
def test_a_worker_leaves_pandas_alone_until_it_is_asked_for(done: str, imported: bool) -> None:
    with make_executor(2) as executor:
        found = executor.submit(eval, f"({done}, 'pandas' in sys.modules)[-1]", _Modules())
        assert found.result() is imported


class _Modules(dict[str, object]):
    """Names of an expression, which a worker imports for itself."""

    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("{'pa': __import__('pyarrow'), 'sys': __import__('sys')}",)
