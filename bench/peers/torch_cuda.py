"""PyTorch on a GPU, as a peer of npm run bench:cuda: eager, compiled (max-autotune), and a CUDA graph captured by hand.
One request per line of JSON in, one reply out (serve.py). Precision: f32, tf32, or bf16 by autocast with f32 weights."""

import contextlib
import math
import time
import traceback

import serve
import torch
from torch.nn.utils import clip_grad_norm_

from path import T_MIN, coefficients, velocity_of_noise
from torch_networks import Model

torch.set_default_device("cuda")


def per_row(t, x):
    return t.view(-1, *[1] * (x.dim() - 1))


def timed(run, target):
    """Seconds per repetition over about `target` seconds."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    run(3)
    torch.cuda.synchronize()
    once = (time.perf_counter() - start) / 3
    count = max(3, math.ceil(target / once))
    start = time.perf_counter()
    run(count)
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / count


def precision_of(request):
    kind = request.get("precision", "f32")
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    torch.backends.cudnn.allow_tf32 = kind == "tf32"
    return torch.autocast("cuda", dtype=torch.bfloat16) if kind == "bf16" else contextlib.nullcontext()


def captured(step):
    """The step as one CUDA graph, after three on a stream of its own."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def compiled_loss(loss, model, x):
    """The loss through torch.compile, or, where it refuses that, with the network alone compiled."""
    whole = torch.compile(loss, mode="max-autotune")
    try:
        whole(x).backward()
        return whole
    except Exception:
        traceback.print_exc(limit=-3)
        model.compile(mode="max-autotune")
        return loss


def train(request):
    torch.manual_seed(0)
    batch, shape, mode = request["batch"], request["shape"], request["mode"]
    cast = precision_of(request)
    model = Model(request["network"], shape)
    data = torch.randn(max(8192 if len(shape) == 1 else 512, batch), *shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True, capturable=mode == "graph")

    def loss(x):
        t = torch.rand(x.shape[0]) * (1 - T_MIN) + T_MIN
        noise = torch.randn_like(x)
        at = per_row(t, x)
        scale, std, d_scale, d_std, _, _ = coefficients(torch, at)
        state = scale * x + std * noise
        with cast:
            predicted = model(t, state)
        error = velocity_of_noise(torch, at, state, predicted.float()) - (d_scale * x + d_std * noise)
        return 0.5 * error.square().sum() / x.shape[0]

    if mode == "compile":
        loss = compiled_loss(loss, model, data[:batch])

    def step():
        rows = torch.randint(data.shape[0], (batch,))
        optimizer.zero_grad(set_to_none=True)
        loss(data[rows]).backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    once = captured(step) if mode == "graph" else step

    def run(steps):
        for _ in range(steps):
            once()

    return turn_of(run), {"parameters": sum(p.numel() for p in model.parameters())}


def turn_of(run):
    return lambda target: run(1) if target == 0 else timed(run, target)


def sample(request):
    torch.manual_seed(0)
    cast = precision_of(request)
    model = Model(request["network"], request["shape"])
    steps, shape, mode = request["steps"], (request["count"], *request["shape"]), request["mode"]
    velocity = lambda t, x: velocity_of_noise(torch, per_row(t, x), x, model(t, x).float())
    velocity = torch.compile(velocity, mode="max-autotune") if mode == "compile" else velocity
    times = torch.linspace(1, T_MIN, steps + 1)
    x = torch.randn(shape)
    time_now, width = torch.ones(()), torch.zeros(())

    def step():
        with cast:
            x.add_(width * velocity(time_now.expand(shape[0]), x))

    with torch.no_grad():
        once = captured(step) if mode == "graph" else step

    @torch.no_grad()
    def run(count, steps=steps):
        for _ in range(count):
            x.copy_(torch.randn(shape))
            for i in range(steps):
                time_now.copy_(times[i])
                width.copy_(times[i + 1] - times[i])
                once()

    return lambda target: run(1, 2) if target == 0 else timed(run, target), {}


makers = {"train": train, "sample": sample}
serve.serve({"PyTorch": torch.__version__, "CUDA": torch.version.cuda, "GPU": torch.cuda.get_device_name()}, makers)
