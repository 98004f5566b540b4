"""PyTorch, eager and compiled, as a peer of npm run bench: trains, samples, tells densities, multiplies.
AdamW is the fused one and gradients are clipped by their global norm; there is no moving average."""

import math
import os
import shutil

import serve

threads = serve.limit_threads()

import numpy
import torch
from torch.nn.utils import clip_grad_norm_

from path import T_MIN, coefficients, velocity_of_noise
from torch_networks import Model

torch.set_num_threads(threads)


def per_row(t, x):
    return t.view(-1, *[1] * (x.dim() - 1))


def compiled(function, request):
    if not request.get("compile"):
        return function
    if not any(map(shutil.which, [os.environ.get("CXX", "g++"), "g++", "clang++", "cl"])):
        raise RuntimeError("torch.compile needs a C++ compiler, and there is none")
    return torch.compile(function)


def train(request):
    torch.manual_seed(0)
    batch, shape = request["batch"], request["shape"]
    model = Model(request["network"], shape)
    data = torch.randn(max(8192 if len(shape) == 1 else 512, batch), *shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    flow = request["loss"] == "flow_matching"

    def loss(x):
        t = torch.rand(x.shape[0]) * (1 - T_MIN) + T_MIN
        noise = torch.randn_like(x)
        at = per_row(t, x)
        scale, std, d_scale, d_std, _, _ = coefficients(torch, at)
        state = scale * x + std * noise
        predicted = model(t, state)
        if flow:
            error = velocity_of_noise(torch, at, state, predicted) - (d_scale * x + d_std * noise)
        else:
            error = predicted - noise
        return 0.5 * error.square().sum() / x.shape[0]

    loss = compiled(loss, request)

    def run(steps):
        for _ in range(steps):
            rows = torch.randint(data.shape[0], (batch,))
            optimizer.zero_grad(set_to_none=True)
            loss(data[rows]).backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return turn_of(run), {"parameters": sum(p.numel() for p in model.parameters())}


def turn_of(run):
    """A turn of about `target` seconds; one of 0 is a single repetition, to warm up."""
    return lambda target: run(1) if target == 0 else serve.timed(run, target)


def sample(request):
    torch.manual_seed(0)
    model = Model(request["network"], request["shape"])
    steps, shape = request["steps"], (request["count"], *request["shape"])
    velocity = compiled(lambda t, x: velocity_of_noise(torch, per_row(t, x), x, model(t, x)), request)
    times = torch.linspace(1, T_MIN, steps + 1)

    @torch.no_grad()
    def run(count, steps=steps):
        for _ in range(count):
            x = torch.randn(shape)
            for i in range(steps):
                x = x + (times[i + 1] - times[i]) * velocity(times[i].expand(shape[0]), x)

    return lambda target: run(1, 2) if target == 0 else serve.timed(run, target), {}


def likelihood(request):
    from safetensors.torch import load_file
    from torchdiffeq import odeint

    model = Model(request["network"], request["shape"])
    model.load_state_dict(load_file(request["weights"]))
    model.requires_grad_(False)
    points = torch.tensor(request["points"])
    rtol, atol = request["rtol"], request["atol"]
    facts = {}
    calls = 0

    def rate(t, state):
        """The velocity, and its exact divergence by one backward pass per coordinate."""
        nonlocal calls
        calls += 1
        with torch.enable_grad():
            x = state[0].detach().requires_grad_(True)
            times = t.expand(x.shape[0])
            v = velocity_of_noise(torch, per_row(times, x), x, model(times, x))
            rows = [torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(x.shape[1])]
        return v.detach(), sum(rows)

    def once():
        nonlocal calls
        calls = 0
        span = torch.tensor([T_MIN, 1.0])
        start = (points, torch.zeros(points.shape[0]))
        x, change = odeint(rate, start, span, method="dopri5", rtol=rtol, atol=atol)
        prior = -0.5 * x[-1].square().sum(1) - 0.5 * points.shape[1] * math.log(2 * math.pi)
        facts.update(evaluations=calls, meanLogProb=float((prior + change[-1]).mean()))

    def run(count):
        for _ in range(count):
            once()

    return turn_of(run), lambda: facts


def product(request):
    size, chain = request["size"], request["chain"]
    a, b = torch.randn(size, size), torch.randn(size, size) / math.sqrt(size)

    @torch.no_grad()
    def run(count):
        for _ in range(count):
            x = a
            for _ in range(chain):
                x = x @ b

    return turn_of(run), {"flops": 2 * size**3 * chain}


def bandwidth(request):
    """c = a + b over three arrays of `bytes` in all."""
    a, b, c = (torch.randn(request["bytes"] // 12) for _ in range(3))

    def run(count):
        for _ in range(count):
            torch.add(a, b, out=c)

    return turn_of(run), {"bytes": 12 * a.numel()}


makers = {"train": train, "sample": sample, "likelihood": likelihood, "product": product, "bandwidth": bandwidth}
serve.serve({"PyTorch": torch.__version__, "numpy": numpy.__version__, "threads": torch.get_num_threads()}, makers)
