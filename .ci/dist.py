"""Builds the distributions, checks them, and tries each set of extras in an empty environment: `make dist`.

What was committed is built, by itself: neither files beside it nor what an earlier build left. ``dist/`` then has

- the wheels and source archives of the code and of the weights, and ``SHA256SUMS``;
- a software bill of materials of the smallest and of the largest installation, by CycloneDX;
- ``NOTES.md``: what the changelog says of this version;
- ``installs.md``: what each set of extras takes, when and where; ``transcript.txt``: what its commands have said.

`make release` does the same, but only for a commit with the tag of its version.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from installations import INSTALLATIONS, Installation

from htrdata.files.cores import usable_cores

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BIN = Path(sys.executable).parent


NOT_INSTALLED = {"dev", "dist", "docs", "fuzz"}
"""Extras for who works at the project."""


@click.command()
@click.option("--tag", is_flag=True, help="Refuse a commit without the tag of its version.")
@click.option("--installs/--no-installs", default=True, help="Whether to try the sets of extras.")
def main(tag: bool, installs: bool) -> None:
    """Build, check and try what is published."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = exported(Path(scratch))
        version = version_of(source)
        check_versions(source, version)
        if tag:
            check_tag(version)
        build(source)
        check(source)
        (DIST / "NOTES.md").write_text(notes(source, version), encoding="utf-8")
        if installs:
            rows: list[Sequence[str]] = []
            for one in INSTALLATIONS:
                rows.append(tried(one, source, Path(scratch)))
                click.echo(" | ".join(rows[-1]))
                (DIST / "installs.md").write_text(table(rows), encoding="utf-8")
    write_sums()
    click.echo(f"{DIST}: {', '.join(sorted(path.name for path in DIST.iterdir()))}")


def exported(scratch: Path) -> Path:
    """What was committed, in a folder of its own."""
    if changed := said("git", "status", "--porcelain", "--untracked-files=no"):
        click.echo(f"not committed, so not built:\n{changed}", err=True)
    archive = scratch / "source.tar"
    run("git", "archive", "--output", archive, "--prefix", "source/", "HEAD", cwd=ROOT)
    shutil.unpack_archive(archive, scratch, filter="data")
    return scratch / "source"


def version_of(source: Path) -> str:
    """The version that the code has."""
    found = re.search(r'__version__ = "(.*)"', (source / "htrdata/version.py").read_text(encoding="utf-8"))
    if found is None:
        raise click.ClickException("htrdata/version.py has no __version__")
    return found[1]


def check_versions(source: Path, version: str) -> None:
    """Refuses weights, or a citation, that name another version than the code."""
    for file, said_there in (
        ("weights/pyproject.toml", f'version = "{version}"'),
        ("CITATION.cff", f"version: {version}"),
    ):
        if not re.search(rf"(?m)^{re.escape(said_there)}(\s|$)", (source / file).read_text(encoding="utf-8")):
            raise click.ClickException(f"htrdata/version.py says {version}, {file} something else: write {said_there}")


def check_tag(version: str) -> None:
    """Refuses what is no release: another tag, changes, a changelog that calls the version unreleased."""
    if f"v{version}" not in said("git", "tag", "--points-at", "HEAD").split():
        raise click.ClickException(
            f"this commit has no tag v{version}: git tag v{version}, or change htrdata/version.py"
        )
    if said("git", "status", "--porcelain"):
        raise click.ClickException("there are changes that are not committed: commit them and tag that, or stash them")
    if f"## {version} (unreleased)" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        raise click.ClickException(f"CHANGELOG.md calls {version} unreleased: put the date there")


def build(source: Path) -> None:
    """A source archive of the code and of the weights, and a wheel out of each; their times are the commit's."""
    moment = {**os.environ, "SOURCE_DATE_EPOCH": said("git", "log", "-1", "--format=%ct")}
    for project in (source, source / "weights"):
        run(BIN / "python", "-m", "build", "--outdir", DIST, project, environment=moment, quiet=True)


def check(source: Path) -> None:
    """What the index, and people who look into wheels, would say."""
    built = sorted(DIST.iterdir())
    run(BIN / "python", "-m", "twine", "check", "--strict", *built)
    for project, wheel in ((source, "htrdata-*.whl"), (source / "weights", "htrmodel_weights-*.whl")):
        run(BIN / "check-wheel-contents", *DIST.glob(wheel), cwd=project)
    for path in built:
        click.echo(f"{path.stat().st_size / 1e6:8.2f} MB  {path.name}")


