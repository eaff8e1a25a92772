"""What `import htrdata` and `import htrmodel` give: names that stay, short reprs, misuse that is named."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import htrdata
import htrmodel
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import HtrError
from htrdata.files.on_disk import FileOnDisk
from htrdata.labels import ALNUM, PRINTABLE
from htrdata.records import Box
from htrdata.store.showing import MOST
from htrmodel.checkpoint.native import save
from htrmodel.data.divisions import divided
from htrmodel.recogniser import Recogniser

PACKAGES = (htrdata, htrmodel)
MODULES = {"errors", "sources"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of drawn words of two names; ``other`` has its words in several shards."""
    folder = tmp_path_factory.mktemp("surface")
    draw_sample(folder / "imgur5k", pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    source = htrdata.sources.imgur5k.Imgur5K(folder / "imgur5k")
    htrdata.build(source, folder / "lmdb", workers=1)
    htrdata.build(source, folder / "lmdb", htrdata.BuildOptions(shard_words=7), name="other", workers=1)
    return folder / "lmdb"


@pytest.fixture
def store(root: Path) -> htrdata.Store:
    return htrdata.open(root)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return htrmodel.load("starter-fast")


def test_public_names_stay_what_they_are_when_every_module_is_imported() -> None:
    code = (
        "import importlib, pkgutil, types, htrdata, htrmodel\n"
        "for package in (htrdata, htrmodel):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith('__main__'): importlib.import_module(found.name)\n"
        "for package in (htrdata, htrmodel):\n"
        "    values = {name: getattr(package, name) for name in dir(package) if name != '__version__'}\n"
        "    print([name for name, value in values.items() if isinstance(value, types.ModuleType)])\n"
        "    print([name for name, value in values.items() if not isinstance(value, types.ModuleType | type)])\n"
        "    assert all(callable(value) for value in values.values() if not isinstance(value, types.ModuleType))\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['errors', 'sources']",
        "['build', 'open', 'verify']",
        "[]",
        "['dataset', 'evaluate', 'finetune', 'judge', 'load', 'predict', 'pull', 'push', 'to_inputs']",
    ]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_no_module_of_a_package_bears_a_public_name(package: ModuleType) -> None:
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert modules & set(package.__all__) <= MODULES


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_dir_shows_what_is_public_and_all_of_it_is_said_what_for(package: ModuleType) -> None:
    assert dir(package) == sorted(package.__all__)
    assert dir(htrdata.sources) == ["dhsd", "folder", "iam", "imgur5k", "unipen", "xml"]
    for name in package.__all__:
        assert name == "__version__" or inspect.getdoc(getattr(package, name)), name
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nope'"):
        package.nope  # noqa: B018


@pytest.mark.parametrize(
    "name", ["finetune", "evaluate", "judge", "predict", "to_inputs", "dataset", "load", "push", "pull"]
)
def test_public_functions_have_typed_keywords_that_are_all_explained(name: str) -> None:
    function = getattr(htrmodel, name)
    explained = inspect.getdoc(function) or ""
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind is not inspect.Parameter.VAR_KEYWORD
        assert parameter.annotation not in (inspect.Parameter.empty, "Any")
        assert f"    {parameter.name}: " in explained, parameter.name


def test_importing_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import htrdata, htrmodel; dir(htrdata), dir(htrmodel)\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'htrdata', 'htrmodel'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_store_is_gone_through_by_name_split_and_position(store: htrdata.Store) -> None:
    assert len(store) == 2
    assert [dataset.name for dataset in store] == ["imgur5k", "other"]
    assert "imgur5k" in store
    assert "nope" not in store
    words = store["test", "imgur5k"]
    assert words[0] == store["imgur5k"]["test"][0] == store["imgur5k"].words("test")[0]
    assert words[-1] == words[len(words) - 1] == words[np.int64(-1)]
    assert [word.id for word in words] == words.ids
    assert [word.text for word in words] == words.texts


@pytest.mark.parametrize("name", ["imgur5k", "other"])
@pytest.mark.parametrize(
    "chosen",
    [slice(3, 9), slice(None, None, -2), slice(-4, None), slice(5, 5), slice(None), slice(1, None, 3)],
    ids=str,
)
def test_slices_of_words_are_words(store: htrdata.Store, name: str, chosen: slice) -> None:
    words = store["train", name]
    part, expected = words[chosen], list(words)[chosen]
    assert isinstance(part, htrdata.Words)
    assert list(part) == expected
    assert (part.ids, part.texts) == ([word.id for word in expected], [word.text for word in expected])
    assert [part[i] for i in range(len(part))] == expected
    assert list(part[1:3]) == expected[1:3]
    assert list(pickle.loads(pickle.dumps(part))) == expected
    assert part.whole is (chosen == slice(None))


def test_a_slice_reads_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = htrdata.open(root)["train", "other"]
    monkeypatch.setattr("htrdata.store.shards._open_tree", lambda _: pytest.fail("a shard was opened"))
    monkeypatch.setattr("htrdata.store.reading.Dataset.manifest", lambda *_: pytest.fail("the manifest was read"))
    assert len(words[::2][1:]) == (len(words) + 1) // 2 - 1


def test_a_word_knows_its_key_and_shard_as_the_manifest_does(store: htrdata.Store) -> None:
    dataset = store["other"]
    manifest = dataset.manifest()
    kept = manifest[(manifest["split"] == "train") & (manifest["status"] == "kept")]
    words = dataset["train"]
    assert len({word.shard for word in words}) > 1
    for word, row in zip(words, kept.to_dict("records"), strict=True):
        assert (word.id, word.shard, word.key) == (row["id"], row["shard"], row["key"])


def test_reprs_are_short(root: Path, store: htrdata.Store, recogniser: Recogniser) -> None:
    word = store["test", "imgur5k"][0]
    page = next(iter(htrdata.sources.imgur5k.read(root.parent / "imgur5k")))
    counts = {split: len(store[split, "imgur5k"]) for split in store["imgur5k"].splits}
    shown = ", ".join(f"{count} {split}" for split, count in counts.items())
    assert repr(word) == f"StoredWord({word.id!r}, {word.text!r}, {len(word.encoded):,} bytes, key 1 of test/imgur5k)"
    assert repr(store["imgur5k"]) == f"Dataset('imgur5k', {shown} words)"
    assert repr(store["train", "other"]) == f"Words({counts['train']} words of train/other)"
    assert repr(store["train", "other"][:3]) == f"Words(3 of {counts['train']} words of train/other)"
    assert repr(page).startswith(f"Page({page.id!r}, split={page.split!r}, {len(page.words)} words, image=")
    assert repr(ALNUM) == "Charset('alnum', 36 characters: '0123456789abcdefghijklmnopqrstuvwxyz', folds_case=True)"
    assert repr(PRINTABLE).startswith("Charset('printable', 94 characters: '0123456789abcdefghijklmnopqrstuvwxyzA…')")
    drawn = htrdata.Word("a", "it's", Box(1, 2, 3.5, 4, -1), FileOnDisk(Path("a.png")), htrdata.Reason.EMPTY_BOX)
    assert repr(drawn) == """Word('a', "it's", box=(1, 2, 3.5, 4, -1°), image='a.png', reason='empty_box')"""
    reading = recogniser.read(word)
    assert repr(reading) == f"Reading({reading.text!r}, {reading.confidence:.1%})"
    assert repr(recogniser).startswith("Recogniser(None-")
    assert repr(recogniser).endswith("million parameters on cpu)")
    for thing in (*page.words, page, word, store, recogniser, recogniser.config, htrmodel.predict(word, recogniser)):
        assert len(repr(thing)) < 400


def test_notebooks_show_pictures_and_tables(store: htrdata.Store) -> None:
    words = store["train", "imgur5k"]
    html = words[0]._repr_html_()
    assert "data:image/jpeg;base64,/9j/" in html
    shown = words._repr_html_()
    assert shown.count("<img ") == min(MOST, len(words))
    assert f"of which these are the first {MOST}" in shown
    assert words[:2]._repr_html_().count("<img ") == 2
    for table in (store._repr_html_(), store["imgur5k"]._repr_html_()):
        assert f"<td>{len(words)}</td>" in table
        assert "<td>imgur5k</td>" in table


def test_texts_of_strangers_are_escaped(store: htrdata.Store) -> None:
    word = htrdata.store.words.StoredWord("<i>", "<script>", b"", "test/x", 1)
    assert "<script>" not in word._repr_html_()
    assert "<i>" not in word._repr_html_()


MISUSE: list[tuple[str, type[Exception], str]] = [
    (
        "store[3]",
        TypeError,
        "3 is no key of a store: take store['imgur5k'] for a data set, store['test', 'imgur5k'] for",
    ),
    ("store[0:2]", TypeError, "slice(0, 2, None) is no key of a store"),
    ("store['test', 'imgur5k', 0]", TypeError, "('test', 'imgur5k', 0) is no key of a store"),
    ("store['test', 3]", TypeError, "('test', 3) is no key of a store"),
    ("store['nope']", KeyError, "no data set 'nope' in {root}: it has imgur5k, other"),
    ("store['test']", KeyError, "test is a split, no data set: take store['imgur5k'] for a data set, store['test', "),
    ("store['test', 'nope']", KeyError, "no data set 'nope' in {root}: it has imgur5k, other"),
    ("store['imgur5k', 'test']", KeyError, "the split comes first: store['test', 'imgur5k']"),
    ("store['tset', 'imgur5k']", KeyError, "imgur5k has no tset words in {root}: it has train, val, test"),
    ("store['imgur5k']['tset']", KeyError, "imgur5k has no tset words in {root}: it has train, val, test"),
    (
        "store['imgur5k'][0]",
        TypeError,
        "0 is no split of imgur5k: it has train, val, test; its words are counted within",
    ),
    ("list(store['imgur5k'])", TypeError, "0 is no split of imgur5k"),
    (
        "words['a']",
        TypeError,
        "'a' is no position: words are counted from 0, as in words[0], words[-1] or words[10:20]",
    ),
    ("words[1.5]", TypeError, "1.5 is no position"),
    ("words[None]", TypeError, "None is no position"),
    ("words[[1, 2]]", TypeError, "[1, 2] is no position"),
    ("words['a':]", TypeError, "slice('a', None, None) is no slice of positions"),
    (
        "words[10**9]",
        IndexError,
        "there is no word 1000000000 in Words({n} words of test/imgur5k): they are counted from 0",
    ),
    ("words[-10**9]", IndexError, "there is no word -1000000000"),
    ("words[:0][0]", IndexError, "there is no word 0 in Words(0 of {n} words of test/imgur5k): there are none"),
    ("htrdata.open('nope')", FileNotFoundError, "no data set in nope: build one, for example with `htrdata imgur5k`"),
    ("htrdata.open(root / 'imgur5k')", FileNotFoundError, "is a data set, not a store: name the folder that it is in"),
    ("htrdata.open(3)", TypeError, "a store is opened by the path of its folder, not by 3"),
    ("recogniser.read('word.png')", FileNotFoundError, "no image at word.png"),
    ("recogniser.read(['word.png'])", FileNotFoundError, "no image at word.png"),
    ("recogniser.read(root)", HtrError, "is a folder: `htrmodel.predict` reads folders and stores"),
    ("recogniser.read(None)", TypeError, "None (NoneType) is no image of a word: give a path, a Pillow image, a numpy"),
    ("recogniser.read(3)", TypeError, "3 (int) is no image of a word"),
    ("recogniser.read([3])", TypeError, "3 (int) is no image of a word"),
    ("recogniser.read([[words[0]]])", TypeError, "(list) is no image of a word"),
    ("recogniser.read(store)", TypeError, "Dataset('imgur5k', "),
    ("recogniser.read(words, batch_size=0)", HtrError, "batches of 0 images are not possible: give 1 or more"),
    ("recogniser.read(b'text')", ValueError, "an image of 4 bytes: not a readable JPEG, PNG, GIF"),
    (
        "recogniser.read(Image.new('F', (9, 9)))",
        ValueError,
        "a Pillow image of mode F: pixels of 32 bits or signed ones",
    ),
    ("recogniser.read(np.zeros((9, 9), int))", TypeError, "an array of int64 [9, 9] has no defined white: give uint8"),
    (
        "recogniser.read(np.zeros((2, 32, 100), 'u1'))",
        ValueError,
        "give [H, W] or [H, W, 3]; of several, a list of them",
    ),
    ("recogniser('word.png')", TypeError, "a str is no tensor of inputs: recogniser.read takes images and paths"),
    (
        "recogniser(torch.zeros(2, 32, 100))",
        ValueError,
        "images of shape (2, 32, 100) do not fit a model for [N, 1, 32",
    ),
    ("htrmodel.to_inputs(None, recogniser.config)", TypeError, "None (NoneType) is no image of a word"),
    ("htrmodel.load('nope')", FileNotFoundError, "no checkpoint at nope"),
    ("htrmodel.predict('nope', recogniser)", FileNotFoundError, "there is nothing at nope"),
    ("htrmodel.predict(None, recogniser)", TypeError, "None (NoneType) is no image of a word"),
    ("htrmodel.evaluate(recogniser, store)", HtrError, "has several data sets: name one of imgur5k, other with --name"),
    (
        "htrmodel.evaluate(recogniser, words[:5])",
        HtrError,
        "are a part of a split: judge by all of it, dataset['test']",
    ),
    (
        "htrmodel.evaluate(recogniser, words, split='val')",
        HtrError,
        "are not of val: name no split, or give the data set",
    ),
    ("htrmodel.evaluate(recogniser, words, name='other')", HtrError, "was given, but 'other' named"),
    (
        "htrmodel.evaluate(recogniser, 3)",
        TypeError,
        "3 is nothing to judge by: give a store or its path, a data set, or",
    ),
    ("htrmodel.evaluate([], words)", HtrError, "there is no recogniser to evaluate"),
    ("htrmodel.judge('nope.csv', words)", FileNotFoundError, "there are no predictions at nope.csv"),
    ("htrmodel.judge({}, words)", ValueError, "{n} of {n} test words of imgur5k have no prediction"),
    ("htrmodel.finetune(words)", TypeError, "is nothing to train on: give a store or its path, or a data set"),
    ("htrmodel.finetune(store, mix='imgur5k')", TypeError, "mix='imgur5k' is one text: give a list, ['imgur5k']"),
    ("htrmodel.finetune(store['other'], mix=['imgur5k'])", HtrError, "was given, and a mix of imgur5k: give the store"),
    ("htrmodel.finetune(store, recipe='nope')", HtrError, "no recipe 'nope': there are attentionhtr, modern, small"),
    ("htrmodel.finetune(store, charset='all')", HtrError, "--charset all: a model needs to know its characters"),
    (
        "htrmodel.dataset('train')",
        TypeError,
        "str is no sequence of stored words: take those of a split, store['train', ",
    ),
    (
        "htrmodel.dataset(words, config=recogniser)",
        TypeError,
        "Recogniser is no config of a recogniser: give recogniser",
    ),
    (
        "htrmodel.dataset(words[:0])",
        HtrError,
        "not one of 0 words can be spelt with Charset('printable', 94 characters",
    ),
]


@pytest.mark.parametrize(("code", "kind", "said"), MISUSE, ids=[code for code, _, _ in MISUSE])
def test_misuse_is_named(
    code: str,
    kind: type[Exception],
    said: str,
    root: Path,
    store: htrdata.Store,
    recogniser: Recogniser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = store["test", "imgur5k"]
    names = {"htrdata": htrdata, "htrmodel": htrmodel, "np": np, "Image": Image, "torch": torch}
    with pytest.raises(kind) as caught:
        eval(code, {**names, "root": root, "store": store, "words": words, "recogniser": recogniser})
    assert isinstance(caught.value, HtrError)
    assert said.replace("{root}", str(root)).replace("{n}", str(len(words))) in str(caught.value)


def test_an_image_is_read_alike_in_whatever_form_it_comes(
    store: htrdata.Store, recogniser: Recogniser, tmp_path: Path
) -> None:
    words = store["train", "imgur5k"][:5]
    paths = []
    for number, word in enumerate(words):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(word.encoded)
    expected = recogniser.read(words)
    forms: list[list[Any]] = [
        paths,
        [str(path) for path in paths],
        [word.image for word in words],
        [np.asarray(word.image) for word in words],
        [word.encoded for word in words],
        list(words),
    ]
    for form in forms:
        assert recogniser.read(form) == expected
        assert recogniser.read(iter(form)) == expected
        one = recogniser.read(form[0])
        assert (one.text, one.confidence) == (expected[0].text, pytest.approx(expected[0].confidence, rel=1e-4))
    assert recogniser.read([]) == recogniser.read(words[:0]) == []


def test_exported_readers_take_the_same(store: htrdata.Store, recogniser: Recogniser, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from htrmodel.runtime.onnx_export import export_onnx
    from htrmodel.runtime.predicting import load_reader

    export_onnx(recogniser, tmp_path / "fast.onnx")
    reader = load_reader(tmp_path / "fast.onnx")
    words = store["test", "imgur5k"][:3]
    expected = [reading.text for reading in recogniser.read(words)]
    assert [reading.text for reading in reader.read(words)] == expected
    assert [reader.read(word).text for word in words] == expected
    assert reader.read(np.asarray(words[0].image)).text == expected[0]
    assert reader.read([]) == []
    with pytest.raises(TypeError, match=r"3 \(int\) is no image of a word"):
        reader.read(3)  # type: ignore[call-overload]
    assert repr(reader).startswith("OnnxRecogniser(")


def test_what_predict_takes_and_how_it_names_it(store: htrdata.Store, recogniser: Recogniser, tmp_path: Path) -> None:
    words = store["test", "imgur5k"]
    words[0].image.save(tmp_path / "word.png")
    opened = Image.open(tmp_path / "word.png")
    found = htrmodel.predict([tmp_path, opened, np.asarray(opened), words[0], words[1:2]], recogniser)
    path = str(tmp_path / "word.png")
    assert [one.name for one in found] == [path, path, "image 2", words[0].id, f"imgur5k/test/{words[1].id}"]
    assert len({one.text for one in found[:4]}) == 1
    everything = htrmodel.predict(store, recogniser)
    assert len(everything) == 2 * sum(len(words) for words in map(store["imgur5k"].words, ("train", "val", "test")))
    assert [one.text for one in htrmodel.predict(words, recogniser)] == [one.text for one in recogniser.read(words)]


def test_weights_that_are_unsure_give_a_warning(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 40, 90), np.uint8)
    with pytest.warns(UserWarning, match="these weights know the hands of other people and need fine-tuning"):
        htrmodel.predict(list(noise), recogniser)


def test_evaluating_a_recogniser_and_a_checkpoint_is_the_same(store: htrdata.Store, recogniser: Recogniser) -> None:
    words = store["test", "imgur5k"]
    loaded = htrmodel.evaluate(recogniser, words, resamples=100)
    named = htrmodel.evaluate("starter-fast", store, name="imgur5k", device="cpu", resamples=100)
    assert loaded.as_json() == named.as_json()
    assert repr(loaded).startswith(f"Judgement(starter-fast on imgur5k test: {len(words)} words, CER ")
    ensemble = htrmodel.evaluate([recogniser, recogniser], words, resamples=100)
    assert ensemble.system == "starter-fast + starter-fast"
    assert ensemble.find().metrics["wer"].value == loaded.find().metrics["wer"].value
    texts = {word.id: reading.text for word, reading in zip(words, recogniser.read(words), strict=True)}
    judged = htrmodel.judge(texts, words, charset=recogniser.charset, max_length=25, resamples=100)
    assert judged.find().metrics["micro_cer"].value == loaded.find().metrics["micro_cer"].value


def test_a_recogniser_in_training_mode_is_not_judged(store: htrdata.Store) -> None:
    training = htrmodel.load("starter-fast").train()
    for reads in (htrmodel.evaluate, lambda recogniser, words: recogniser.read(words)):
        with pytest.raises(HtrError, match=r"starter-fast is in training mode: call recogniser\.eval\(\) first"):
            reads(training, store["test", "imgur5k"])


def test_a_loaded_recogniser_remembers_what_it_was_trained_on(store: htrdata.Store, tmp_path: Path) -> None:
    fast = htrmodel.load("starter-fast")
    about = store["imgur5k"]
    known = divided(about)
    trained = dataclasses.replace(known, division=dataclasses.replace(known.division, scheme="random"))
    save(fast, tmp_path / "model.safetensors", data={"trained_on": [trained.to_json()]})
    with pytest.raises(HtrError, match=r"model\.safetensors was trained on"):
        htrmodel.evaluate(htrmodel.load(tmp_path / "model.safetensors"), about)


def test_fine_tuning_by_plain_words(store: htrdata.Store, tmp_path: Path) -> None:
    said: list[str] = []
    asked = SimpleNamespace(small=True, steps=2, out=tmp_path / "run", device="cpu", workers=1, seed=1)
    tune: Callable[..., Any] = htrmodel.finetune
    outcome = tune(store["imgur5k"], **vars(asked), output_channel=16, hidden_size=16, say=said.append)
    assert repr(outcome).startswith(f"Outcome('{tmp_path / 'run'}', finished at step 2; best: step ")
    assert htrmodel.load(outcome.checkpoint).config.hidden_size == 16
    assert said[0] == "starting from scratch: None-VGG-BiLSTM-CTC, 32 x 100 pixels, 94 characters (printable)"
    assert any(line.startswith("epoch ") and "imgur5k loss" in line for line in said)
    again = tune(store.path, mix=["imgur5k"], **vars(asked), output_channel=16, hidden_size=16, say=said.append)
    assert any(line.endswith("is finished already, at step 2") for line in said)
    assert again.state == outcome.state
