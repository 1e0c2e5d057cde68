"""The tuned part of the mind on disk: one safetensors file that ships, and the standard peft folder made from it.

The file holds peft's tensors under peft's names in float16, the head's rows and the tokens they stand for; rank and
alpha are in its metadata. The folder is for those who go on tuning with peft; the product never needs it.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from tuning.config import MindConfig
from tuning.errors import TuningError

ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def lora(rank: int, alpha: int) -> LoraConfig:
    """LoRA on all seven linears of each layer, without dropout."""
    return LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=list(ADAPTED), lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"
    )


def save_parts(
    path: Path, config: MindConfig, learnt: Mapping[str, Tensor], head: Tensor, grammar_tokens: list[int]
) -> None:
    """Write what ships.

    Args:
        learnt: peft's parameters by name.
        head: (grammar tokens, width), the rows of the embedding that answers are scored on.
    """
    tensors = {name.replace(".default", ""): value.detach().half().contiguous() for name, value in learnt.items()}
    tensors["head"] = head.half()
    tensors["grammar_tokens"] = torch.tensor(grammar_tokens, dtype=torch.int32)
    facts = {"rank": str(config.rank), "alpha": str(config.alpha), "base_sha256": config.base.sha256}
    write_tensors(path, tensors, facts | {"recipe": config.training_digest()})


def write_peft_folder(parts: Path, folder: Path) -> None:
    """adapter_model.safetensors and adapter_config.json, as `PeftModel.from_pretrained` takes them.

    Raises:
        TuningError: the file is not the tuned part of a mind.
    """
    with safe_open(parts, "pt") as file:
        facts = file.metadata() or {}
        names = [name for name in file.keys() if ".lora_" in name]  # noqa: SIM118 (no mapping)
        tensors = {name: file.get_tensor(name).float() for name in names}
    if not names or not {"rank", "alpha"} <= set(facts):
        raise TuningError(
            f"{parts}: holds no adapter with its rank and alpha. Nothing was written. Name a mind.safetensors."
        )
    folder.mkdir(parents=True, exist_ok=True)
    lora(int(facts["rank"]), int(facts["alpha"])).save_pretrained(str(folder))
    write_tensors(folder / "adapter_model.safetensors", tensors, {"format": "pt"})


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, str]) -> None:
    """Write beside the file and move into place, so that a kill leaves the previous state."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(tensors, unfinished, metadata=facts)
    unfinished.rename(path)