def notes(source: Path, version: str) -> str:
    """What the changelog says of a version."""
    text = (source / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^## {re.escape(version)}\b.*?(?=^## |\Z)", text)
    if found is None:
        raise click.ClickException(f"CHANGELOG.md has no section ## {version}")
    return found[0]


def tried(one: Installation, source: Path, scratch: Path) -> Sequence[str]:
    """Installs a set of extras into an empty environment, runs its commands, and says what it took: a row."""
    click.echo(f"\n[{one.extras}]")
    place = scratch / "environment"
    run(sys.executable, "-m", "venv", "--clear", place)
    bare = size_of(place)
    began = time.monotonic()
    python = place / "bin/python"
    install: list[Path | str] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--constraint", source / "constraints.txt"]
    run(*install, *wheels(one))
    took = time.monotonic() - began
    if subprocess.run([python, "-c", "import cv2"], capture_output=True, check=False).returncode:
        click.echo("libGL is missing: taking opencv-python-headless instead of opencv-python")
        run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "opencv-python")
        run(*install, "opencv-python-headless")
    else:
        run(python, "-m", "pip", "check", "--disable-pip-version-check")
    packages = len(list(place.glob("lib/python*/site-packages/*.dist-info")))
    size = size_of(place) - bare
    began = time.monotonic()
    try_commands(one, source, place, scratch / "first steps")
    worked = time.monotonic() - began
    if one.extras in ("", "all"):
        write_bill(python, one.extras or "base", version_of(source))
    shutil.rmtree(place)
    return f"[{one.extras}]", f"{packages}", f"{size / 1e6:,.0f} MB", f"{took:.0f} s", f"{worked:.0f} s"


def wheels(one: Installation) -> list[str]:
    """What pip is to install."""
    (code,), (weights,) = DIST.glob("htrdata-*.whl"), DIST.glob("htrmodel_weights-*.whl")
    extras = one.extras if one.extras != "all" else ",".join(sorted(all_extras()))
    return [f"htrdata[{extras}] @ {code.as_uri()}", *([str(weights)] if one.weights else [])]


def all_extras() -> set[str]:
    """The extras that setup.cfg has for users."""
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8").split("[options.extras_require]")[1].split("\n[")[0]
    return set(re.findall(r"(?m)^(\w+) =", text)) - NOT_INSTALLED


def try_commands(one: Installation, source: Path, place: Path, folder: Path) -> None:
    """Runs the commands of an installation, and makes sure that nothing came along that should not."""
    folder.mkdir(exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment["PATH"] = f"{place / 'bin'}{os.pathsep}{environment['PATH']}"
    for name in one.absent:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
        run(place / "bin/python", "-c", code, cwd=folder, environment=environment)
    with (DIST / "transcript.txt").open("a", encoding="utf-8") as transcript:
        print(f"pip install 'htrdata[{one.extras}]'{' htrmodel-weights' if one.weights else ''}\n", file=transcript)
        for command in one.commands:
            shown = readme_commands(source, command.split()[1]) if command.startswith("README ") else [command]
            for typed in shown:
                click.echo(f"$ {typed}")
                within, _, words = typed.rpartition("$ ")
                words = words.replace("FORMS", str(source / ".ci/forms.py"))
                output = run(*shlex.split(words), cwd=folder / within, environment=environment, quiet=True)
                print(f"{typed if within else f'$ {typed}'}\n{output}", file=transcript)


def readme_commands(source: Path, program: str) -> list[str]:
    """A newcomer's first commands of a program: README's, and those of the first steps that use ``first/`` alone."""
    readme = re.findall(r"(?m)^ {4}(htr\w+ .*)", (source / "README.md").read_text(encoding="utf-8"))
    found = [one for line in readme for one in line.split(" && ") if one.startswith(f"{program} ")]
    steps = (source / "docs/first-steps.md").read_text(encoding="utf-8")
    return found + re.findall(rf"(?m)^ {{4}}\$ ({program} .*first/.*)", steps)


def write_bill(python: Path, name: str, version: str) -> None:
    """What is in an environment, with versions and licences, as CycloneDX says it."""
    out = DIST / f"htrdata-{version}-{name}.cdx.json"
    run(BIN / "cyclonedx-py", "environment", "--output-reproducible", "--output-file", out, python)


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder, without what Python compiled."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix != ".pyc" and not path.is_symlink())


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows in Markdown."""
    head = ("extras", "packages", "size", "installing", "its commands")
    lines = [" | ".join(row) for row in (head, ["---"] * len(head), *rows)]
    cores, python = usable_cores(), platform.python_version()
    machine = f"{time.strftime('%Y-%m-%d')}; {cores} cores, {platform.system()} {platform.machine()}, Python {python}"
    return f"{machine}\n\n" + "".join(f"| {line} |\n" for line in lines)


def write_sums() -> None:
    """The SHA-256 of each file, as `sha256sum --check` reads them."""
    files = sorted(path for path in DIST.iterdir() if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (DIST / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def run(
    *command: Path | str, cwd: Path = ROOT, environment: Mapping[str, str] | None = None, quiet: bool = False
) -> str:
    """Runs a command. What it says is returned, where it is to be quiet, and shown if it fails."""
    output, errors = (subprocess.PIPE, subprocess.STDOUT) if quiet else (None, None)
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=output, stderr=errors, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{done.stdout or ''}{shlex.join(map(str, command))}: {done.returncode}")
    return done.stdout or ""


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
