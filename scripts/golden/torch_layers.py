"""Golden numbers of layers, einsum and tensor methods, from PyTorch: __test__/golden/layers.{safetensors,json}.

Run it in an environment with requirements.txt: `python scripts/golden/torch_layers.py`. `__test__/module/golden-layers.test.ts` makes
each call of the index on the TypeScript side and compares outputs and gradients. Arguments are written as TypeScript takes them;
{"input": i} stands for a tensor, {"number": text} for a number that JSON lacks.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from golden import Golden
from torch import Tensor, nn

torch.manual_seed(0)
golden = Golden()

# Options of layers by their names in TypeScript and in PyTorch.
NAMES = {
    "kernelSize": "kernel_size", "outputPadding": "output_padding", "paddingMode": "padding_mode", "countIncludePad": "count_include_pad",
    "epsilon": "eps", "scaleFactor": "scale_factor", "alignCorners": "align_corners", "keyFeatures": "kdim", "valueFeatures": "vdim",
}


def normal(*shape: int) -> Tensor:
    return torch.randn(shape)


def positive(*shape: int) -> Tensor:
    return torch.rand(shape) + 0.1


def whole(high: int, *shape: int) -> Tensor:
    return torch.randint(0, high, shape)


def options(given: dict, **renamed: str) -> dict:
    names = NAMES | renamed
    pair = lambda value: tuple(value) if isinstance(value, list) else value
    return {names.get(key, key): pair(value) for key, value in given.items()}


def layer(call: str, arguments: Sequence, module: nn.Module, *inputs: Tensor, function: Callable | None = None) -> None:
    golden.add("layer", call, arguments, inputs, function or module, module)


def method(call: str, arguments: Sequence, function: Callable, *inputs: Tensor) -> None:
    golden.add("method", call, arguments, inputs, function)


def static(call: str, arguments: Sequence, function: Callable, *inputs: Tensor) -> None:
    golden.add("static", call, arguments, inputs, function)


def function(call: str, arguments: Sequence, function: Callable, *inputs: Tensor) -> None:
    golden.add("function", call, arguments, inputs, function)


def placed(i: int) -> dict:
    return {"input": i}


INFINITY = {"number": "Infinity"}


# ── layers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

for given, shape in [
    ({"kernelSize": 3}, (2, 4, 7)),
    ({"kernelSize": 3, "padding": "same", "dilation": 2}, (2, 4, 6)),
    ({"kernelSize": 4, "padding": "same"}, (1, 4, 5)),
    ({"kernelSize": 3, "stride": 2, "padding": 1, "groups": 2, "bias": False}, (2, 4, 7)),
    ({"kernelSize": 4, "padding": "same", "paddingMode": "circular"}, (1, 4, 6)),
    ({"kernelSize": 2}, (4, 5)),
]:
    layer("Conv1d", [4, 2, given], nn.Conv1d(4, 2, **options(given)), normal(*shape))

for given, shape in [
    ({"kernelSize": 3}, (2, 2, 4, 5)),
    ({"kernelSize": [3, 2], "stride": [2, 1], "padding": [1, 0], "groups": 2}, (1, 2, 5, 4)),
    ({"kernelSize": [2, 3], "padding": "same", "dilation": [1, 2]}, (1, 2, 4, 5)),
    ({"kernelSize": 3, "padding": 1, "paddingMode": "reflect", "stride": 2}, (1, 2, 4, 4)),
    ({"kernelSize": 3, "padding": [1, 2], "paddingMode": "replicate"}, (1, 2, 3, 3)),
    ({"kernelSize": 1, "bias": False}, (2, 3, 3)),
]:
    layer("Conv2d", [2, 4, given], nn.Conv2d(2, 4, **options(given)), normal(*shape))

for given, shape in [
    ({"kernelSize": 3}, (2, 4, 5)),
    ({"kernelSize": 3, "stride": 2, "padding": 1, "outputPadding": 1}, (2, 4, 4)),
    ({"kernelSize": 2, "stride": 3, "outputPadding": 2, "dilation": 2}, (1, 4, 3)),
    ({"kernelSize": 3, "dilation": 2, "groups": 2, "bias": False}, (4, 4)),
]:
    layer("ConvTranspose1d", [4, 2, given], nn.ConvTranspose1d(4, 2, **options(given)), normal(*shape))

for given, shape in [
    ({"kernelSize": 4, "stride": 2, "padding": 1}, (1, 2, 3, 3)),
    ({"kernelSize": 3, "stride": [2, 1], "padding": [1, 0], "outputPadding": [1, 0], "dilation": [1, 2], "groups": 2}, (1, 2, 3, 2)),
]:
    layer("ConvTranspose2d", [2, 4, given], nn.ConvTranspose2d(2, 4, **options(given)), normal(*shape))

# Rounded, so that windows have several largest elements: the gradient then belongs to the first.
layer("MaxPool1d", [3, {"stride": 2, "padding": 1}], nn.MaxPool1d(3, stride=2, padding=1), normal(2, 2, 8).mul(2).round())
layer("MaxPool2d", [2], nn.MaxPool2d(2), normal(1, 2, 5, 4).round())
layer("MaxPool2d", [[3, 2], {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]}], nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2)), normal(1, 2, 5, 5))
layer("AvgPool1d", [3, {"stride": 2, "padding": 1}], nn.AvgPool1d(3, stride=2, padding=1), normal(2, 2, 7))
layer("AvgPool2d", [2], nn.AvgPool2d(2), normal(2, 4, 5))
layer("AvgPool2d", [3, {"stride": 2, "padding": 1, "countIncludePad": False}], nn.AvgPool2d(3, 2, 1, count_include_pad=False), normal(1, 2, 5, 6))
layer("AdaptiveAvgPool1d", [4], nn.AdaptiveAvgPool1d(4), normal(2, 2, 7))
layer("AdaptiveAvgPool2d", [1], nn.AdaptiveAvgPool2d(1), normal(2, 3, 3, 4))
layer("AdaptiveAvgPool2d", [[3, 2]], nn.AdaptiveAvgPool2d((3, 2)), normal(1, 2, 7, 4))

for given, shape in [
    ({"scaleFactor": 2}, (1, 2, 2, 3)),
    ({"size": [5, 3]}, (1, 2, 3, 4)),
    ({"scaleFactor": 1.5}, (1, 2, 5)),
    ({"scaleFactor": 2, "mode": "linear"}, (1, 2, 4)),
    ({"size": 6, "mode": "linear", "alignCorners": True}, (1, 2, 4)),
    ({"scaleFactor": 2, "mode": "bilinear"}, (1, 2, 3, 2)),
    ({"scaleFactor": [1.3, 0.6], "mode": "bilinear"}, (1, 1, 5, 5)),
    ({"size": [2, 5], "mode": "bilinear", "alignCorners": True}, (1, 1, 4, 3)),
    ({"size": [1, 3], "mode": "bilinear", "alignCorners": True}, (1, 1, 4, 3)),
    ({"scaleFactor": 2, "mode": "bicubic"}, (1, 1, 3, 4)),
    ({"size": [3, 6], "mode": "bicubic", "alignCorners": True}, (1, 1, 4, 4)),
]:
    layer("Upsample", [given], nn.Upsample(**options(given)), normal(*shape))

layer("LayerNorm", [6], nn.LayerNorm(6), normal(2, 3, 6))
layer("LayerNorm", [[2, 3], {"epsilon": 0.1}], nn.LayerNorm((2, 3), eps=0.1), normal(2, 2, 3))
layer("LayerNorm", [4, {"bias": False}], nn.LayerNorm(4, bias=False), normal(3, 4))
layer("LayerNorm", [4, {"affine": False}], nn.LayerNorm(4, elementwise_affine=False), normal(3, 4))
layer("RMSNorm", [6], nn.RMSNorm(6), normal(2, 3, 6))
layer("RMSNorm", [[2, 3], {"epsilon": 0.1}], nn.RMSNorm((2, 3), eps=0.1), normal(2, 2, 3))
layer("RMSNorm", [4, {"affine": False}], nn.RMSNorm(4, elementwise_affine=False), normal(3, 4))
layer("GroupNorm", [2, 6], nn.GroupNorm(2, 6), normal(2, 6, 3, 2))
layer("GroupNorm", [3, 3, {"affine": False, "epsilon": 0.1}], nn.GroupNorm(3, 3, eps=0.1, affine=False), normal(2, 3, 5))
layer("GroupNorm", [2, 4], nn.GroupNorm(2, 4), normal(3, 4))


def attention(given: dict, *inputs: Tensor, mask: bool = False) -> None:
    """PyTorch's module marks what is hidden where ours marks what is seen."""
    kept = {key: value for key, value in given.items() if key != "causal"}
    module = nn.MultiheadAttention(8, 2, batch_first=True, **options(kept))

    def call(query: Tensor, *others: Tensor) -> Tensor:
        tokens, hidden = (others[:-1], others[-1]) if mask else (others, None)
        key = tokens[0] if tokens else query
        value = tokens[1] if len(tokens) > 1 else key
        if given.get("causal"):
            hidden = torch.triu(torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool), 1)
        elif hidden is not None and hidden.dtype == torch.bool:
            hidden = ~hidden
        return module(query, key, value, attn_mask=hidden, need_weights=False)[0]

    layer("MultiheadAttention", [8, 2, given], module, *inputs, function=call)


