"""Collects cases: a call, its inputs, and what PyTorch gives for it, with gradients.

Numbers are computed in float64 from float32 inputs, so that what is stored is PyTorch's formula and not its rounding.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor


class Golden:
    """Cases in the order in which they are added; each is one entry of the index and some tensors."""

    def __init__(self) -> None:
        self.cases: list[dict] = []
        self.tensors: dict[str, Tensor] = {}

    def add(self, kind: str, call: str, arguments: Sequence, inputs: Sequence[Tensor], function: Callable, module: torch.nn.Module | None = None) -> None:
        """Runs `function(*inputs)`, with the parameters of `module`, and keeps everything that takes part."""
        case = len(self.cases)
        leaves = [wide(x) for x in inputs]
        parameters = {}
        if module is not None:
            module.double()
            for name, parameter in module.named_parameters():
                with torch.no_grad():
                    # Values that float32 has; norms start at 1 and 0, which would hide a missing parameter.
                    parameter.copy_(torch.randn_like(parameter).mul(0.5).float().double())
                parameters[name] = parameter
        result = function(*leaves)
        outputs = [result] if isinstance(result, Tensor) else list(result)
        entry = {"kind": kind, "call": call, "arguments": list(arguments), "inputs": len(leaves), "outputs": len(outputs)}
        self.keep(case, "in", dict(enumerate(inputs)))
        self.keep(case, "parameter", parameters)
        self.keep(case, "out", dict(enumerate(outputs)))
        named = {f"in/{i}": x for i, x in enumerate(leaves) if x.is_floating_point()}
        named |= {f"parameter/{name}": parameter for name, parameter in parameters.items()}
        loss = sum(weighed(y) for y in outputs if y.requires_grad)
        if isinstance(loss, Tensor):
            gradients = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
            self.keep(case, "gradient", {name: zero(g, named[name]) for name, g in zip(named, gradients)})
        self.cases.append(entry)

    def keep(self, case: int, role: str, tensors: dict) -> None:
        for name, x in tensors.items():
            stored = x.detach().float() if x.is_floating_point() else x.detach()
            self.tensors[f"{case}/{role}/{name}"] = stored.contiguous().clone()

    def write(self, folder: Path, name: str) -> None:
        save_file(self.tensors, folder / f"{name}.safetensors")
        lines = ",\n".join(json.dumps(case) for case in self.cases)
        text = f'{{"producer": "torch {torch.__version__.split("+")[0]}", "cases": [\n{lines}\n]}}\n'
        (folder / f"{name}.json").write_text(text)


def wide(x: Tensor) -> Tensor:
    """A float as a float64 leaf that gradients are taken by; anything else as it is."""
    return x.double().requires_grad_() if x.is_floating_point() else x


def weighed(y: Tensor) -> Tensor:
    """Σ yₖ sin(k + 1): what gradients are taken of, so that no two elements count alike."""
    return (y.flatten() * torch.sin(torch.arange(y.numel(), dtype=torch.float64) + 1)).sum()


def zero(gradient: Tensor | None, x: Tensor) -> Tensor:
    return torch.zeros_like(x) if gradient is None else gradient
