"""The networks of the benchmark in JAX, as functions of a dictionary of arrays. Weights are stored [in, out], which is
what XLA multiplies fastest by; initial values are of no account here."""

import math

import jax
import numpy
from jax import nn
from jax import numpy as jnp


class Parameters:
    """Declares parameters while a network is built."""

    def __init__(self, seed=0):
        self.random = numpy.random.default_rng(seed)
        self.values = {}

    def add(self, name, shape, scale):
        # By numpy, since JAX would compile a program for each shape.
        self.values[name] = jnp.asarray(self.random.uniform(-scale, scale, shape), jnp.float32)

    def linear(self, name, inputs, outputs):
        """Declares an affine map; gives the function of (parameters, x)."""
        scale = 1 / math.sqrt(inputs)
        self.add(name + ".weight", (inputs, outputs), scale)
        self.add(name + ".bias", (outputs,), scale)
        return lambda p, x: x @ p[name + ".weight"] + p[name + ".bias"]

    def conv(self, name, inputs, outputs, stride=1):
        """A 3×3 convolution of [B, C, H, W]."""
        scale = 1 / math.sqrt(9 * inputs)
        self.add(name + ".weight", (outputs, inputs, 3, 3), scale)
        self.add(name + ".bias", (outputs,), scale)

        def apply(p, x):
            y = jax.lax.conv_general_dilated(x, p[name + ".weight"], (stride, stride), ((1, 1), (1, 1)))
            return y + p[name + ".bias"][:, None, None]

        return apply


def residual_block(declare, name, inputs, outputs, time):
    of_time = declare.linear(name + ".time", time, outputs)
    first = declare.linear(name + ".dense1", inputs, outputs)
    second = declare.linear(name + ".dense2", outputs, outputs)
    project = declare.linear(name + ".project", inputs, outputs) if inputs != outputs else lambda p, x: x

    def apply(p, e, x):
        hidden = nn.silu(first(p, x)) + of_time(p, nn.silu(e))
        return nn.silu(second(p, hidden)) + project(p, x)

    return apply


def residual_net(declare, shape, hidden, time=32):
    size, pairs = shape[0], list(zip(hidden, hidden[1:]))
    sort1, sort2 = declare.linear("sort.0", time, time), declare.linear("sort.1", time, time)
    first = residual_block(declare, "first", size, hidden[0], time)
    down = [residual_block(declare, f"down.{i}", a, b, time) for i, (a, b) in enumerate(pairs)]
    middle = residual_block(declare, "middle", hidden[-1], hidden[-1], time)
    up = [residual_block(declare, f"up.{i}", 2 * b, a, time) for i, (a, b) in enumerate(reversed(pairs))]
    last = declare.linear("last", 2 * hidden[0], size)

    def apply(p, t, x):
        e = sort2(p, nn.silu(sort1(p, t)))
        skips = [first(p, e, x)]
        for block in down:
            skips.append(block(p, e, skips[-1]))
        u = middle(p, e, skips[-1])
        for block, skip in zip(up, reversed(skips)):
            u = block(p, e, jnp.concatenate([u, skip], axis=1))
        return last(p, jnp.concatenate([u, skips[0]], axis=1))

    return apply


def normalised(x, shift, scale):
    return nn.standardize(x, axis=-1, epsilon=1e-5) * (1 + scale) + shift


def dit_block(declare, name, width, heads):
    modulation = declare.linear(name + ".modulation", width, 6 * width)
    qkv, out = declare.linear(name + ".qkv", width, 3 * width), declare.linear(name + ".out", width, width)
    up, down = declare.linear(name + ".up", width, 4 * width), declare.linear(name + ".down", 4 * width, width)

    def attention(p, x):
        batch, tokens, _ = x.shape
        q, k, v = (part.reshape(batch, tokens, heads, -1) for part in jnp.split(qkv(p, x), 3, axis=-1))
        return out(p, nn.dot_product_attention(q, k, v).reshape(batch, tokens, width))

    def apply(p, c, x):
        shift1, scale1, gate1, shift2, scale2, gate2 = jnp.split(modulation(p, c)[:, None], 6, axis=-1)
        x = x + gate1 * attention(p, normalised(x, shift1, scale1))
        return x + gate2 * down(p, nn.gelu(up(p, normalised(x, shift2, scale2)), approximate=True))

    return apply


def dit(declare, shape, patch, width, depth, heads, time=32):
    channels, side, _ = shape
    n, features = side // patch, channels * patch * patch
    embed = declare.linear("embed", features, width)
    declare.add("place", (n * n, width), 0.02)
    time1, time2 = declare.linear("time.0", time, width), declare.linear("time.1", width, width)
    blocks = [dit_block(declare, f"block.{i}", width, heads) for i in range(depth)]
    last_modulation, last = declare.linear("last_modulation", width, 2 * width), declare.linear("last", width, features)

    def apply(p, t, x):
        batch = x.shape[0]
        patches = x.reshape(batch, channels, n, patch, n, patch).transpose(0, 2, 4, 1, 3, 5).reshape(batch, n * n, features)
        h = embed(p, patches) + p["place"]
        c = nn.silu(time2(p, nn.silu(time1(p, t))))
        for block in blocks:
            h = block(p, c, h)
        shift, scale = jnp.split(last_modulation(p, c)[:, None], 2, axis=-1)
        out = last(p, normalised(h, shift, scale)).reshape(batch, n, n, channels, patch, patch)
        return out.transpose(0, 3, 1, 4, 2, 5).reshape(x.shape)

    return apply


def conv_net(declare, shape, width, time=32):
    channels = shape[0]
    of_time = declare.linear("time", time, width)
    first, down = declare.conv("first", channels, width), declare.conv("down", width, 2 * width, 2)
    middle, up = declare.conv("middle", 2 * width, 2 * width), declare.conv("up", 3 * width, width)
    last = declare.conv("last", width, channels)

    def apply(p, t, x):
        skip = nn.silu(first(p, x) + of_time(p, t)[:, :, None, None])
        h = nn.silu(middle(p, nn.silu(down(p, skip))))
        h = jnp.repeat(jnp.repeat(h, 2, axis=2), 2, axis=3)
        return last(p, nn.silu(up(p, jnp.concatenate([h, skip], axis=1))))

    return apply


def build(network, shape):
    """Initial parameters, and the function (parameters, t, x) → predicted noise."""
    declare = Parameters()
    kinds = {"residual": residual_net, "dit": dit, "conv": conv_net}
    args = {key: value for key, value in network.items() if key != "kind"}
    apply = kinds[network["kind"]](declare, shape, **args)
    frequencies = declare.random.normal(0, 30 * 2 * math.pi, 16).astype(numpy.float32)

    def predict(p, t, x):
        angles = t[:, None] * frequencies
        return apply(p, jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=1), x)

    return declare.values, predict