attention({}, normal(2, 4, 8))
attention({"causal": True}, normal(1, 5, 8))
attention({"bias": False}, normal(2, 3, 8), normal(2, 4, 8))
attention({"keyFeatures": 5, "valueFeatures": 3}, normal(1, 3, 8), normal(1, 4, 5), normal(1, 4, 3))
attention({}, normal(3, 8), normal(4, 8), normal(4, 8))
seen = torch.rand(3, 4) > 0.4
seen[:, 0] = True
attention({}, normal(2, 3, 8), normal(2, 4, 8), normal(2, 4, 8), seen, mask=True)
attention({}, normal(1, 3, 8), normal(1, 4, 8), normal(1, 4, 8), normal(3, 4), mask=True)

layer("Linear", [3, 4], nn.Linear(3, 4), normal(2, 2, 3))
layer("Linear", [3, 4, {"bias": False}], nn.Linear(3, 4, bias=False), normal(3))
layer("Embedding", [5, 3], nn.Embedding(5, 3), whole(5, 2, 4))
layer("Flatten", [], nn.Flatten(), normal(2, 3, 2))
layer("Flatten", [0, 1], nn.Flatten(0, 1), normal(2, 3, 2))
layer("Unflatten", [1, [2, -1]], nn.Unflatten(1, (2, -1)), normal(2, 6))
layer("PixelShuffle", [2], nn.PixelShuffle(2), normal(1, 8, 2, 3))
layer("PixelUnshuffle", [2], nn.PixelUnshuffle(2), normal(2, 4, 6))
layer("LeakyReLU", [0.2], nn.LeakyReLU(0.2), normal(5))
layer("Softmax", [0], nn.Softmax(0), normal(3, 2))
for name in ["ELU", "GELU", "Identity", "Mish", "ReLU", "SELU", "Sigmoid", "SiLU", "Softplus", "Tanh"]:
    layer(name, [], getattr(nn, name)(), normal(6).mul(2))
