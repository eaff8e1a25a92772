"""Fine-tuning as one call: what it takes, what it says, what it learns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from htrdata.errors import BadDataError, CannotCreateError, HtrError, SourceMissingError, UsageError
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.config import ModelFields
from htrmodel.data.batches import WordBatches
from htrmodel.data.cache import decoded_words
from htrmodel.data.origins import PlainShards
from htrmodel.data.samples import open_samples
from htrmodel.recogniser import Recogniser
from htrmodel.training import words
from htrmodel.training.asking import finetune
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice, initial_model
from htrmodel.training.outcome import Outcome
from htrmodel.training.recipes import ATTENTIONHTR, Recipe
from htrmodel.training.request import Request
from htrmodel.training.run_log import read_log
from htrmodel.training.sentences import sentence
from htrmodel.training.validation import Validation, validate

from .conftest import MODEL, MakeShards, random_words

RECIPE = Recipe(name="short", optimizer="adamw", lr=1e-3, batch_size=16, epochs=2)


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., Request]:
    """A request for a narrow model in a folder of its own."""

    def make(data: Path, **fields: Any) -> Request:
        model = ModelChoice(charset=ALNUM, fields=MODEL)
        given: dict[str, Any] = {"model": model, "recipe": RECIPE, "device": "cpu", "out": tmp_path / "run"} | fields
        return Request(data=data, **given)

    return make


def run(request: Request) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    return carry_out(request, said.append), said


def judge(recogniser: Recogniser, store: Path) -> Validation:
    samples = open_samples(PlainShards(store / "val" / "printed", split="val"))
    words = WordBatches([samples], [decoded_words(samples, recogniser.config)])
    found = validate(recogniser, words.in_order(16))
    assert found is not None
    return found


def test_a_checkpoint_beats_scratch_at_equal_steps(
    make_shards: MakeShards, request_of: Callable[..., Request], learnt: Path, tmp_path: Path
) -> None:
    other = make_shards({"train": random_words(32, 3), "val": random_words(40, 4)})
    scratch, _ = run(request_of(other))
    request = request_of(other, checkpoint=learnt, out=tmp_path / "tuned", model=ModelChoice(fields={}))
    tuned, said = run(request)
    assert said[0].startswith(f"starting from {learnt}: None-VGG-None-CTC")
    assert tuned.state.step == scratch.state.step == 4
    assert tuned.state.best["printed"]["cer"] < 0.2 < scratch.state.best["printed"]["cer"]
    assert read_checkpoint(tuned.folder.best).config.charset == ALNUM


def test_a_new_charset_leaves_readings_as_they_are(store: Path, learnt: Path) -> None:
    initial = initial_model(learnt, ModelChoice(charset=PRINTABLE, fields={}), seed=0)
    before, after = judge(load(learnt), store), judge(initial.recogniser, store)
    assert (after.cer, after.wer) == (before.cer, before.wer)


def test_a_new_charset_is_said_and_trained(store: Path, learnt: Path, request_of: Callable[..., Request]) -> None:
    request = request_of(store, checkpoint=learnt, model=ModelChoice(charset=Charset("few", "edcbaXY"), fields={}))
    outcome, said = run(request)
    assert "5 characters copied, 2 new (XY), 31 dropped (0123456789fghijklmnopqrstuvwxyz)" in said[0]
    assert outcome.state.best["printed"]["cer"] < 0.2


def test_weights_of_clova_start_a_training_too(
    store: Path, learnt: Path, tmp_path: Path, request_of: Callable[..., Request]
) -> None:
    export_clova(load(learnt), tmp_path / "clova.pth")
    fields: ModelFields = {"width": MODEL["width"], "max_length": MODEL["max_length"]}
    initial = initial_model(tmp_path / "clova.pth", ModelChoice(fields=fields), seed=0)
    assert judge(initial.recogniser, store).cer == judge(load(learnt), store).cer
    assert "assumed: charset alnum for its 36 characters, a height of 32 pixels, images stretched" in initial.assumed
    signs = Charset("signs", "+-/0123456789ABCDEFGHIJKLMNOPQRSTUVW")
    choice = ModelChoice(charset=PRINTABLE, from_charset=signs, fields={**fields, "height": 32, "resize": "pad"})
    initial = initial_model(tmp_path / "clova.pth", choice, seed=0)
    assert initial.assumed == ""
    assert "36 characters copied, 58 new" in initial.message
    assert initial.recogniser.config.resize == "pad"
    with pytest.raises(UsageError, match=r"is a None-VGG-None-CTC: none of its stages can start a TPS-ResNet"):
        initial_model(tmp_path / "clova.pth", ModelChoice(fields={"architecture": "TPS-ResNet-BiLSTM-Attn"}), seed=0)
    with pytest.raises(UsageError, match="--from-charset"):
        initial_model(None, ModelChoice(from_charset=ALNUM, fields={}), seed=0)


def test_another_architecture_takes_the_stages_that_it_has_too(
    store: Path, learnt: Path, request_of: Callable[..., Request]
) -> None:
    fields: ModelFields = {"architecture": "None-VGG-None-Attn"}
    outcome, said = run(request_of(store, checkpoint=learnt, model=ModelChoice(charset=PRINTABLE, fields=fields)))
    assert said[0] == (
        f"starting from {learnt}: None-VGG-None-Attn, 32 x 60 pixels, 94 characters (printable); "
        "features taken; prediction new"
    )
    assert read_checkpoint(outcome.folder.last).config.prediction == "Attn"


def test_new_weights_follow_the_seed_and_leave_torch_s_generator_alone() -> None:
    choice = ModelChoice(fields=MODEL)
    state = torch.get_rng_state()
    drawn = [initial_model(None, choice, seed).recogniser.state_dict()["Prediction.weight"] for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_it_is_said_where_it_did_not_help(store: Path, learnt: Path, request_of: Callable[..., Request]) -> None:
    harmful = replace(RECIPE, lr=0.5, epochs=1, select="cer")
    outcome, said = run(request_of(store, checkpoint=learnt, model=ModelChoice(fields={}), recipe=harmful))
    assert outcome.state.best_step == 0
    assert any(message.startswith("fine-tuning did not help: no validation CER was lower") for message in said)
    assert any("was chosen by 40 words" in message for message in said)
    document = outcome.to_dict()
    assert not document["improved"]
    assert document["best"]["select"] == "cer"
    assert document["start"] == document["best"]["val"]
    kept, start = (read_checkpoint(path).weights for path in (outcome.checkpoint, learnt))
    assert all(torch.equal(value, start[key]) for key, value in kept.items())
    _, said = run(request_of(store, checkpoint=learnt, model=ModelChoice(fields={}), recipe=harmful))
    assert any(message.startswith("fine-tuning did not help") for message in said)  # also when it is asked again


def test_the_same_request_is_finished_another_refused(
    make_shards: MakeShards, store: Path, request_of: Callable[..., Request]
) -> None:
    outcome, _ = run(request_of(store))
    log = outcome.folder.log.read_bytes()
    again, said = run(request_of(store))
    assert again.finished
    assert f"{again.folder.path} is finished already, at step 20" in said
    assert not any("going on" in message or "starting from" in message for message in said)
    assert again.to_dict() == outcome.to_dict()
    assert again.folder.log.read_bytes() == log
    with pytest.raises(CannotCreateError, match=r"recipe\.lr 0\.001 \(not 0\.002\)"):
        run(request_of(store, recipe=replace(RECIPE, lr=0.002)))
    other = make_shards({"train": random_words(9, 8), "val": random_words(3, 9)})
    with pytest.raises(CannotCreateError, match=r"data\.train\.printed"):
        run(request_of(other))


def test_the_folder_is_named_after_data_and_recipe(
    store: Path, request_of: Callable[..., Request], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome, _ = run(request_of(store, out=None))
    assert outcome.folder.path == Path("runs/printed-short")
    data = read_checkpoint(outcome.folder.last).data
    assert data["train"].keys() == data["val"].keys() == {"printed"}


def test_mixed_data_sets_are_validated_apart(make_shards: MakeShards, request_of: Callable[..., Request]) -> None:
    root = make_shards({"train": random_words(20, 1), "val": random_words(6, 2)}, name="one")
    make_shards({"train": random_words(30, 3), "val": random_words(9, 4)}, name="two", root=root)
    make_shards({"train": random_words(10, 5)}, name="three", root=root)
    outcome, said = run(request_of(root, mix=("one:0.5", "two:0.25", "three:0.25")))
    assert "three has no val words: it is trained on, but does not count for when to stop" in said
    by_name = outcome.state.best
    assert {name: figures["words"] for name, figures in by_name.items()} == {"one": 6, "two": 9}
    assert outcome.state.best_loss == pytest.approx(np.mean([figures["loss"] for figures in by_name.values()]))


@pytest.mark.parametrize(
    ("mix", "recipe", "told"),
    [
        (
            ("few:0.75", "many:0.25"),
            RECIPE,
            "21 batches, in which each of few comes 25 times: --steps 2 lets it come 2 times",
        ),
        (
            ("few:0.5", "many:0.5"),
            RECIPE,
            "21 batches, in which each of few comes 17 times: --steps 3 lets it come 2 times",
        ),
        (("few:0.75", "many:0.25"), replace(RECIPE, epochs=None, steps=1), None),  # who gives steps knows how many
        (("few", "many"), RECIPE, None),  # every word comes equally often
    ],
)
def test_an_epoch_that_has_few_words_again_and_again_is_told(
    mix: tuple[str, ...],
    recipe: Recipe,
    told: str | None,
    make_shards: MakeShards,
    request_of: Callable[..., Request],
) -> None:
    root = make_shards({"train": random_words(10, 1), "val": random_words(3, 2)}, name="few")
    make_shards({"train": random_words(326, 3), "val": random_words(3, 4)}, name="many", root=root)
    said: list[str] = []
    carry_out(request_of(root, mix=mix, recipe=recipe), said.append, stop=lambda: True)
    found = [one for one in said if one.startswith("an epoch of this mix is ")]
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_labels_outside_the_charset_are_counted(make_shards: MakeShards, request_of: Callable[..., Request]) -> None:
    root = make_shards({"train": ["ab", "c", "é", "far too long for it", "d!"], "val": ["a", "ß"]})
    outcome, said = run(request_of(root))
    assert "printed: 2 train words; left out, as the model cannot read them: 1 too_long, 2 out_of_charset" in said
    assert any("the charset alnum lacks é (1 word), ! (1 word); --charset data" in message for message in said)
    assert "batches have 2 words, not 16: there are no more" in said
    assert outcome.state.step == 2


def test_labels_that_ctc_cannot_write_are_too_long(
    make_shards: MakeShards, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    # Eight equal letters take fifteen steps; 60 columns give fourteen.
    root = make_shards({"train": ["ab", "cd", "aaaaaaaa"], "val": ["a", "bbbbbbbb", "abababab"]})
    outcome, said = run(request_of(root))
    assert "printed: 2 train words; left out, as the model cannot read them: 1 too_long" in said
    assert "printed: 2 val words; left out, as the model cannot read them: 1 too_long" in said
    assert any("more than CTC can write in the 14 steps that this width gives" in message for message in said)
    assert (outcome.state.best["printed"]["words"], outcome.state.best["printed"]["left_out"]) == (3, 1)
    fields: ModelFields = {**MODEL, "architecture": "None-VGG-None-Attn"}
    _, said = run(request_of(root, model=ModelChoice(charset=ALNUM, fields=fields), out=tmp_path / "attention"))
    assert {"printed: 3 train words", "printed: 3 val words"} <= set(said)


def test_shards_right_below_the_splits(
    make_shards: MakeShards, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    made = make_shards({"train": ["ab", "cd"], "val": ["c"]})
    root = tmp_path / "mine"
    for split in ("train", "val"):
        shutil.copytree(made / split / "printed", root / split)
    outcome, said = run(request_of(root))
    assert outcome.finished
    assert {"mine: 2 train words", "mine: 1 val word"} <= set(said)
    assert outcome.state.best.keys() == {"mine"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"freeze": ("transformation",)}, "--freeze transformation"),
        ({"mix": ("one:1", "two:0.0001")}, "has no word in a batch of 16"),
    ],
)
def test_nothing_is_left_of_a_request_that_cannot_be(
    make_shards: MakeShards, request_of: Callable[..., Request], fields: dict[str, Any], said: str
) -> None:
    root = make_shards({"train": random_words(20, 1), "val": ["a"]}, name="one")
    make_shards({"train": random_words(20, 2)}, name="two", root=root)
    request = request_of(root, **fields)
    with pytest.raises(UsageError, match=said):
        run(request)
    assert request.out is not None
    assert not request.out.exists()


@pytest.mark.parametrize("architecture", ["None-VGG-None-CTC", "TPS-VGG-BiLSTM-Attn"])
def test_one_word_is_enough(make_shards: MakeShards, request_of: Callable[..., Request], architecture: str) -> None:
    root = make_shards({"train": ["ab"], "val": ["c"]})
    fields: ModelFields = {**MODEL, "architecture": architecture}
    outcome, _ = run(request_of(root, recipe=ATTENTIONHTR, model=ModelChoice(charset=ALNUM, fields=fields)))
    assert outcome.finished


@pytest.mark.parametrize(
    ("words", "fields", "error", "said"),
    [
        ({"train": ["ab"]}, {}, UsageError, "no val words in .* for printed: .*; put shards with some into .*val"),
        ({"val": ["ab"]}, {}, SourceMissingError, "no train words"),
        (
            {"train": ["é"], "val": ["a"]},
            {},
            UsageError,
            "no train word that the model can take: 1 out_of_charset; --charset data lets",
        ),
        ({"train": ["a"], "val": ["é"]}, {}, UsageError, "no val word that the model can take: 1 out_of_charset"),
        ({"train": ["a"], "val": ["a"]}, {"mix": ("other",)}, SourceMissingError, "other"),
        ({"train": ["a"], "val": ["a"]}, {"device": "tpu"}, UsageError, "'tpu' is no device"),
        (
            {"train": ["a"], "val": ["a"]},
            {"checkpoint": Path("no.pth")},
            SourceMissingError,
            r"no checkpoint at no\.pth",
        ),
    ],
)
def test_faults_are_one_sentence(
    make_shards: MakeShards,
    request_of: Callable[..., Request],
    words: dict[str, list[str]],
    fields: dict[str, Any],
    error: type[HtrError],
    said: str,
) -> None:
    with pytest.raises(error, match=said) as raised:
        run(request_of(make_shards(words), **fields))
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_cuda_where_there_is_none(store: Path, request_of: Callable[..., Request]) -> None:
    with pytest.raises(UsageError, match=r"has no cuda that torch can use.*--device cpu"):
        run(request_of(store, device="cuda"))


def test_a_web_page_is_no_checkpoint(store: Path, request_of: Callable[..., Request], tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<html>Not found</html>")
    with pytest.raises(BadDataError, match="web page"):
        run(request_of(store, checkpoint=tmp_path / "page.pth"))


@pytest.mark.parametrize("pad", [True, False])
def test_one_width_for_all_and_lines_exclude_each_other(store: Path, pad: bool) -> None:
    with pytest.raises(UsageError, match="--pad and --stretch are of inputs that have one width"):
        finetune(store, lines=True, pad=pad, start="scratch")


def test_a_sample_of_the_val_words_is_said_wherever_its_figures_stand(
    store: Path, learnt: Path, request_of: Callable[..., Request]
) -> None:
    request = request_of(store, checkpoint=learnt, model=ModelChoice(fields={}), val_words=10)
    outcome, said = run(request)
    assert (
        "printed: each validation reads a sample of 10 of 40 words, by 10 writers or pages, always the same: its "
        "figures are of that sample"
    ) in said
    for figures in (outcome.state.start, outcome.state.latest, outcome.state.best):
        assert (figures["printed"]["words"], figures["printed"]["of"]) == (10, 40)
    assert "(a sample of 10 of 40 words)" in repr(outcome)
    assert read_checkpoint(outcome.folder.best).metrics["val_sample"] == {"printed": "10 of 40"}
    records = [record for record in read_log(outcome.folder.log) or [] if "val" in record]
    assert all(record["val_sample"] == {"printed": "10 of 40"} for record in records)
    assert all(record["train"]["words"] == 10 for record in records)
    assert "(a sample of 10 of 40 words); CER of 10 training words " in sentence(records[0], "word")
    # It goes on as what it is, and is no run with all words.
    again, said = run(request)
    assert again.state == outcome.state
    assert any("is finished already" in one for one in said)
    with pytest.raises(CannotCreateError, match=r"has a run with .*data\.val_samples"):
        run(replace(request, val_words=None))


def test_a_stopped_run_with_a_sample_goes_on_as_if_nothing_had_happened(
    store: Path, request_of: Callable[..., Request], tmp_path: Path
) -> None:
    whole, _ = run(request_of(store, val_words=10))
    request = request_of(store, val_words=10, out=tmp_path / "stopped")
    seen: list[int] = []
    carry_out(request, lambda _: None, stop=lambda: seen.append(1) or len(seen) > 12)  # type: ignore[func-returns-value]
    stopped, _ = run(request)
    assert stopped.state.best == whole.state.best
    assert stopped.folder.best.read_bytes() != b""
    assert read_log(stopped.folder.log)[-1]["val"] == read_log(whole.folder.log)[-1]["val"]  # type: ignore[index]


def test_all_val_words_are_no_sample(store: Path, learnt: Path, request_of: Callable[..., Request]) -> None:
    outcome, said = run(request_of(store, checkpoint=learnt, model=ModelChoice(fields={}), val_words=1000))
    assert "of" not in outcome.state.best["printed"]
    assert not any("sample" in one for one in said)
    assert "val_sample" not in read_checkpoint(outcome.folder.best).metrics


def test_a_cpu_is_told_how_to_validate_sooner(
    store: Path, request_of: Callable[..., Request], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(words.MANY_VAL, "word", 40)
    _, said = run(request_of(store))
    assert any(
        "each validation reads 40 words, which takes this CPU minutes: --val-words 8 reads" in one for one in said
    )
    _, said = run(request_of(store, val_words=8, out=tmp_path / "sample"))
    assert not any("takes this CPU minutes" in one for one in said)


def test_what_reads_lines_writes_spaces(learnt: Path) -> None:
    """A model of words has no class for them: without one, nearly every line would be left out."""
    asked = ModelChoice(lines=True, fields={})
    taught = initial_model(learnt, asked, seed=0)
    assert taught.recogniser.charset.characters == f"{ALNUM.characters} "
    assert taught.recogniser.charset.folds_case
    assert "36 characters copied, 1 new ( )" in taught.message
    scratch = initial_model(None, asked, seed=0).recogniser.charset
    assert scratch.characters == f"{PRINTABLE.characters} "
    for given in (replace(asked, charset=PRINTABLE), ModelChoice(fields={})):
        assert initial_model(None, given, seed=0).recogniser.charset == PRINTABLE
        assert " " not in initial_model(learnt, given, seed=0).recogniser.charset.characters


def test_the_characters_of_the_train_words_are_added_to_those_of_the_start(
    make_shards: MakeShards, learnt: Path, tmp_path: Path
) -> None:
    root = make_shards(
        {"train": ["aü", "b\u0075\u0308", "ß", "cé", *random_words(30, 1)], "val": ["ü", "ø", "ab", "ba"]}
    )
    said: list[str] = []
    given: dict[str, Any] = {"start": learnt, "recipe": RECIPE, "device": "cpu", "out": tmp_path / "own"}
    outcome = finetune(root, charset="data", say=said.append, **given)
    charset = read_checkpoint(outcome.folder.best).config.charset
    assert (charset.name, charset.folds_case) == ("data", True)
    assert charset.characters == ALNUM.characters + "ßéü"
    assert any("36 characters copied, 3 new (ßéü)" in one for one in said)
    assert outcome.state.best["printed"]["left_out"] == 1  # ø, which no train word has
    again = finetune(root, charset="data", say=said.append, **given)
    assert again.state == outcome.state
    known = make_shards({"train": random_words(30, 1), "val": ["ab", "ba"]})
    outcome = finetune(known, charset="data", say=said.append, **{**given, "out": tmp_path / "known"})
    assert read_checkpoint(outcome.folder.best).config.charset == ALNUM
