"""Assembly: the same bytes every time, or a refusal that names what differs."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from models.assemble import ADAPTED, Parts, assemble, load_adapter, merge, mind_files
from models.base_wheel import fetch, opened
from models.decoder import Decoder, Row
from models.digest import digest_file
from models.errors import PackageInvalid
from models.package import MANIFEST, Manifest, ModelPackage
from tests.integration import tiny_mind


@pytest.fixture
def parts(tmp_path):
    return tiny_mind.write_parts(tmp_path)


def package_of(precision, parts, wheel, folder):
    """A package at a precision, written beside the assembly."""
    facts = Parts.load(parts).package
    folder.mkdir()
    with opened(facts.base, wheel) as base:
        for name, content in mind_files(
            base, load_adapter(parts / "mind.safetensors"), facts, lambda done: None, precision=precision
        ):
            (folder / name).write_bytes(content)
    files = {path.name: digest_file(path) for path in folder.iterdir()}
    (folder / MANIFEST).write_bytes(Manifest(**dict(facts), files=files).to_bytes())
    return ModelPackage.load(folder)


def forward(tensors, head, embeddings, tokens):
    """A Llama in plain numpy, every token at once."""

    def norm(x, weight):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + tiny_mind.EPSILON) * weight

    def turn(x):
        half = tiny_mind.HEAD_WIDTH // 2
        angle = np.arange(len(tokens))[:, None] * tiny_mind.THETA ** -(np.arange(half) / half)
        a, b = x[..., :half], x[..., half:]
        c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
        return np.concatenate([a * c - b * s, b * c + a * s], -1)

    x = embeddings[tokens].astype(np.float64)
    future = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for index in range(tiny_mind.LAYERS):
        w = {part: tensors[f"model.layers.{index}.{part}"] for part in ADAPTED}
        y = norm(x, tensors[f"model.layers.{index}.input_layernorm"])
        q, k, v = (
            (y @ w[f"self_attn.{p}_proj"].T).reshape(len(tokens), -1, tiny_mind.HEAD_WIDTH) for p in ("q", "k", "v")
        )
        q, k = turn(q), turn(k)
        group = tiny_mind.HEADS // tiny_mind.KEY_HEADS
        heads = []
        for head_index in range(tiny_mind.HEADS):
            scores = q[:, head_index] @ k[:, head_index // group].T / tiny_mind.HEAD_WIDTH**0.5 + future
            share = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(share / share.sum(-1, keepdims=True) @ v[:, head_index // group])
        x = x + np.concatenate(heads, -1) @ w["self_attn.o_proj"].T
        y = norm(x, tensors[f"model.layers.{index}.post_attention_layernorm"])
        gate = y @ w["mlp.gate_proj"].T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ w["mlp.up_proj"].T)) @ w["mlp.down_proj"].T
    return norm(x, tensors["model.norm"]) @ head.T


def test_two_assemblies_give_the_same_bytes(parts, tmp_path):
    folder, wheel = parts

    first = assemble(tmp_path / "one" / "package", parts_folder=folder, wheel=wheel, pin=True)
    second = assemble(tmp_path / "two" / "package", parts_folder=folder, wheel=wheel)

    assert second.digest == first.digest == Parts.load(folder).assembles_to
    assert sorted(path.name for path in second.folder.iterdir()) == [
        "closer.onnx",
        "eyes.onnx",
        "eyes.safetensors",
        "manifest.json",
        "mind.onnx",
        "mind.safetensors",
        "tokenizer.json",
    ]


def test_the_full_precision_graph_computes_what_the_architecture_says(parts, tmp_path):
    folder, wheel = parts
    tuned = load_adapter(folder / "mind.safetensors")
    decoder = Decoder(package_of("fp32", folder, wheel, tmp_path / "fp32"), threads=1)
    tokens = np.random.default_rng(5).integers(0, 256, 40).tolist()

    seen = decoder.logits(decoder.prefix(tokens[:23]), [Row(tuple(tokens[23:]))])[0]

    expected = forward(tiny_mind.merged(tuned), tuned["head"].astype(np.float64), decoder.embeddings, tokens)
    assert np.abs(seen - expected[23:]).max() < 1e-4


@pytest.mark.parametrize(("bits", "likeness"), [("int8", 0.995), ("int4", 0.9)])
def test_fewer_bits_stay_near_full_precision(parts, tmp_path, bits, likeness):
    folder, wheel = parts
    tokens = np.random.default_rng(5).integers(0, 256, 60).tolist()

    exact, fewer = (
        Decoder(package_of(precision, folder, wheel, tmp_path / precision), threads=1) for precision in ("fp32", bits)
    )
    exact_logits, fewer_logits = (d.logits(d.prefix(tokens[:20]), [Row(tuple(tokens[20:]))])[0] for d in (exact, fewer))

    assert likeness < np.corrcoef(exact_logits.ravel(), fewer_logits.ravel())[0, 1] < 1


def test_a_merged_weight_is_the_weight_and_the_scaled_product():
    draw = np.random.default_rng(3)
    weight, a, b = (draw.standard_normal(shape).astype(np.float32) for shape in ((96, 64), (16, 64), (96, 16)))

    result = merge(weight, a, b, 2.0)

    assert np.abs(result - (weight.astype(np.float64) + 2.0 * b.astype(np.float64) @ a)).max() < 5e-6


def test_a_result_that_was_not_released_is_refused_and_the_file_named(parts, tmp_path):
    folder, wheel = parts
    assemble(tmp_path / "package", parts_folder=folder, wheel=wheel, pin=True)
    released = Parts.load(folder)
    other = released.model_copy(update={"files": released.files | {"mind.onnx": "sha256:00"}})
    other.save(folder)

    with pytest.raises(PackageInvalid, match=r"mind\.onnx: came out as sha256:\w+, released was sha256:00"):
        assemble(tmp_path / "again" / "package", parts_folder=folder, wheel=wheel)

    assert not (tmp_path / "again" / "package").exists()


def test_edited_facts_are_refused(parts, tmp_path):
    folder, wheel = parts
    assemble(tmp_path / "package", parts_folder=folder, wheel=wheel, pin=True)
    released = Parts.load(folder)
    easier = released.package.model_copy(update={"context_tokens": 4096})
    released.model_copy(update={"package": easier}).save(folder)

    with pytest.raises(PackageInvalid, match=r"manifest\.json: came out as .* facts in parts\.json were edited"):
        assemble(tmp_path / "again" / "package", parts_folder=folder, wheel=wheel)


def test_parts_without_a_release_are_refused(parts, tmp_path):
    folder, wheel = parts

    with pytest.raises(PackageInvalid, match="released was nothing"):
        assemble(tmp_path / "package", parts_folder=folder, wheel=wheel)


def test_another_wheel_than_the_pinned_one_is_refused(parts, tmp_path):
    folder, wheel = parts
    wheel.write_bytes(wheel.read_bytes() + b"x")

    with pytest.raises(
        PackageInvalid, match=r"tiny-0\.1-py3-none-any\.whl: digest sha256:\w+, allowed only sha256:\w+"
    ):
        assemble(tmp_path / "package", parts_folder=folder, wheel=wheel)


def test_a_wheel_that_is_not_there_is_refused(parts, tmp_path):
    folder, _ = parts

    with pytest.raises(PackageInvalid, match=r"no such file.*--wheel"):
        assemble(tmp_path / "package", parts_folder=folder, wheel=tmp_path / "other.whl")


def test_without_a_network_it_says_what_to_fetch_and_where_to_put_it(parts, tmp_path, monkeypatch):
    folder, _ = parts
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    base = Parts.load(folder).package.base

    with pytest.raises(
        PackageInvalid, match=r"could not fetch tiny==0\.1.*put tiny-0\.1-py3-none-any\.whl into .*downloads"
    ):
        fetch(base, tmp_path / "downloads")


def test_a_downloaded_wheel_is_used_again(parts, tmp_path):
    folder, wheel = parts
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    wheel.rename(downloads / wheel.name)

    package = assemble(tmp_path / "package", parts_folder=folder, downloads=downloads, pin=True)

    assert package.manifest.name == "tiny"


def test_a_whole_package_is_left_alone_and_an_altered_one_made_anew(parts, tmp_path):
    folder, wheel = parts
    package = assemble(tmp_path / "package", parts_folder=folder, wheel=wheel, pin=True)
    wheel.unlink()

    assert assemble(tmp_path / "package", parts_folder=folder, wheel=wheel).digest == package.digest
    (package.folder / "mind.onnx").write_bytes(b"altered")
    with pytest.raises(PackageInvalid, match="no such file"):
        assemble(tmp_path / "package", parts_folder=folder, wheel=wheel)


@pytest.mark.parametrize("there", ["picture", "another package"])
def test_what_lies_where_the_package_should_go_is_left_alone(parts, tmp_path, there):
    folder, wheel = parts
    target = tmp_path / "package"
    target.mkdir()
    kept = target / ("manifest.json" if there == "another package" else "unit 1.png")
    kept.write_text('{"name": "vial"}')

    with pytest.raises(PackageInvalid, match="holds something already"):
        assemble(target, parts_folder=folder, wheel=wheel, pin=True)

    assert kept.read_text() == '{"name": "vial"}'


def test_a_package_whose_manifest_was_cut_off_is_made_anew(parts, tmp_path):
    folder, wheel = parts
    package = assemble(tmp_path / "package", parts_folder=folder, wheel=wheel, pin=True)
    (package.folder / "manifest.json").write_bytes(b'{"name": "ti')

    assert assemble(tmp_path / "package", parts_folder=folder, wheel=wheel).digest == package.digest


def test_an_adapter_of_another_base_is_refused(parts, tmp_path):
    folder, wheel = parts
    tuned = load_adapter(folder / "mind.safetensors")
    tuned["base_model.model.model.layers.2.mlp.up_proj.lora_A.weight"] = np.zeros((4, 64), np.float16)
    save_file(tuned, folder / "mind.safetensors")

    with pytest.raises(PackageInvalid, match="do not fit the base of 2 layers"):
        assemble(tmp_path / "package", parts_folder=folder, wheel=wheel, pin=True)