layer("GELUTanh", [], nn.GELU("tanh"), normal(6).mul(2))

# ── einsum ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

for equation, shapes in [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]),
    ("bij,bjk", [(2, 2, 3), (2, 3, 2)]),
    ("bhid,bhjd->bhij", [(2, 2, 3, 2), (2, 2, 4, 2)]),
    ("i,j->ij", [(3,), (2,)]),
    ("i,i->", [(4,), (4,)]),
    ("ij->ji", [(2, 3)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("iji->j", [(2, 3, 2)]),
    ("ijj,jk->ki", [(2, 3, 3), (3, 2)]),
    ("...ij,...jk->...ik", [(2, 1, 2, 3), (4, 3, 2)]),
    ("i...,i...->...", [(2, 3), (2, 3)]),
    ("...i,ij->...j", [(2, 2, 3), (3, 2)]),
    ("...,...", [(2, 3), (3,)]),
    ("bi,ij,bj->b", [(2, 3), (3, 4), (2, 4)]),
    ("ab,cb,dc,ad->ac", [(2, 3), (2, 3), (4, 2), (2, 4)]),
    ("bqd,bkd,bke->bqe", [(2, 2, 3), (2, 4, 3), (2, 4, 2)]),
    ("ij,k->i", [(2, 3), (4,)]),
    ("ijk,ljk->il", [(2, 3, 2), (3, 3, 2)]),
    ("bij,bij->b", [(2, 2, 3), (2, 2, 3)]),
    ("Ab,bC->CA", [(2, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
]:
    inputs = [normal(*shape) for shape in shapes]
    function("einsum", [equation, *map(placed, range(len(inputs)))], lambda *x, e=equation: torch.einsum(e, *x), *inputs)

# ── elementwise ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

for call, compute in {
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "floor": torch.floor, "ceil": torch.ceil, "trunc": torch.trunc, "exp": torch.exp,
    "expm1": torch.expm1, "square": torch.square, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "atan": torch.atan,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "erf": torch.erf, "relu": F.relu, "silu": F.silu, "gelu": F.gelu, "softplus": F.softplus,
    "elu": F.elu, "selu": F.selu, "mish": F.mish, "logSigmoid": F.logsigmoid, "leakyRelu": F.leaky_relu, "recip": torch.reciprocal,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
}.items():
    method(call, [], compute, normal(6).mul(2))
for call, compute in {
    "log": torch.log, "log1p": torch.log1p, "log2": torch.log2, "log10": torch.log10, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
}.items():
    method(call, [], compute, positive(6).mul(3))
method("round", [], torch.round, torch.tensor([-2.5, -1.5, -0.5, -0.2, 0.49999997, 0.5, 1.5, 2.5, 2.6, 1e9]))
for call, compute in {"asin": torch.asin, "acos": torch.acos}.items():
    method(call, [], compute, torch.tensor([-0.99, -0.5, -1e-4, 0.3, 0.7071, 0.999]))
special = torch.tensor([1.0, math.nan, math.inf, -math.inf])
for call, compute in {"isNaN": torch.isnan, "isInf": torch.isinf, "isFinite": torch.isfinite}.items():
    method(call, [], compute, special)

for call, compute in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum, "minimum": torch.minimum}.items():
    method(call, [placed(1)], compute, normal(2, 3), normal(3))
method("pow", [placed(1)], torch.pow, positive(4), normal(4))
method("pow", [3], lambda x: x**3, normal(4))
method("rsub", [2], lambda x: 2 - x, normal(3))
method("rdiv", [2], lambda x: 2 / x, positive(3))
for call, compute in {"eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge}.items():
    method(call, [placed(1)], compute, normal(6).round(), normal(6).round())
truths = (torch.rand(6) > 0.5, torch.rand(6) > 0.5)
method("and", [placed(1)], torch.logical_and, *truths)
method("or", [placed(1)], torch.logical_or, *truths)
method("not", [], torch.logical_not, truths[0])
method("atan2", [placed(1)], torch.atan2, torch.tensor([1.0, 1, -1, -1, 2, -2, 0.1, -0.1, 0.1]), torch.tensor([1.0, -1, 1, -1, 0.1, -0.1, 2, -2, 0]))
method("atan2", [placed(1)], torch.atan2, torch.tensor([0.0, 0]), torch.tensor([1.0, -1]))
method("remainder", [3], lambda x: torch.remainder(x, 3), normal(6).mul(5))
method("remainder", [placed(1)], torch.remainder, torch.tensor([-7, 7, -7, 7, 6]), torch.tensor([3, 3, -3, -3, -3]))
method("lerp", [placed(1), 0.3], lambda a, b: torch.lerp(a, b, 0.3), normal(4), normal(4))
method("clamp", [-0.5, 0.7], lambda x: x.clamp(-0.5, 0.7), normal(6))
method("clamp", [0.1], lambda x: x.clamp(min=0.1), normal(6))
method("maskedFill", [placed(1), 2], lambda x, m: x.masked_fill(m, 2), normal(2, 3), torch.rand(2, 3) > 0.5)
method("where", [placed(1), placed(2)], torch.where, torch.rand(2, 3) > 0.5, normal(2, 3), normal(3))
method("cast", ["i64"], lambda x: x.long(), normal(5).mul(3))

# ── structure ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

method("reshape", [[3, -1]], lambda x: x.reshape(3, -1), normal(2, 3, 2))
method("flatten", [1], lambda x: x.flatten(1), normal(2, 3, 2))
method("flatten", [0, -2], lambda x: x.flatten(0, -2), normal(2, 3, 2))
method("unflatten", [-1, [2, -1]], lambda x: x.unflatten(-1, (2, -1)), normal(2, 4))
method("broadcastTo", [[2, -1, 4]], lambda x: x.expand(2, -1, 4), normal(3, 1))
method("expandAs", [placed(1)], lambda x, y: x.expand_as(y), normal(3, 1), normal(2, 3, 2))
method("permute", [[2, 0, 1]], lambda x: x.permute(2, 0, 1), normal(2, 3, 2))
method("transpose", [], lambda x: x.mT, normal(2, 3, 2))
method("transpose", [0, 2], lambda x: x.transpose(0, 2), normal(2, 3, 2))
method("moveAxis", [0, -1], lambda x: x.movedim(0, -1), normal(2, 3, 2))
method("moveAxis", [2, 0], lambda x: x.movedim(2, 0), normal(2, 3, 2))
method("squeeze", [], lambda x: x.squeeze(), normal(1, 3, 1))
method("squeeze", [-1], lambda x: x.squeeze(-1), normal(1, 3, 1))
method("unsqueeze", [1], lambda x: x.unsqueeze(1), normal(2, 3))
method("flip", [[0, -1]], lambda x: x.flip(0, -1), normal(2, 3, 2))
method("roll", [2, 1], lambda x: x.roll(2, 1), normal(2, 5))
method("roll", [-1, 0], lambda x: x.roll(-1, 0), normal(3, 2))
method("repeat", [[2, 1, 2]], lambda x: x.repeat(2, 1, 2), normal(2, 3))
method("repeatInterleave", [2, 1], lambda x: x.repeat_interleave(2, 1), normal(2, 3))
method("split", [2, 1], lambda x: x.split(2, 1), normal(2, 5))
method("split", [[1, 3], -1], lambda x: x.split((1, 3), -1), normal(2, 4))
method("chunk", [3, 0], lambda x: x.chunk(3, 0), normal(7, 2))
method("unbind", [1], lambda x: x.unbind(1), normal(2, 3))
method("pad", [[0, 1], [2, 0]], lambda x: F.pad(x, (1, 0, 0, 2)), normal(2, 3))
method("pad", [[1, 0], [0, 2], {"value": 1.5}], lambda x: F.pad(x, (0, 2, 1, 0), value=1.5), normal(2, 3))
for mode in ["reflect", "replicate", "circular"]:
    method("pad", [[0, 1, 1], [0, 2, 0], {"mode": mode}], lambda x, m=mode: F.pad(x[None], (1, 0, 1, 2), mode=m)[0], normal(1, 3, 3))
static("concat", [[placed(0), placed(1)], 1], lambda *x: torch.cat(x, 1), normal(2, 3), normal(2, 1))
static("stack", [[placed(0), placed(1)], -1], lambda *x: torch.stack(x, -1), normal(2, 3), normal(2, 3))

# ── indexing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

rows, columns = whole(3, 2), whole(4, 2)
for indices, compute in [
    ([1], lambda x: x[1]),
    ([-1, "1:3"], lambda x: x[-1, 1:3]),
    (["::2", ":", "-2:"], lambda x: x[::2, :, -2:]),
    (["1:", ":-1", "0:9:2"], lambda x: x[1:, :-1, 0:9:2]),
    (["...", 0], lambda x: x[..., 0]),
    ([None, 0, "...", None], lambda x: x[None, 0, ..., None]),
    (["2:1"], lambda x: x[2:1]),
]:
    method("at", indices, compute, normal(3, 4, 3))
method("at", [placed(1)], lambda x, i: x[i], normal(3, 4), torch.tensor([[0, -1], [1, 1]]))
method("at", [":", placed(1), "1:"], lambda x, i: x[:, i, 1:], normal(2, 4, 3), whole(4, 3))
method("at", [placed(1), placed(2)], lambda x, i, j: x[i, j], normal(3, 4), rows, columns)
method("at", [":", placed(1), placed(2)], lambda x, i, j: x[:, i, j], normal(2, 3, 4), rows[:, None], columns)
method("at", [placed(1), ":", placed(2)], lambda x, i, j: x[i, :, j], normal(3, 2, 4), rows, columns)
method("at", [placed(1), None, placed(2)], lambda x, i, j: x[i, None, j], normal(3, 4), rows, columns)
method("at", [0, placed(1), ":", placed(2)], lambda x, i, j: x[0, i, :, j], normal(2, 3, 2, 4), rows, columns)
method("select", [1, -1], lambda x: x.select(1, -1), normal(2, 3))
method("narrow", [1, 1, 2], lambda x: x.narrow(1, 1, 2), normal(2, 4))
method("slice", [[0, -3], [2, -1], [1, 1]], lambda x: x[0:2, -3:-1], normal(3, 4))
method("indexSelect", [1, placed(1)], lambda x, i: x.index_select(1, i), normal(2, 4), torch.tensor([3, 0, 0]))
method("gather", [1, placed(1)], lambda x, i: x.gather(1, i), normal(3, 4), whole(4, 3, 2))
method("gather", [-1, placed(1)], lambda x, i: x.gather(-1, i), normal(3, 4), whole(4, 2, 5))
order = torch.stack([torch.randperm(4)[:2] for _ in range(3)])
method("scatter", [1, placed(1), placed(2)], lambda x, i, y: x.scatter(1, i, y), normal(3, 4), order, normal(3, 2))
method("scatter", [1, placed(1), 1.5], lambda x, i: x.scatter(1, i, 1.5), normal(3, 4), order)
method("scatterAdd", [0, placed(1), 3], lambda x, i: torch.zeros(3, 2, dtype=x.dtype).index_add(0, i, x), normal(4, 2), torch.tensor([2, 0, 2, 1]))
method("oneHot", [4], lambda x: F.one_hot(x, 4).float(), whole(4, 2, 2))
for arguments in [[], [1], [-1], [5], [0, 0, 2], [1, 2, 1]]:
    method("diagonal", arguments, lambda x, a=arguments: x.diagonal(*([a[0] if a else 0] + (a[1:] or [-2, -1]))), normal(3, 2, 4))
method("tril", [], lambda x: x.tril(), normal(2, 3, 3))
method("tril", [-1], lambda x: x.tril(-1), normal(3, 4))
method("triu", [1], lambda x: x.triu(1), normal(3, 4))

# ── reductions ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

KEEP = {"keepDims": True}
method("sum", [], torch.sum, normal(2, 3))
method("sum", [[0, -1], KEEP], lambda x: x.sum((0, -1), keepdim=True), normal(2, 3, 2))
method("mean", [1], lambda x: x.mean(1), normal(2, 3))
method("max", [-1], lambda x: x.amax(-1), normal(2, 3).round())
method("max", [], lambda x: x.amax(), normal(2, 3))
method("min", [[0, 1], KEEP], lambda x: x.amin((0, 1), keepdim=True), normal(2, 3, 2))
method("variance", [1], lambda x: x.var(1, correction=0), normal(2, 4))
method("variance", [[0, 1], {"correction": 1, "keepDims": True}], lambda x: x.var((0, 1), correction=1, keepdim=True), normal(2, 4))
method("std", [0, {"correction": 1}], lambda x: x.std(0), normal(4, 2))
method("std", [], lambda x: x.std(correction=0), normal(4, 2))
method("norm", [], torch.linalg.vector_norm, normal(2, 3))
for order_ in [1, 3, 0.5, 0]:
    method("norm", [1, {"order": order_}], lambda x, p=order_: torch.linalg.vector_norm(x, p, 1), normal(2, 3))
method("norm", [1, {"order": INFINITY, "keepDims": True}], lambda x: torch.linalg.vector_norm(x, math.inf, 1, keepdim=True), normal(2, 3))
method("norm", [-1, {"order": {"number": "-Infinity"}}], lambda x: torch.linalg.vector_norm(x, -math.inf, -1), normal(2, 3))
method("norm", [1], lambda x: torch.linalg.vector_norm(x, 2, 1), torch.tensor([[0.0, 0], [3, 4]]))
method("prod", [], torch.prod, normal(2, 3))
method("prod", [1, KEEP], lambda x: x.prod(1, keepdim=True), torch.tensor([[1.0, 0, 3, 2, 5], [0, 0, 3, 1, 1], [1, 2, 3, 4, 5]]))
method("all", [1], lambda x: x.all(1), torch.rand(4, 2) > 0.5)
method("any", [], lambda x: x.any(), torch.tensor([0.0, 0, 2]))
method("any", [0, KEEP], lambda x: x.any(0, keepdim=True), torch.rand(2, 4) > 0.6)
method("argMax", [1], lambda x: x.argmax(1), normal(3, 4))
method("argMax", [], lambda x: x.argmax(), normal(3, 4))
method("argMin", [0, KEEP], lambda x: x.argmin(0, keepdim=True), normal(3, 4))
method("cumSum", [1], lambda x: x.cumsum(1), normal(2, 4))
method("cumSum", [0, {"reverse": True}], lambda x: x.flip(0).cumsum(0).flip(0), normal(3, 2))
method("cumProd", [1], lambda x: x.cumprod(1), torch.tensor([[1.0, 2, -0.5, 3, 0.7], [2, 0, 1, 0, 1]]))
method("cumProd", [0], lambda x: x.cumprod(0), normal(6, 2))
method("diff", [], torch.diff, normal(2, 4))
method("diff", [0], lambda x: x.diff(dim=0), normal(3, 2))
method("softmax", [0], lambda x: x.softmax(0), normal(3, 2))
method("logSoftmax", [-1], lambda x: x.log_softmax(-1), normal(2, 3))
method("logSumExp", [1, KEEP], lambda x: x.logsumexp(1, keepdim=True), normal(2, 3).mul(20))
method("layerNorm", [{"epsilon": 0.1}], lambda x: F.layer_norm(x, (3,), eps=0.1), normal(2, 3))
method("normalize", [], lambda x: F.normalize(x, dim=-1), normal(2, 3))
method("normalize", [0, {"order": 1}], lambda x: F.normalize(x, p=1, dim=0), normal(2, 3))
method("cosineSimilarity", [placed(1)], lambda x, y: F.cosine_similarity(x, y, dim=-1), normal(2, 3), normal(2, 3))

# ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Rounded, so that elements are equal: sorting is stable.
tied = normal(2, 7).round()
method("argSort", [], lambda x: x.argsort(stable=True), tied)
method("argSort", [1, {"descending": True}], lambda x: x.argsort(dim=1, descending=True, stable=True), tied)
method("argSort", [0, {"descending": True}], lambda x: x.argsort(dim=0, descending=True, stable=True), whole(3, 6))
method("sort", [0], lambda x: x.sort(dim=0, stable=True), normal(4, 2))
method("sort", [-1, {"descending": True}], lambda x: x.sort(dim=-1, descending=True, stable=True), tied)
method("sort", [], lambda x: x.sort(stable=True), torch.tensor([math.nan, 1.0, -math.inf]))
method("topK", [2], lambda x: x.topk(2), normal(2, 5))
method("topK", [3, 0, {"largest": False}], lambda x: x.topk(3, 0, largest=False), normal(5, 2))
method("sortBy", [placed(1)], lambda x, k: x[k.argsort(stable=True)], normal(4, 2), whole(3, 4))
method("sortBy", [placed(1), 1, {"descending": True}], lambda x, k: x.gather(1, k.argsort(1, descending=True)), normal(2, 4), normal(2, 4))
method("quantile", [0.3, 1], lambda x: x.quantile(0.3, 1), normal(2, 5))
method("quantile", [0.75], lambda x: x.quantile(0.75), normal(2, 3))
method("median", [1], lambda x: x.median(1).values, normal(2, 4))
method("median", [], lambda x: x.median(), normal(3, 3))
method("median", [0, KEEP], lambda x: x.median(0, keepdim=True).values, torch.tensor([[1.0, math.nan], [2, 1], [3, 0]]))

# ── products ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

for shapes in [((2, 3), (3, 2)), ((2, 1, 2, 3), (3, 3, 2)), ((3,), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((3,), (3,))]:
    method("matmul", [placed(1)], torch.matmul, normal(*shapes[0]), normal(*shapes[1]))
method("dot", [placed(1)], torch.dot, normal(3), normal(3))
method("outer", [placed(1)], torch.outer, normal(2), normal(3))


def attended(given: dict, **more) -> None:
    inputs = [normal(2, 3, 4), normal(2, 5, 4), normal(2, 5, 2)] + list(more.get("mask", []))
    arguments = [placed(1), placed(2), given | ({"mask": placed(3)} if "mask" in more else {})]
    sdpa = F.scaled_dot_product_attention
    method("attention", arguments, lambda q, k, v, m=None: sdpa(q, k, v, m, is_causal=given.get("causal", False), scale=given.get("scale")), *inputs)


attended({})
attended({"scale": 0.3, "causal": True})
attended({}, mask=[torch.cat([torch.ones(3, 1, dtype=torch.bool), torch.rand(3, 4) > 0.5], 1)])
attended({"scale": 2}, mask=[normal(2, 3, 5)])

method("conv", [placed(1), {"stride": 2, "padding": 1}], lambda x, w: F.conv1d(x, w, stride=2, padding=1), normal(1, 2, 5), normal(3, 2, 3))
method("convTranspose", [placed(1), {"stride": 2}], lambda x, w: F.conv_transpose1d(x, w, stride=2), normal(1, 2, 3), normal(2, 3, 3))
method("maxPool", [2], lambda x: F.max_pool1d(x, 2), normal(1, 2, 5))
method("avgPool", [2, {"stride": 1}], lambda x: F.avg_pool1d(x, 2, 1), normal(1, 2, 5))
method("adaptiveAvgPool", [3], lambda x: F.adaptive_avg_pool1d(x, 3), normal(1, 2, 5))
method("interpolate", [{"size": 7, "mode": "linear"}], lambda x: F.interpolate(x, size=7, mode="linear"), normal(1, 2, 5))

# ── making tensors ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function("arange", [5], lambda: torch.arange(5).float())
function("arange", [2, 5], lambda: torch.arange(2, 5).float())
function("arange", [1, 0, -0.3], lambda: torch.arange(1, 0, -0.3))
function("linspace", [-1, 2, 7], lambda: torch.linspace(-1, 2, 7, dtype=torch.float64))
function("linspace", [3, 4, 1], lambda: torch.linspace(3, 4, 1))
function("eye", [2, 3], lambda: torch.eye(2, 3))
function("meshgrid", [[placed(0), placed(1)]], lambda *x: torch.meshgrid(*x, indexing="ij"), normal(2), normal(3))
function("meshgrid", [[placed(0), placed(1)], {"indexing": "xy"}], lambda *x: torch.meshgrid(*x, indexing="xy"), normal(2), normal(3))
function("full", [[2, 1], 3], lambda: torch.full((2, 1), 3.0))
function("zeros", [[2]], lambda: torch.zeros(2))
function("ones", [[2]], lambda: torch.ones(2))
function("fullLike", [placed(0), 3], lambda x: torch.full_like(x, 3), whole(3, 2))
function("zerosLike", [placed(0)], torch.zeros_like, torch.rand(2) > 0.5)
function("onesLike", [placed(0)], lambda x: torch.ones_like(x.detach()), normal(2))

golden.write(Path(__file__).parents[2] / "__test__" / "golden", "layers")
