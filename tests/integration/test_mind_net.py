"""The tuned mind against peft itself: what is written is a standard adapter, and it gives the same scores."""

from pathlib import Path
from typing import cast

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from tuning.config import load_mind
from tuning.errors import TuningError
from tuning.mind.adapter import save_parts, write_peft_folder
from tuning.mind.net import Batch, Mind, adapt

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers", "ignore::DeprecationWarning")
RECIPE = Path(__file__).parents[2] / "configs" / "tuning" / "embedded.yaml"
HEAD = [3, 7, 11, 40]
PREFIX = [5, 9, 2, 30, 31]
ROWS = [[8, 4, 17], [21, 6, 13, 12, 44], [1]]


def tiny_base() -> LlamaForCausalLM:
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=64, hidden_size=48, intermediate_size=96, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-5,
    )  # fmt: skip
    return cast(LlamaForCausalLM, LlamaForCausalLM(config).eval())


def tuned() -> PeftModel:
    """An adapter that has learnt something: B is no longer zero."""
    model = adapt(tiny_base(), rank=4, alpha=8, seed=1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = torch.randn_like(parameter) * 0.05
    return model


def one_batch() -> Batch:
    width = max(map(len, ROWS))
    slots = [row * width + place for row, tokens in enumerate(ROWS) for place in range(len(tokens))]
    tokens = [token for row in ROWS for token in row]
    nothing = torch.full((len(tokens),), -100)
    prefix = torch.tensor(PREFIX)
    return Batch(prefix, torch.tensor(tokens), torch.tensor(slots), len(ROWS), width, (), nothing, nothing)


def by_peft(model: PeftModel) -> torch.Tensor:
    """Each row after the prefix on its own, by the stock forward; scores of the head's tokens."""
    with torch.no_grad():
        return torch.cat([model(torch.tensor([PREFIX + row])).logits[0, len(PREFIX) :, HEAD] for row in ROWS])


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 1e-2)])
def test_the_fused_forward_scores_as_peft_does(dtype: torch.dtype, tolerance: float) -> None:
    model, batch = tuned(), one_batch()

    with torch.no_grad():
        scores = Mind(model, HEAD, dtype)(batch, torch.ones(len(batch.tokens), dtype=torch.bool))

    assert (scores - by_peft(model)).abs().max() < tolerance


def test_the_shipped_file_becomes_a_folder_that_peft_loads_with_the_same_scores(tmp_path: Path) -> None:
    model = tuned()
    learnt = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    config = load_mind(RECIPE).model_copy(update={"rank": 4, "alpha": 8})
    head = Mind(model, HEAD).head_rows()

    save_parts(tmp_path / "mind.safetensors", config, learnt, head, HEAD)
    write_peft_folder(tmp_path / "mind.safetensors", tmp_path / "adapter")
    loaded = PeftModel.from_pretrained(tiny_base(), str(tmp_path / "adapter")).eval()

    assert (tmp_path / "adapter" / "adapter_config.json").exists()
    assert (by_peft(loaded) - by_peft(model)).abs().max() < 1e-3  # the file is float16


def test_a_file_without_an_adapter_is_refused(tmp_path: Path) -> None:
    save_file({"head": torch.zeros(2, 2)}, tmp_path / "other.safetensors")

    with pytest.raises(TuningError, match="holds no adapter"):
        write_peft_folder(tmp_path / "other.safetensors", tmp_path / "adapter")


def test_only_the_adapter_learns() -> None:
    model, batch = tuned(), one_batch()

    Mind(model, HEAD, torch.float32)(batch, torch.ones(len(batch.tokens), dtype=torch.bool)).sum().backward()

    learning = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert learning == {name for name, _ in model.named_parameters() if "lora_" in name}
