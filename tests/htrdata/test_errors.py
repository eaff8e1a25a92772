"""A lack of memory is told as such, whoever notices it, and never as a fault of the data or of a package."""

from __future__ import annotations

import errno
import mmap
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import NotEnoughMemoryError, lacks_memory
from htrdata.images.opencv import opencv
from htrdata.store.verification import verify
from htrdata.workers import SerialExecutor


class OnnxError(Exception):
    """As ONNX Runtime's own, which are of no kind of Python's."""

    __module__ = "onnxruntime.capi.onnxruntime_pybind11_state"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 960064 failed"),
        NotEnoughMemoryError("there is not enough memory"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        ImportError("libQt5Widgets.so: failed to map segment from shared object"),
        ImportError("cv2.abi3.so: cannot allocate memory in static TLS block"),
        RuntimeError("can't start new thread"),
        pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        OSError("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        OnnxError("[ONNXRuntimeError] : 1 : FAIL : Failed to allocate memory for requested buffer of size 153600000"),
        OnnxError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Exception during initialization: std::bad_alloc"),
    ],
)
def test_a_lack_of_memory_is_known_by_all_its_names(error: BaseException) -> None:
    assert lacks_memory(error)
    assert "there is not enough memory (" in str(NotEnoughMemoryError.of(error))


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), ImportError("no libGL.so.1"), ValueError("out of memory")],
)
def test_other_errors_are_none(error: BaseException) -> None:
    assert not lacks_memory(error)


def test_a_long_text_of_a_library_is_cut() -> None:
    assert len(str(NotEnoughMemoryError.of(ImportError("failed to map segment\n" * 100)))) < 400


def test_a_manifest_that_does_not_fit_into_memory_is_not_damaged(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(source, tmp_path / "lmdb", workers=1)

    def failing(*_: object, **__: object) -> None:
        raise pa.ArrowMemoryError("realloc of size 131072 failed")

    monkeypatch.setattr(pq, "ParquetFile", failing)
    with pytest.raises(NotEnoughMemoryError, match="realloc of size 131072 failed"):
        verify(tmp_path / "lmdb")


def test_opencv_without_room_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.delitem(sys.modules, "cv2")
    monkeypatch.setattr(mmap, "mmap", failing)
    with pytest.raises(NotEnoughMemoryError, match="there is not enough memory"):
        opencv()


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.ENOMEM, "x"), lmdb.MemoryError("Cannot allocate memory")]
)
def test_a_build_that_lacks_memory_says_so(error: Exception, source: Any, tmp_path: Path) -> None:
    class Failing(SerialExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise error if not isinstance(error, lmdb.Error) else MemoryError(str(error))

    with pytest.raises(NotEnoughMemoryError, match="work with fewer --workers"):
        build(source, tmp_path / "lmdb", BuildOptions(), executor=Failing())


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of addresses as Linux has it")
@pytest.mark.parametrize("room", [450_000, 600_000])
def test_commands_under_a_limit_of_memory_end_with_a_code_of_their_own(source: Any, tmp_path: Path, room: int) -> None:
    build(source, tmp_path / "lmdb", workers=1)
    code = "import sys, htrdata.cli.commands as c; c.verify.callback = lambda **_: bytes(1 << 40); c.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", str(tmp_path / "lmdb")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room << 10, room << 10)),
    )
    assert (done.returncode, done.stdout) == (72, "")
    assert done.stderr.startswith("error: there is not enough memory (")
    assert "Traceback" not in done.stderr


def test_a_command_that_ends_for_want_of_memory_leaves_no_semaphores(tmp_path: Path) -> None:
    """Python's own process that looks after them would complain of them behind the message."""
    code = (
        "import multiprocessing, htrdata.cli.commands as c\n"
        "kept = []\n"
        "def verify(**_):\n"
        "    kept.append(multiprocessing.get_context('spawn').Queue())\n"
        "    raise MemoryError('none left')\n"
        "c.verify.callback = verify\n"
        "c.main()\n"
    )
    command = [sys.executable, "-c", code, "verify", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # it reads until the last one is gone
    assert done.returncode == 72
    assert done.stderr.startswith("error: there is not enough memory (none left)")
    assert len(done.stderr.splitlines()) == 1
