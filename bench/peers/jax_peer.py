"""JAX, jit-compiled, as a peer of npm run bench: trains, samples, multiplies.
A whole step is one compiled function whose parameters are donated: AdamW with clipping by the global norm, no average."""

import math

import serve

threads = serve.limit_threads()

import jax
import jaxlib
import numpy
from jax import numpy as jnp

from jax_networks import build
from path import T_MIN, coefficients, velocity_of_noise

LR, DECAY, BETA1, BETA2, EPSILON = 1e-3, 0.01, 0.9, 0.999, 1e-8


def normal(shape):
    return jnp.asarray(numpy.random.default_rng(2).normal(size=shape), jnp.float32)


def per_row(t, x):
    return t.reshape(-1, *[1] * (x.ndim - 1))


def adamw(p, grads, m, v, count):
    """One update, after clipping the gradient to norm 1."""
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(grads)))
    clip = jnp.minimum(1.0, 1.0 / (norm + 1e-6))
    grads = jax.tree.map(lambda g: clip * g, grads)
    m = jax.tree.map(lambda a, g: BETA1 * a + (1 - BETA1) * g, m, grads)
    v = jax.tree.map(lambda a, g: BETA2 * a + (1 - BETA2) * g * g, v, grads)
    c1, c2 = 1 - BETA1**count, 1 - BETA2**count
    update = lambda w, a, b: w - LR * (a / c1 / (jnp.sqrt(b / c2) + EPSILON) + DECAY * w)
    return jax.tree.map(update, p, m, v), m, v


def train(request):
    batch, shape = request["batch"], request["shape"]
    p, predict = build(request["network"], shape)
    data = normal((max(8192 if len(shape) == 1 else 512, batch), *shape))
    flow = request["loss"] == "flow_matching"

    def loss(p, x, key):
        of_time, of_noise = jax.random.split(key)
        t = jax.random.uniform(of_time, (batch,), minval=T_MIN)
        noise = jax.random.normal(of_noise, x.shape)
        at = per_row(t, x)
        scale, std, d_scale, d_std, _, _ = coefficients(jnp, at)
        state = scale * x + std * noise
        predicted = predict(p, t, state)
        if flow:
            error = velocity_of_noise(jnp, at, state, predicted) - (d_scale * x + d_std * noise)
        else:
            error = predicted - noise
        return 0.5 * jnp.sum(error * error) / batch

    def step(state, data):
        p, m, v, key, count = state
        key, of_rows, of_loss = jax.random.split(key, 3)
        rows = jax.random.randint(of_rows, (batch,), 0, data.shape[0])
        value, grads = jax.value_and_grad(loss)(p, data[rows], of_loss)
        p, m, v = adamw(p, grads, m, v, count + 1)
        return (p, m, v, key, count + 1), value

    step = jax.jit(step, donate_argnums=0)
    zeros = lambda: jax.tree.map(jnp.zeros_like, p)
    parameters = sum(each.size for each in p.values())
    state = (p, zeros(), zeros(), jax.random.key(3), jnp.float32(0))

    def run(count):
        nonlocal state
        for _ in range(count):
            state, value = step(state, data)
        jax.block_until_ready(value)

    return turn_of(run), {"parameters": parameters}


def turn_of(run):
    """A turn of about `target` seconds; one of 0 is a single repetition, to warm up."""
    return lambda target: run(1) if target == 0 else serve.timed(run, target)


def sample(request):
    p, predict = build(request["network"], request["shape"])
    steps, shape = request["steps"], (request["count"], *request["shape"])
    times = jnp.linspace(1, T_MIN, steps + 1)

    @jax.jit
    def euler(p, x, steps):
        def step(i, x):
            t = jnp.broadcast_to(times[i], shape[:1])
            v = velocity_of_noise(jnp, per_row(t, x), x, predict(p, t, x))
            return x + (times[i + 1] - times[i]) * v

        return jax.lax.fori_loop(0, steps, step, x)

    start = normal(shape)

    def run(count, steps=steps):
        for _ in range(count):
            euler(p, start, steps).block_until_ready()

    return lambda target: run(1, 2) if target == 0 else serve.timed(run, target), {}


def product(request):
    size, chain = request["size"], request["chain"]
    a, b = (normal((size, size)) / math.sqrt(size) for _ in range(2))
    multiply = jax.jit(lambda a, b: jax.lax.fori_loop(0, chain, lambda _, x: x @ b, a))

    def run(count):
        for _ in range(count):
            multiply(a, b).block_until_ready()

    return turn_of(run), {"flops": 2 * size**3 * chain}


makers = {"train": train, "sample": sample, "product": product}
serve.serve({"JAX": jax.__version__, "jaxlib": jaxlib.__version__, "threads": threads}, makers)
