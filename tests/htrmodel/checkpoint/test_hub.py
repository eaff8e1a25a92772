"""Weights to a hub of models and back, each with its card; the hub is a small server on loopback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import htrmodel
from htrdata.errors import (
    BadDataError,
    CannotCreateError,
    HtrError,
    SourceMissingError,
    UnreachableError,
    UsageError,
)
from htrmodel import starter
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.recogniser import Recogniser

from ...model_hub import ModelHub, running

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install 'htrdata[hub]'")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelHub]:
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("HF_TOKEN", "of-a-test")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # what it does between its tries
    with running() as server:
        yield server


@pytest.fixture
def weights(build: Callable[..., Recogniser], tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    save(build("None-VGG-BiLSTM-CTC"), path, data={"synthetic_only": True, "letters": "ab12"}, metrics={"cer": 0.25})
    return path


def test_weights_go_out_and_come_back_with_their_card(hub: ModelHub, weights: Path, tmp_path: Path) -> None:
    pushed = htrmodel.push(weights, "me/hand", licence="cc-by-4.0", endpoint=hub.url)
    files = hub.files["me/hand"][pushed.commit]
    assert files["model.safetensors"] == weights.read_bytes()
    card = files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: htrmodel\npipeline_tag: image-to-text\n")
    for part in (
        "license: cc-by-4.0\n",
        "- synthetic\n",
        "# hand\n",
        "None-VGG-BiLSTM-CTC",
        "letters: ab12",
        "cer: 0.25",
    ):
        assert part in card
    pulled = htrmodel.pull("me/hand", tmp_path / "there/mine.safetensors", endpoint=hub.url)
    assert pulled.commit == pushed.commit
    assert pulled.path.read_bytes() == weights.read_bytes()
    assert (tmp_path / "there/mine.md").read_text(encoding="utf-8") == card
    assert torch.equal(*(next(iter(htrmodel.load(one).parameters())) for one in (weights, pulled.path)))
    again = htrmodel.push(pulled.path, "me/second", endpoint=hub.url)  # with the card that came
    assert hub.files["me/second"][again.commit] == files


def test_a_card_beside_the_weights_is_theirs(hub: ModelHub, weights: Path) -> None:
    weights.with_suffix(".md").write_text("# Letters of 1905\n", encoding="utf-8")
    pushed = htrmodel.push(weights, "me/hand", private=True, endpoint=hub.url)
    card = hub.files["me/hand"][pushed.commit]["README.md"].decode()
    assert card.startswith("---\n")
    assert card.endswith("---\n\n# Letters of 1905\n")
    assert "license" not in card
    assert hub.private == {"me/hand"}


def test_a_card_that_is_no_utf8_is_told(weights: Path) -> None:
    weights.with_suffix(".md").write_bytes("# Fräulein\n".encode("latin-1"))
    with pytest.raises(BadDataError, match=r"best\.md is the card, and not UTF-8 \(byte 4\)"):
        htrmodel.push(weights, "me/hand", endpoint="http://127.0.0.1:9")


def test_starters_have_theirs(hub: ModelHub) -> None:
    pushed = htrmodel.push("starter-fast", "me/fast", endpoint=hub.url)
    card = hub.files["me/fast"][pushed.commit]["README.md"].decode()
    assert "license: apache-2.0\n" in card
    assert card.endswith((starter.FOLDER / "starter-fast.md").read_text(encoding="utf-8"))


def test_an_older_revision_is_still_there(hub: ModelHub, weights: Path, tmp_path: Path) -> None:
    first = htrmodel.push(weights, "me/hand", endpoint=hub.url)
    weights.with_suffix(".md").write_text("# newer\n", encoding="utf-8")
    htrmodel.push(weights, "me/hand", endpoint=hub.url)
    htrmodel.pull("me/hand", tmp_path / "new.safetensors", endpoint=hub.url)
    htrmodel.pull("me/hand", tmp_path / "old.safetensors", revision=first.commit, endpoint=hub.url)
    assert "# newer" in (tmp_path / "new.md").read_text(encoding="utf-8")
    assert "# newer" not in (tmp_path / "old.md").read_text(encoding="utf-8")


def test_the_commands_do_both(hub: ModelHub, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)  # what HF_ENDPOINT does
    monkeypatch.setattr(template, hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(commands, ["push", str(weights), "me/hand"])
    assert done.exit_code == 0, done.exception
    (commit,) = hub.files["me/hand"]
    assert done.stdout == f"me/hand at {commit}: {weights} with its card\n"
    done = CliRunner().invoke(commands, ["pull", "me/hand"])
    assert done.exit_code == 0, repr(done.exception)
    assert done.stdout == f"hand.safetensors and its card: me/hand at {commit}\n"
    assert {path.name for path in tmp_path.glob("hand.*")} == {"hand.safetensors", "hand.md"}


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, UsageError, r"refuses that \(401\): log in by `hf auth login`, or set HF_TOKEN"),
        (403, UsageError, r"refuses that \(403\): log in by `hf auth login`"),
        (404, SourceMissingError, "there is no me/hand at http"),
        (503, UnreachableError, r"me/hand at http.* fails \(503\)"),
    ],
)
def test_what_a_server_refuses_is_said(
    hub: ModelHub, weights: Path, tmp_path: Path, status: int, error: type[HtrError], said: str
) -> None:
    htrmodel.push(weights, "me/hand", endpoint=hub.url)
    hub.status = status
    with pytest.raises(error, match=said):
        htrmodel.pull("me/hand", tmp_path / "x.safetensors", endpoint=hub.url)
    with pytest.raises(HtrError):
        htrmodel.push(weights, "me/hand", endpoint=hub.url)
    assert not (tmp_path / "x.safetensors").exists()


def test_nothing_gets_a_name_that_is_not_a_checkpoint(hub: ModelHub, weights: Path, tmp_path: Path) -> None:
    pushed = htrmodel.push(weights, "me/hand", endpoint=hub.url)
    files = hub.files["me/hand"][pushed.commit]
    damaged = bytearray(files["model.safetensors"])
    damaged[-5] ^= 1
    for content in (bytes(damaged), b"<html>", b""):
        files["model.safetensors"] = content
        with pytest.raises(BadDataError):
            htrmodel.pull("me/hand", tmp_path / "x.safetensors", endpoint=hub.url)
    del files["model.safetensors"]
    with pytest.raises(SourceMissingError, match=r"no model\.safetensors with README\.md in it"):
        htrmodel.pull("me/hand", tmp_path / "x.safetensors", endpoint=hub.url)
    assert not list(tmp_path.glob("x.*"))


def test_what_is_there_already_stays(hub: ModelHub, weights: Path, tmp_path: Path) -> None:
    htrmodel.push(weights, "me/hand", endpoint=hub.url)
    (tmp_path / "x.md").write_text("notes of mine")
    with pytest.raises(CannotCreateError, match=r"x\.md is there already: name another file with --out"):
        htrmodel.pull("me/hand", tmp_path / "x.safetensors", endpoint=hub.url)
    (tmp_path / "file").touch()
    with pytest.raises(CannotCreateError, match="file is a file, not a folder"):
        htrmodel.pull("me/hand", tmp_path / "file/x.safetensors", endpoint=hub.url)


def test_what_cannot_be_reached_is_said(weights: Path, hub: ModelHub, tmp_path: Path) -> None:
    with running() as gone:
        pass
    with pytest.raises(UnreachableError, match="cannot be reached"):
        htrmodel.push(weights, "me/hand", endpoint=gone.url)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        htrmodel.pull("me/hand", tmp_path / "x.safetensors", endpoint=gone.url)


@pytest.mark.parametrize("repo", ["hand", "a/b/c", "", "me/my hand", "https://huggingface.co/me/hand"])
def test_names_are_checked_first(weights: Path, tmp_path: Path, repo: str) -> None:
    with pytest.raises(UsageError, match="is no name of a repository: it is OWNER/NAME"):
        htrmodel.push(weights, repo)
    with pytest.raises(UsageError, match="is no name of a repository"):
        htrmodel.pull(repo, tmp_path / "x.safetensors")


def test_a_pth_is_made_ours_first(build: Callable[..., Recogniser], tmp_path: Path) -> None:
    export_clova(build("None-VGG-BiLSTM-CTC"), tmp_path / "a.pth")
    with pytest.raises(UsageError, match=r"a\.pth is no \.safetensors: `htrmodel export "):
        htrmodel.push(tmp_path / "a.pth", "me/hand")


def test_without_the_library_the_remedy_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"needs huggingface_hub, .* pip install 'htrdata\[hub\]'"):
        htrmodel.push(weights, "me/hand")
