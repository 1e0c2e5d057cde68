"""Quick CPU backwards for the trunk, in exchange for fixed depthwise kernels and fixed scales of its norms.

The stock bf16 backward of a depthwise convolution takes 10 to 60 times a forward pass; the gradient by the input is
itself a convolution with the kernel turned round, which is quick. The stock backward of a frozen norm is as dear; it is
one product. The pointwise convolutions in between learn, and so do the norms' shifts.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional


class _Depthwise(torch.autograd.Function):
    """Depthwise convolution with a constant kernel."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, stride: int, pad: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.geometry = (stride, pad, tuple(x.shape))  # type: ignore[attr-defined]
        return functional.conv2d(x, weight, None, stride, pad, 1, x.shape[1])

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (weight,) = ctx.saved_tensors  # type: ignore[attr-defined]
        stride, pad, (batch, channels, rows, columns) = ctx.geometry  # type: ignore[attr-defined]
        edge, grad = weight.shape[-1], grads[0]
        if stride > 1:
            shape = (batch, channels, rows + 2 * pad - edge + 1, columns + 2 * pad - edge + 1)
            spread = torch.zeros(shape, dtype=grad.dtype).to(memory_format=torch.channels_last)
            spread[:, :, ::stride, ::stride] = grad
            grad = spread
        grad = grad.contiguous(memory_format=torch.channels_last)
        return functional.conv2d(grad, weight.flip(2, 3), None, 1, edge - 1 - pad, 1, channels), None, None, None


class FixedDepthwise(nn.Module):
    """Stands in for a depthwise convolution of the trunk in training, under the same parameter name."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(conv.weight.detach().clone(), requires_grad=False)
        self.stride = conv.stride[0]
        self.pad = cast("int", conv.padding[0])

    def forward(self, x: Tensor) -> Tensor:
        pad = self.pad
        if self.stride > 1:  # the trunk pads as TensorFlow does ("SAME")
            rows, columns = (_same_padding(edge, self.stride, self.weight.shape[-1]) for edge in x.shape[-2:])
            x = functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
            x = x.contiguous(memory_format=torch.channels_last)
            pad = 0
        out: Tensor = _Depthwise.apply(x, self.weight.to(x.dtype), self.stride, pad)
        return out


class _Norm(torch.autograd.Function):
    """Frozen norm and, if asked for, ReLU6."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, bias: Tensor, weight: Tensor, mean: Tensor, var: Tensor, eps: float, capped: bool
    ) -> Tensor:
        out = functional.batch_norm(x, mean, var, weight, bias, training=False, eps=eps)
        if capped:
            out = out.clamp_(0, 6)
        ctx.save_for_backward(out if capped else torch.empty(0), weight / torch.sqrt(var + eps))
        return out

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        out, scale = ctx.saved_tensors  # type: ignore[attr-defined]
        grad = grads[0]
        if out.numel():
            grad = torch.ops.aten.hardtanh_backward(grad, out, 0.0, 6.0)
        rows = grad.permute(0, 2, 3, 1).reshape(-1, grad.shape[1])
        shift = (torch.ones(1, len(rows), dtype=rows.dtype) @ rows)[0].float()  # a product sums faster than sum()
        return grad * scale.to(grad.dtype).view(1, -1, 1, 1), shift, None, None, None, None, None


class FixedNorm(nn.Module):
    """Stands in for a norm of the trunk in training, under the same names; only its shift learns."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(norm.weight.detach().clone(), requires_grad=False)
        self.bias = nn.Parameter(norm.bias.detach().clone())
        for name, value in norm.named_buffers():
            self.register_buffer(name, value.clone())
        self.eps = norm.eps
        self.capped = isinstance(norm.get_submodule("act"), nn.ReLU6)

    def forward(self, x: Tensor) -> Tensor:
        constants = (self.weight, self.running_mean, self.running_var, self.eps, self.capped)
        out: Tensor = _Norm.apply(x, self.bias, *constants)
        return out


def with_quick_backward(blocks: nn.Module) -> None:
    """Replace the depthwise convolutions and the norms below `blocks`."""
    for parent in list(blocks.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d) and child.groups > 1:
                setattr(parent, name, FixedDepthwise(child))
            elif isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, FixedNorm(child))


def _same_padding(edge: int, stride: int, kernel: int) -> int:
    return max((-(-edge // stride) - 1) * stride + kernel - edge, 0)
