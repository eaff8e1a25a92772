"""Whether a build may go on from what it finds in the store, or must not touch it."""

from __future__ import annotations

from typing import Any

from htrdata.building.plan import Plan
from htrdata.building.staging import Workspace
from htrdata.errors import BadDataError, CannotCreateError


def may_resume(workspace: Workspace, plan: Plan, live: dict[str, Any] | None, *, overwrite: bool) -> bool:
    """Whether finished parts of this very build are there.

    Args:
        workspace: where they would be.
        plan: of the build.
        live: the ``dataset.json`` of a data set in the store that must not be replaced; None where there is none.
        overwrite: whether anything that is there may be replaced.

    Raises:
        CannotCreateError: something else is there, and may not be replaced.
    """
    begun = _request(workspace, overwrite=overwrite)
    if begun is not None:
        found = differences(begun, plan.request, versions=True)
        if not found:
            return True
        if not overwrite:
            raise CannotCreateError(_refusal(f"an unfinished build of {plan.name!r} in {workspace.store}", found))
    if live is not None and not overwrite:
        found = differences(live, plan.request, versions=False)
        raise CannotCreateError(_refusal(f"the data set {plan.name!r} in {workspace.store}", found))
    foreign = [] if overwrite else workspace.foreign_folders()
    if foreign:
        raise CannotCreateError(
            f"{foreign[0]} is there and no part of a data set built here: move it, choose another --name, or replace "
            "it with --overwrite"
        )
    return False


def _request(workspace: Workspace, *, overwrite: bool) -> dict[str, Any] | None:
    try:
        return workspace.request()
    except BadDataError:
        if overwrite:
            return None
        raise


def _refusal(what: str, found: list[str]) -> str:
    listed = "; ".join(found)
    return f"{what} differs from this one: {listed}. Choose another --name or --out, or replace it with --overwrite"


def differences(old: dict[str, Any], new: dict[str, Any], *, versions: bool) -> list[str]:
    """What two requests do not have in common, in words; with or without the versions of the libraries."""
    found = [_change(key, old.get(key), new[key]) for key in ("format", "source") if old.get(key) != new[key]]
    for table in ("settings", "options", "versions") if versions else ("settings", "options"):
        before = old.get(table, {})
        found += [_change(key, before.get(key), value) for key, value in new[table].items() if before.get(key) != value]
    if not found and old.get("inputs") != new["inputs"]:  # other settings may be why the inputs differ
        found.append("the annotations or images on disk have changed since")
    return found


def _change(key: str, old: Any, new: Any) -> str:
    if key == "charset":
        old, new = (f"{value['name']} {value['fingerprint']}" if value else "all" for value in (old, new))
    return f"{key} was {old}, is {new}"
