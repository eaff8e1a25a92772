"""Exported graphs against the recognisers that they are of."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import BadDataError, NotEnoughMemoryError, SourceMissingError, UsageError
from htrdata.labels import PRINTABLE
from htrdata.sources.imgur5k.source import Imgur5K
from htrmodel.checkpoint.native import save
from htrmodel.checkpoint.settings import Settings
from htrmodel.cli.checkpoint_commands import export
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import to_inputs
from htrmodel.layers.attention import AttentionDecoder
from htrmodel.runtime.onnx_export import export_onnx
from htrmodel.runtime.onnx_runner import OnnxRecogniser
from htrmodel.runtime.predicting import load_reader
from htrmodel.runtime.quantising import quantise
from htrmodel.tokenizer import END
from htrmodel.training.recipes import LINE_MODEL

from ..conftest import BuildRecogniser

onnx = pytest.importorskip("onnx", reason="needs the extra 'onnx'")
pytest.importorskip("onnxscript", reason="needs the extra 'onnx'")
pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")


def test_a_graph_of_lines_takes_any_width(build: BuildRecogniser, tmp_path: Path) -> None:
    recogniser = build("None-VGG-BiLSTM-CTC", output_channel=16, hidden_size=8, **LINE_MODEL).eval()
    draws = np.random.default_rng(0)
    lines = [draws.integers(0, 256, (40, width), np.uint8) for width in (9, 90, 300, 310, 900)]
    export_onnx(recogniser, tmp_path / "lines.onnx")
    found, expected = OnnxRecogniser(tmp_path / "lines.onnx", threads=1).read(lines), recogniser.read(lines)
    assert [one.text for one in found] == [one.text for one in expected]
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in expected], rel=1e-3)
    model = onnx.load(tmp_path / "lines.onnx")
    rounded = quantise(model, to_inputs(lines, recogniser.config))
    (tmp_path / "int8.onnx").write_bytes(rounded.SerializeToString())
    assert any(node.op_type == "QuantizeLinear" for node in rounded.graph.node)
    ids, _ = OnnxRecogniser(tmp_path / "int8.onnx", threads=1).best_classes(np.zeros((2, 1, 48, 624), np.float32))
    assert ids.shape == (2, recogniser.config.steps_of(624))


@pytest.fixture
def pictures() -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 90), np.uint8)
    return [Image.fromarray(page) for page in pixels]


# Few and short: every step of the decoder and of the LSTMs is traced, and that takes long.
@pytest.mark.parametrize("architecture", ["TPS-VGG-BiLSTM-Attn", "None-VGG-None-CTC"])
def test_the_graph_reads_as_the_recogniser(
    build: BuildRecogniser, tmp_path: Path, pictures: list[Image.Image], architecture: str
) -> None:
    recogniser = build(architecture, max_length=3, width=32, resize="pad").train()
    path = tmp_path / "model.onnx"
    export_onnx(recogniser, path)
    assert recogniser.training
    runner = OnnxRecogniser(path, threads=1)
    assert runner.config == recogniser.config
    expected = recogniser.eval().read(pictures)
    for batch_size in (1, 3, 5):
        readings = runner.read(pictures, batch_size)
        assert [reading.text for reading in readings] == [reading.text for reading in expected]
        confidences = [reading.confidence for reading in readings]
        assert confidences == pytest.approx([reading.confidence for reading in expected], rel=1e-3)
    content = path.read_bytes()
    assert str(Path(__file__).parents[3]).encode() not in content
    assert sys.prefix.encode() not in content


def test_the_loop_stops_when_all_rows_have_ended(build: BuildRecogniser, tmp_path: Path) -> None:
    recogniser = build("None-VGG-None-Attn", max_length=5, width=32)
    assert isinstance(recogniser.Prediction, AttentionDecoder)
    with torch.no_grad():
        recogniser.Prediction.generator.bias[END] = 8  # certain enough, and a probability below 1
    export_onnx(recogniser, tmp_path / "model.onnx")
    inputs = np.random.default_rng(0).random((3, 1, 32, 32), np.float32)
    ids, probabilities = OnnxRecogniser(tmp_path / "model.onnx", threads=1).best_classes(inputs)
    assert ids.shape == (3, 6)
    assert (ids == END).all()
    assert (probabilities[:, 0] < 1).all()
    assert (probabilities[:, 1:] == 1).all()  # steps that were not taken


def test_eight_bits_are_near_single_precision(build: BuildRecogniser, tmp_path: Path) -> None:
    recogniser = build("None-VGG-None-CTC", width=64)
    inputs = np.random.default_rng(0).random((40, 1, 32, 64), np.float32) * 2 - 1
    export_onnx(recogniser, tmp_path / "float32.onnx")
    export_onnx(recogniser, tmp_path / "int8.onnx", inputs)
    exact, rounded = (OnnxRecogniser(tmp_path / f"{name}.onnx", threads=1) for name in ("float32", "int8"))
    assert rounded.config == recogniser.config
    expected, found = exact.best_classes(inputs), rounded.best_classes(inputs)
    assert (expected[0] == found[0]).mean() > 0.9
    np.testing.assert_allclose(found[1], expected[1], atol=0.1)
    assert not np.array_equal(found[1], expected[1])  # it was rounded
    kinds = {node.op_type for node in onnx.load_model(tmp_path / "int8.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds


def test_eight_bits_are_not_spent_on_what_relu_takes_away(build: BuildRecogniser, tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).random((8, 1, 32, 32), np.float32) * 2 - 1
    export_onnx(build("None-ResNet-None-CTC", width=32), tmp_path / "int8.onnx", inputs)
    graph = onnx.load_model(tmp_path / "int8.onnx").graph
    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    pooled = 0
    for convolution in (node for node in graph.node if node.op_type == "Conv"):
        (rounding,) = readers[convolution.output[0]]
        assert rounding.op_type == "QuantizeLinear"  # the ReLU between them is gone, into the range
        (back,) = readers[rounding.output[0]]
        kinds = {node.op_type for node in readers[back.output[0]]}
        pooled += kinds == {"MaxPool"}
        if kinds != {"Add"}:  # where a residual is added, the sum goes through ReLU
            assert constants[rounding.input[2]] == 0, convolution.name
    assert pooled == 3


needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="needs the extra 'openvino'")


def with_openvino(path: Path, images: list[Path]) -> str:
    """What OpenVINO reads, as JSON, or the error: in a process of its own, as OpenVINO and torch's training crash."""
    code = (
        "import json, sys; from pathlib import Path\n"
        "from htrdata.errors import HtrError; from htrmodel.runtime.predicting import load_reader\n"
        "try: print(json.dumps([tuple(one) for one in load_reader(Path(sys.argv[1]), runtime='openvino')"
        ".read(sys.argv[2:], 2)]))\n"
        "except HtrError as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", code, str(path), *map(str, images)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@needs_openvino
def test_openvino_reads_the_same_files(build: BuildRecogniser, tmp_path: Path, pictures: list[Image.Image]) -> None:
    images = [tmp_path / f"{number}.png" for number in range(len(pictures))]
    for image, picture in zip(images, pictures, strict=True):
        picture.save(image)
    recogniser = build("None-VGG-None-Attn", max_length=3, width=32)
    for calibration in (None, np.random.default_rng(0).random((20, 1, 32, 32), np.float32)):
        path = tmp_path / "model.onnx"
        export_onnx(recogniser, path, calibration)
        expected = OnnxRecogniser(path, threads=1).read(pictures)
        for (text, confidence), reading in zip(json.loads(with_openvino(path, images)), expected, strict=True):
            assert text == reading.text
            assert confidence == pytest.approx(reading.confidence, rel=1e-2)


@needs_openvino
def test_openvino_says_what_is_no_export(tmp_path: Path) -> None:
    assert "SourceMissingError no ONNX file at" in with_openvino(tmp_path / "model.onnx", [])
    (tmp_path / "model.onnx").write_bytes(b"<html>")
    assert "BadDataError" in with_openvino(tmp_path / "model.onnx", [])


def test_the_command_rounds_by_words_of_a_store(build: BuildRecogniser, tmp_path: Path) -> None:
    draw_sample(tmp_path / "data", pages=6, megapixels=(0.3, 0.3))
    htrdata.build(Imgur5K(tmp_path / "data"), tmp_path / "lmdb", workers=1)
    save(build("None-VGG-None-CTC", width=32), tmp_path / "a.safetensors")

    def export_to(name: str) -> Result:
        arguments = (tmp_path / "a.safetensors", tmp_path / name, "--int8", tmp_path / "lmdb")
        return CliRunner().invoke(export, [str(argument) for argument in arguments])

    done = export_to("a.onnx")
    assert done.exit_code == 0, done.exception
    kinds = {node.op_type for node in onnx.load_model(tmp_path / "a.onnx").graph.node}
    assert "QuantizeLinear" in kinds
    assert load_reader(tmp_path / "a.onnx").read([Image.new("L", (60, 20), 255)])
    done = export_to("a.pth")
    assert isinstance(done.exception, UsageError)
    assert "--int8 is for .onnx" in str(done.exception)


def _constant(ids: Any, probabilities: Any, entry: str, shape: tuple[object, ...] = ("n", 1, 32, 32)) -> bytes:
    """A graph that gives the same whatever it is shown."""
    image = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, shape)
    arrays = {"ids": np.asarray(ids), "probabilities": np.asarray(probabilities)}
    tensors = [onnx.numpy_helper.from_array(array, f"{name}_") for name, array in arrays.items()]
    nodes = [onnx.helper.make_node("Identity", [f"{name}_"], [name]) for name in arrays]
    outputs = [
        onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in arrays.items()
    ]
    graph = onnx.helper.make_graph(nodes, "constant", [image], outputs, tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.helper.set_model_props(model, {"htrmodel": entry})
    return bytes(model.SerializeToString())


CONFIG = RecogniserConfig(charset=PRINTABLE, architecture="None-VGG-None-CTC", width=32, output_channel=8).to_dict()
GOOD = json.dumps({"format": 1, "config": CONFIG})


@pytest.mark.parametrize(
    "entry",
    [
        "nonsense",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"config": NaN}',
        '{"format": 1, "config": ' + "9" * 5000 + "}",
        json.dumps({"format": 2, "config": CONFIG}),
        json.dumps({"format": 1, "config": [CONFIG]}),
        json.dumps({"format": 1, "config": CONFIG | {"max_length": 2**40}}),
        json.dumps({"format": 1, "config": CONFIG | {"width": "wide"}}),
        json.dumps({"format": 1, "config": CONFIG | {"charset": {"name": "x", "characters": 3, "folds_case": 0}}}),
        json.dumps({"format": 1, "config": CONFIG | {"charset": {"name": [], "characters": "aa", "folds_case": True}}}),
    ],
    ids=lambda entry: entry[:40],
)
def test_records_that_are_wrong(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_constant([[1]], np.full((1, 1), 0.5, np.float32), entry))
    with pytest.raises(BadDataError, match=r"model\.onnx") as raised:
        OnnxRecogniser(path)
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize(("said", "kind"), [("std::bad_alloc", NotEnoughMemoryError), ("no such node", BadDataError)])
def test_a_lack_of_memory_is_no_fault_of_the_graph(
    tmp_path: Path, said: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    def failing(*_: object, **__: object) -> None:
        raise onnxruntime.capi.onnxruntime_pybind11_state.Fail(f"[ONNXRuntimeError] : 1 : FAIL : {said}")

    (tmp_path / "model.onnx").write_bytes(_constant([[1]], [[0.5]], GOOD))
    runner = OnnxRecogniser(tmp_path / "model.onnx", threads=1)
    monkeypatch.setattr(runner, "_session", SimpleNamespace(run=failing))
    with pytest.raises(kind):
        runner.read([Image.new("L", (60, 20))])
    monkeypatch.setattr(onnxruntime, "InferenceSession", failing)
    with pytest.raises(kind):
        OnnxRecogniser(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("ids", "probabilities", "shape"),
    [
        ([[95]], [[0.5]], ("n", 1, 32, 32)),
        ([[-1]], [[0.5]], ("n", 1, 32, 32)),
        ([[2**62]], [[0.5]], ("n", 1, 32, 32)),
        ([[1], [1]], [[0.5], [0.5]], ("n", 1, 32, 32)),
        ([1], [0.5], ("n", 1, 32, 32)),
        ([[1, 2]], [[0.5]], ("n", 1, 32, 32)),
        ([[1.5]], [[0.5]], ("n", 1, 32, 32)),
        ([[1]], [[1]], ("n", 1, 32, 32)),
        ([[1]], [[float("nan")]], ("n", 1, 32, 32)),
        ([[1]], [[-0.5]], ("n", 1, 32, 32)),
        ([[1]], [[0.5]], ("n", 1, 48, 32)),
        ([[1]], [[0.5]], ("n", 3, 32, 32)),
    ],
)
def test_graphs_that_do_not_fit_their_record(
    tmp_path: Path, ids: Any, probabilities: Any, shape: tuple[object, ...]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_constant(ids, probabilities, GOOD, shape))
    reader = OnnxRecogniser(path, threads=1)
    with pytest.raises(BadDataError, match=r"model\.onnx (has a graph that does not fit|computes no numbers)"):
        reader.read(Image.new("L", (60, 20), 255))


def test_an_export_says_itself_what_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_constant([[1]], np.full((1, 1), 0.5, np.float32), GOOD))
    assert load_reader(path).read(Image.new("L", (60, 20), 255)).text == PRINTABLE.characters[0]
    with pytest.raises(UsageError, match="says itself what it reads"):
        load_reader(path, settings=Settings(pad=True))


def test_reading_does_not_import_torch() -> None:
    code = "import htrmodel.runtime.onnx_runner, htrmodel.runtime.openvino_runner, sys; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_files_that_are_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(SourceMissingError, match=r"no ONNX file at .*model\.onnx"):
        OnnxRecogniser(path)
    path.write_bytes(b"<html>")
    with pytest.raises(BadDataError, match="damaged, cut short or no ONNX file"):
        OnnxRecogniser(path)
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "other", [value], [output])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BadDataError, match="htrmodel did not export it"):
        OnnxRecogniser(path)
    path.write_bytes(model.SerializeToString()[:-20])
    with pytest.raises(BadDataError, match="damaged, cut short or no ONNX file"):
        OnnxRecogniser(path)
