"""Whether a build may go on from what it finds in the store, or must not touch it."""

from __future__ import annotations

from typing import Any

from htrdata.errors import CannotCreateError
from htrdata.plan import Plan
from htrdata.workspace import Workspace


def may_resume(workspace: Workspace, plan: Plan, *, overwrite: bool) -> bool:
    """Whether finished parts of this very build are there.

    Raises:
        CannotCreateError: something else is there, and may not be replaced.
    """
    begun = workspace.request()
    if begun is not None:
        found = differences(begun, plan.request, versions=True)
        if not found:
            return True
        if not overwrite:
            raise CannotCreateError(_refusal(f"an unfinished build of {plan.name!r} in {workspace.store}", found))
    live = workspace.live_dataset()
    if live is not None and not overwrite:
        found = differences(live, plan.request, versions=False)
        raise CannotCreateError(_refusal(f"the data set {plan.name!r} in {workspace.store}", found))
    foreign = workspace.foreign_folders()
    if foreign and not overwrite:
        raise CannotCreateError(
            f"{foreign[0]} is there and no part of a data set built here: move it, choose another --name, or replace "
            "it with --overwrite"
        )
    return False


def _refusal(what: str, found: list[str]) -> str:
    listed = "; ".join(found)
    return f"{what} differs from this one: {listed}. Choose another --name or --out, or replace it with --overwrite"


def differences(old: dict[str, Any], new: dict[str, Any], *, versions: bool) -> list[str]:
    """What two requests do not have in common, in words; with or without the versions of the libraries."""
    found = [_change(key, old.get(key), new[key]) for key in ("format", "source") if old.get(key) != new[key]]
    for table in ("settings", "options", "versions") if versions else ("settings", "options"):
        before = old.get(table, {})
        found += [_change(key, before.get(key), value) for key, value in new[table].items() if before.get(key) != value]
    if old.get("inputs") != new["inputs"]:
        found.append("the annotations or images on disk have changed since")
    return found


def _change(key: str, old: Any, new: Any) -> str:
    if key == "charset":
        old, new = (f"{value['name']} {value['fingerprint']}" if value else "all" for value in (old, new))
    return f"{key} was {old}, is {new}"
