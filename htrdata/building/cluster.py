"""The workers of a Dask cluster as an executor of the standard library, each proved to build what the head would.

`distributed` hands a job whose worker died to another one; a part that is built twice is the same file.
"""

from __future__ import annotations

import contextlib
import logging
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from htrdata.building.agreement import Agreement, agreement_of, difference
from htrdata.building.plan import Plan
from htrdata.building.staging import Workspace
from htrdata.errors import UnreachableError, UsageError, WorkerDiedError, importing
from htrdata.images.opencv import opencv
from htrdata.version import __version__

if TYPE_CHECKING:
    from distributed import Client

Result = TypeVar("Result")

_RETRIES = 2  # of a job that raises, on any worker
_SECONDS = 20  # to reach the scheduler
_ANSWER = 300  # seconds for a worker to say whether it agrees; it may have a job of somebody else's to end first


class ClusterExecutor(Executor):
    """Hands jobs to the workers of a cluster. They run in the folder in which the head runs.

    Args:
        client: connected to the scheduler.
        address: of the scheduler.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address
        self._executor = client.get_executor(pure=False, retries=_RETRIES)
        self._agreement: Agreement | None = None

    @property
    def workers(self) -> dict[str, int]:
        """How many threads each worker has, by its address."""
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: worker["nthreads"] for address, worker in found.items()}

    def check(self, plan: Plan, workspace: Workspace) -> None:
        """Makes sure that every worker would build what this process would. Workers that come later are asked, too.

        Args:
            plan: what will be built.
            workspace: where; its lock must be held.

        Raises:
            UsageError: there is no worker, or one differs; the message names it, the difference and a remedy.
        """
        workers = self.workers
        if not workers:
            raise UsageError(
                f"the scheduler {self._address} has no workers: start some, dask worker {self._address} --nworkers 16 "
                "--nthreads 1"
            )
        for address, threads in workers.items():
            if threads != 1:
                raise UsageError(_threads(address, threads))
        self._refuse_strangers()
        self._agreement = agreement_of(plan, workspace.folder / "lock")
        asked = {
            address: self._client.submit(_asked, self._agreement, workers=[address], pure=False) for address in workers
        }
        for address, answer in asked.items():
            try:
                error = answer.exception(timeout=_ANSWER)
            except TimeoutError:
                raise UsageError(
                    f"worker {address} has not answered within {_ANSWER} s: it is gone, or works for others; end it"
                ) from None
            if error is not None:
                raise error

    def _refuse_strangers(self) -> None:
        """Makes sure that workers have this version of htrdata.

        Without it they cannot unpickle a job, which ends them, and nobody hears why: a function of the standard library
        asks them.
        """
        asked = self._client.run(pkgutil.resolve_name, f"{__name__}:__version__", on_error="return")
        for address, found in asked.items():
            if found != __version__:
                what = f"has htrdata {found}" if isinstance(found, str) else f"cannot import htrdata ({found})"
                raise UsageError(
                    f"worker {address} {what}, and the head has htrdata {__version__}: install the same version there, "
                    "or one environment that all machines share"
                )

    def submit(self, job: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Hands a job to some worker; `check` must have been called."""
        assert self._agreement is not None, "workers are asked before they work"
        future: Future[Result] = self._executor.submit(_run, self._agreement, job, args, kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends what was handed over, or waits for it."""
        self._executor.shutdown(wait=wait and not cancel_futures)


@contextmanager
def cluster_at(address: str) -> Iterator[ClusterExecutor]:
    """Connects to a scheduler for as long as the block lasts.

    Raises:
        MissingPackageError: `distributed` is not installed.
        UnreachableError: nothing answers there.
        WorkerDiedError: within the block, several workers died at one job, or the scheduler went away.
    """
    with importing("--scheduler"):
        from distributed import Client, KilledWorker
        from distributed.comm.addressing import get_address_host_port
        from distributed.comm.registry import get_backend
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # where it has something to say, an error says it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on versions that differ: `ClusterExecutor.check` says which matter
            get_address_host_port(address)  # a client that does not begin takes 40 s to end, with a traceback
            get_backend(address.partition("://")[0] if "://" in address else "tcp")
            client = Client(address, set_as_default=False, timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise UnreachableError(
            f"no scheduler answers at {address} ({error}): start one (dask scheduler), and give the address that it "
            "prints, as in tcp://10.0.0.1:8786"
        ) from error
    executor = ClusterExecutor(client, address)
    try:
        yield executor
    except KilledWorker as error:
        raise WorkerDiedError(
            f"several workers died at one part, the last of them {error.last_worker.address}, most likely for want of "
            "memory: give each more (--memory-limit), or cut smaller parts (--part-size). Run the same again: it goes "
            "on from the finished parts"
        ) from error
    except CancelledError as error:
        raise WorkerDiedError(
            f"the scheduler {address} is gone, or has dropped what it was given: start it again, and run the same "
            "again: it goes on from the finished parts"
        ) from error
    finally:
        # The scheduler may be gone. What distributed raises then is of many kinds, and would hide what ended the build.
        with contextlib.suppress(Exception):
            executor.shutdown(wait=False)
            client.close(timeout=5)


_agreed: set[str] = set()
"""In a worker: the builds of which it is known that this process agrees with their head."""


def _asked(agreement: Agreement) -> None:
    """In a worker: makes sure that it would build what the head would.

    Raises:
        UsageError: it would not.
    """
    key = f"{agreement.note} {agreement.drawn} {agreement.cut} {sorted(agreement.versions.items())}"
    if key in _agreed:
        return
    from distributed import get_worker

    worker = get_worker()
    if worker.state.nthreads != 1:
        raise UsageError(_threads(worker.address, worker.state.nthreads))
    opencv().setNumThreads(1)  # there is a worker per core already
    found = difference(agreement)
    if found is not None:
        raise UsageError(f"worker {worker.address} {found}")
    _agreed.add(key)


def _threads(address: str, threads: int) -> str:
    return (
        f"worker {address} has {threads} threads, and parts are built one at a time in a process: start it with "
        f"--nthreads 1, and --nworkers {threads} for as many processes"
    )


def _run(agreement: Agreement, job: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
    """In a worker: does a job."""
    _asked(agreement)
    with contextlib.chdir(agreement.folder):
        return job(*args, **kwargs)
