"""How a build begins: whether it may go on from what it finds in the store, or must not touch it."""

from __future__ import annotations

from pathlib import Path

from htrdata.building.plan import Plan
from htrdata.building.replaceable import check_places, inputs_of
from htrdata.building.staging import Workspace
from htrdata.errors import BadDataError, CannotCreateError
from htrdata.files.strict_json import Json
from htrdata.files.typed_json import encode
from htrdata.store.description import Description, Provenance


def begin(plan: Plan, workspace: Workspace, *, overwrite: bool) -> Description | None:
    """Makes the folder of a build what it must be before the first part is built. The lock must be held.

    Args:
        plan: of the build.
        workspace: where it is built.
        overwrite: whether anything that is there may be replaced.

    Returns:
        The data set, where it stands in the store as planned, so that there is nothing to be done; else None.

    Raises:
        LockedError: shares of another build are being built.
        CannotCreateError: something else is there, and may not be replaced.
    """
    workspace.settle()
    provenance = plan.provenance
    try:
        live = None if overwrite else _live(workspace, plan)
        equal = live is not None and not differences(live, provenance, versions=False)
        if live is not None and equal and workspace.is_there(live):
            return live
        check_places(workspace.store, plan.name, plan_inputs(plan))
        # A data set whose files are not all there is repaired by building it again.
        resumed = may_resume(workspace, provenance, None if equal else live, overwrite=overwrite)
    except CannotCreateError:
        if workspace.begun() is None:
            workspace.remove()
        raise
    if not resumed:
        workspace.refuse_shares()
        workspace.start(provenance)
    return None


def _live(workspace: Workspace, plan: Plan) -> Description | None:
    try:
        return workspace.live_dataset()
    except BadDataError:
        check_places(workspace.store, plan.name, plan_inputs(plan))  # a stranger's is not one to build again
        raise


def plan_inputs(plan: Plan) -> set[Path]:
    """The folders and files that the source of a plan reads."""
    return inputs_of(plan.source, (page for part in plan.parts for page in part.pages))


def may_resume(workspace: Workspace, wanted: Provenance, live: Provenance | None, *, overwrite: bool) -> bool:
    """Whether finished parts of this very build are there.

    Args:
        workspace: where they would be.
        wanted: what the build is made from.
        live: what a data set in the store that must not be replaced is made from; None where there is none.
        overwrite: whether anything that is there may be replaced.

    Raises:
        CannotCreateError: something else is there, and may not be replaced.
    """
    begun = _begun(workspace, overwrite=overwrite)
    if begun is not None:
        found = differences(begun, wanted, versions=True)
        if not found:
            return True
        if not overwrite:
            raise CannotCreateError(_refusal(f"an unfinished build of {workspace.name!r} in {workspace.store}", found))
    if live is not None and not overwrite:
        found = differences(live, wanted, versions=False)
        raise CannotCreateError(_refusal(f"the data set {workspace.name!r} in {workspace.store}", found))
    return False


def _begun(workspace: Workspace, *, overwrite: bool) -> Provenance | None:
    try:
        return workspace.begun()
    except BadDataError:
        if overwrite:
            return None
        raise


def _refusal(what: str, found: list[str]) -> str:
    listed = "; ".join(found)
    return f"{what} differs from this one: {listed}. Choose another --name or --out, or replace it with --overwrite"


_TABLES = ("settings", "options", "versions")


def differences(old: Provenance, new: Provenance, *, versions: bool) -> list[str]:
    """What two builds do not have in common, in words; with or without the versions of the libraries."""
    named = ("division", "inputs", *_TABLES)
    found = [_change(name, was, value) for name, was, value in _fields(old, new) if name not in named]
    if old.division != new.division and old.source == new.source and not _fields(old.settings, new.settings):
        found.append(f"division was {_divided(old)}, is {_divided(new)}")  # else it only says the same again, at length
    for table in _TABLES if versions else _TABLES[:2]:
        found += [_change(*one) for one in _fields(getattr(old, table), getattr(new, table))]
    if not found and old.inputs != new.inputs:  # other settings may be why the inputs differ
        found.append("the annotations or images on disk have changed since")
    return found


def _fields(old: object, new: object) -> list[tuple[str, Json, Json]]:
    """The fields of two tables that differ, with both values; what only the old one has does not count."""
    before, after = _table(old), _table(new)
    return [(name, before.get(name), value) for name, value in after.items() if before.get(name) != value]


def _table(value: object) -> dict[str, Json]:
    encoded = encode(value)
    assert isinstance(encoded, dict)
    return encoded


def _change(name: str, old: Json, new: Json) -> str:
    if name == "held out":  # 16 digits, which say nothing to a person
        return "other writers, pages or lines are held out"
    return f"{name} was {_said(name, old)}, is {_said(name, new)}"


def _divided(of: Provenance) -> str:
    return f"{of.division} of {of.division.corpus}"


def _said(name: str, value: Json) -> str:
    if name == "charset":
        return f"{value['name']} {value['fingerprint']}" if isinstance(value, dict) else "all"
    return str(value)
