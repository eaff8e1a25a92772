"""Errors that a person can meet, each with the exit code of the command line.

    HtrError                    1   (base, never raised itself)
    ├── UsageError              2   options or places that do not fit together
    │   ├── UnknownNameError    2   a name that is none of those there are; also a KeyError
    │   ├── MissingPackageError 2   a package that an extra brings; also a ModuleNotFoundError
    │   ├── WrongTypeError      2   a value of a kind that has no meaning there; also a TypeError
    │   └── OutOfRangeError     2   a position beyond the end; also an IndexError
    ├── SourceMissingError      2   a data set, file or device that is not there
    ├── BadDataError            65  input or store whose content is wrong
    ├── UnreachableError        69  a server that cannot be reached, or has not given all that was asked
    ├── WorkerDiedError         71  a worker process was killed
    ├── NotEnoughMemoryError    72  the system, or a limit of it, gives no more memory; also a MemoryError
    ├── CannotCreateError       73  output that cannot be created
    ├── StorageError            74  reading or writing failed: disk full, I/O error
    └── LockedError             75  another build holds the output

A message names the value, the place and the remedy; the command line prints it without a traceback.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class HtrError(Exception):
    """Base of every error that is reported in one message instead of a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(HtrError):
    """Options or places that do not fit together."""

    exit_code = 2


class UnknownNameError(UsageError, KeyError):
    """A name that is none of those there are."""

    __str__ = Exception.__str__  # a KeyError would put its message in quotes


EXTRAS = {
    "HersheyFonts": "draw",
    "torch": "model",
    "safetensors": "model",
    "matplotlib": "model",
    "rapidfuzz": "model",
    "onnxruntime": "onnx",
    "onnx": "onnx",
    "onnx_ir": "onnx",
    "onnxscript": "onnx",
    "openvino": "openvino",
    "distributed": "cluster",
    "httpx2": "fetch",
    "tenacity": "fetch",
    "datasets": "hf",
    "huggingface_hub": "hub",
    "starlette": "browse",
    "uvicorn": "browse",
    "openpyxl": "sheets",
}
"""Which extra of setup.cfg brings a package that is not installed with the rest."""


class MissingPackageError(UsageError, ModuleNotFoundError):
    """A package that an extra brings is not installed, or cannot be imported as it is installed."""

    @classmethod
    def of(cls, error: ImportError, what: str = "this", extra: str | None = None) -> MissingPackageError | None:
        """The error for what an import says, or None where it is no matter of installing an extra.

        Args:
            error: what it raised.
            what: what the package is needed for.
            extra: the one that brings all that is needed for it; None for the one that brings the package.
        """
        package = (error.name or "").split(".")[0]
        extra = extra or EXTRAS.get(package)
        if extra is None or lacks_memory(error):
            return None
        if isinstance(error, ModuleNotFoundError):
            return cls(f"{what} needs {package}, which is not installed: pip install 'htrdata[{extra}]'")
        return cls(
            f"{what} needs {package or 'a package'}, which cannot be imported ({error}): "
            f"pip install --upgrade 'htrdata[{extra}]'"
        )


class WrongTypeError(UsageError, TypeError):
    """A value of a kind that has no meaning in its place."""


class OutOfRangeError(UsageError, IndexError):
    """A position beyond the first or the last one."""


class SourceMissingError(HtrError, FileNotFoundError):
    """A data set, a file of it, a store or a device is not where it was looked for."""

    exit_code = 2


class BadDataError(HtrError, ValueError):
    """Input or a store whose content is not what its format promises."""

    exit_code = 65


class UnreachableError(HtrError):
    """A server cannot be reached, or has not given all that it was asked for: the same command goes on later."""

    exit_code = 69


class WorkerDiedError(HtrError):
    """A worker process was killed from outside."""

    exit_code = 71


class NotEnoughMemoryError(HtrError, MemoryError):
    """The system, or a limit that is set to the process, gives no more memory, or no more threads."""

    exit_code = 72

    @classmethod
    def of(cls, error: BaseException) -> NotEnoughMemoryError:
        """The error for what a library or the system says."""
        what = " ".join(str(error).split()) or type(error).__name__
        what = what if len(what) < 160 else f"{what[:160]}…"
        return cls(
            f"there is not enough memory ({what}): end other programs, work with fewer --workers or smaller batches, "
            "or allow this one more (ulimit -v, the limit of a container or job)"
        )


class CannotCreateError(HtrError):
    """The output cannot be created, or must not be replaced."""

    exit_code = 73


class StorageError(HtrError, OSError):
    """Reading or writing failed: the disk is full, a quota is reached, an I/O error."""

    exit_code = 74


class LockedError(HtrError):
    """Another process is building the same data set."""

    exit_code = 75


_NO_MEMORY = re.compile(
    "can't start new thread|launch worker thread|cannot allocate memory|can't allocate memory|failed to allocate memory"
    "|failed to map segment|insufficient memory|bad_alloc|out of memory",
    re.IGNORECASE,
)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, or no room for a thread: libraries have many words for it."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    speaks = isinstance(error, RuntimeError | OSError | ImportError)
    speaks = speaks or type(error).__module__.startswith(("pyarrow", "onnxruntime"))
    return speaks and bool(_NO_MEMORY.search(str(error)))


@contextmanager
def importing(what: str, extra: str | None = None) -> Iterator[None]:
    """Imports within it that fail for want of an extra say how to install that; see `MissingPackageError.of`.

    Raises:
        MissingPackageError: a package is not installed, or cannot be imported.
    """
    try:
        yield
    except ImportError as error:
        missing = MissingPackageError.of(error, what, extra)
        if missing is None:
            raise
        raise missing from error
