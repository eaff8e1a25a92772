"""What is freed goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

_HELD = """
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
"""

_FREED_BLOCKS = f"""
from htrdata.building.memory import release_freed_memory
{_HELD}
blocks = [bytes(60_000) for _ in range(2000)]
pin = bytes(60_000)  # what lies above keeps the system from getting back what lies below
del blocks
before = held()
release_freed_memory()
print(before - held())
"""

_SHARD = f"""
import sys
from pathlib import Path

import pyarrow as pa

from htrdata.building.assembling import SplitPlan, join_shard
{_HELD}
def join(words):
    part, at_once = folder / f"{{words}}.arrow", 50
    columns = {{"image": [b"i" * 9], "text": ["label"], "image_sha256": pa.array([bytes(32)], pa.binary(32))}}
    row = pa.record_batch(columns | {{"status": ["kept"]}})
    page = pa.concat_batches([row] * at_once)
    with pa.OSFile(str(part), "wb") as file, pa.ipc.new_file(file, page.schema) as writer:
        for _ in range(words // at_once):
            writer.write_batch(page)
    join_shard(SplitPlan((part,), (words,), (f"train/{{words}}",), (14 * words,), None), 0, folder)

folder = Path(sys.argv[1])
join(50)  # which loads what it takes
before = held()
join(50_000)
print(held() - before)
"""


def _printed(program: str, *arguments: str) -> int:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to give memory back")
def test_freed_blocks_are_given_back() -> None:
    assert _printed(_FREED_BLOCKS) > 60e6


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to give memory back")
def test_a_worker_that_has_joined_a_shard_holds_hardly_more_than_before(tmp_path: Path) -> None:
    assert _printed(_SHARD, str(tmp_path)) < 8e6
