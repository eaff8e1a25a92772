"""The tests on every Python, with the pinned and with the lowest versions: `nox`, or `nox -s lowest-3.11`.

What stands behind ``--`` takes the place of those requirements: `nox -s lowest-3.11 -- torch==2.13.0` where torch's
lowest version would bring gigabytes of CUDA, `opencv-python-headless==4.12.0.88` where libGL is missing.
"""

from __future__ import annotations

import configparser
import re

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
EXTRAS = ("model", "onnx", "openvino", "fetch", "browse", "sheets", "docs", "dev")
NEWER = ("hf", "hub", "cluster")
"""Extras that need newer versions of what is common than we do ourselves: tests skip what needs them."""

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False


def lowest_versions() -> list[str]:
    """Every requirement of setup.cfg at the lowest version that it names."""
    setup = configparser.ConfigParser()
    setup.read("setup.cfg", encoding="utf-8")
    tables = [setup["options"]["install_requires"], *(setup["options.extras_require"][extra] for extra in EXTRAS)]
    lines = "\n".join(tables).split()
    return sorted({re.sub(r">=([^,]+).*", r"==\1", line) for line in lines})


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests with the versions of constraints.txt."""
    session.install("-c", "constraints.txt", "-e", f".[{','.join(EXTRAS + NEWER)}]", *session.posargs)
    session.run("python", "-m", "pytest", "-n", "auto", "--dist", "loadfile")


@nox.session(python=PYTHONS[:1])
def lowest(session: nox.Session) -> None:
    """The tests with the lowest version of everything."""
    given = {re.split("[=<>]", argument)[0].removesuffix("-headless") for argument in session.posargs}
    wanted = [one for one in lowest_versions() if one.split("==")[0] not in given]
    session.install(*wanted, *session.posargs)
    session.install("--no-deps", "-e", ".")
    session.run("python", "-m", "pytest", "-n", "auto", "--dist", "loadfile")
