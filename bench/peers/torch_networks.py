"""The networks of the benchmark in PyTorch. Names and shapes of the residual net are those of thalweg, so that it can
take its weights; the others have the same layers, of their own initial values."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Fourier(nn.Module):
    """[sin tW, cos tW] with fixed random frequencies."""

    def __init__(self, width, scale=30.0):
        super().__init__()
        self.register_buffer("W", torch.randn(width // 2) * scale * 2 * math.pi)

    def forward(self, t):
        angles = t[:, None] * self.W
        return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResidualBlock(nn.Module):
    """act(W₂(act(W₁x) + W_t act(e))) + proj(x)."""

    def __init__(self, inputs, outputs, time):
        super().__init__()
        self.time_mlp = nn.Sequential(nn.SiLU(), nn.Linear(time, outputs))
        self.dense1 = nn.Sequential(nn.Linear(inputs, outputs), nn.SiLU())
        self.dense2 = nn.Sequential(nn.Linear(outputs, outputs), nn.SiLU())
        self.modify_x = nn.Linear(inputs, outputs) if inputs != outputs else nn.Identity()

    def forward(self, e, x):
        return self.dense2(self.dense1(x) + self.time_mlp(e)) + self.modify_x(x)


class ResidualNet(nn.Module):
    """Blocks down to a narrow middle and up again, with skips."""

    def __init__(self, hidden, size=2, time=32):
        super().__init__()
        pairs = list(zip(hidden, hidden[1:]))
        self.sort_t = nn.Sequential(nn.Linear(time, time), nn.SiLU(), nn.Linear(time, time))
        self.first_block = ResidualBlock(size, hidden[0], time)
        self.down_block = nn.ModuleList(ResidualBlock(a, b, time) for a, b in pairs)
        self.middle_block = ResidualBlock(hidden[-1], hidden[-1], time)
        self.up_block = nn.ModuleList(ResidualBlock(2 * b, a, time) for a, b in reversed(pairs))
        self.last_block = nn.Linear(2 * hidden[0], size)

    def forward(self, t, x):
        e = self.sort_t(t)
        skips = [self.first_block(e, x)]
        for block in self.down_block:
            skips.append(block(e, skips[-1]))
        u = self.middle_block(e, skips[-1])
        for block, skip in zip(self.up_block, reversed(skips)):
            u = block(e, torch.cat([u, skip], dim=1))
        return self.last_block(torch.cat([u, skips[0]], dim=1))


class DiTBlock(nn.Module):
    """Attention and a perceptron, each shifted, scaled and gated by the time (adaLN; Peebles and Xie 2023)."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def attention(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, c, x):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(c)[:, None].chunk(6, dim=-1)
        norm = lambda y, shift, scale: F.layer_norm(y, y.shape[-1:]) * (1 + scale) + shift
        x = x + gate1 * self.attention(norm(x, shift1, scale1))
        return x + gate2 * self.down(F.gelu(self.up(norm(x, shift2, scale2)), approximate="tanh"))


class DiT(nn.Module):
    """A transformer over the patches of an image [B, C, S, S]."""

    def __init__(self, channels, side, patch, width, depth, heads, time=32):
        super().__init__()
        self.channels, self.side, self.patch = channels, side, patch
        features = channels * patch * patch
        self.embed = nn.Linear(features, width)
        self.place = nn.Parameter(torch.randn((side // patch) ** 2, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(time, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(DiTBlock(width, heads) for _ in range(depth))
        self.last_modulation = nn.Linear(width, 2 * width)
        self.last = nn.Linear(width, features)

    def forward(self, t, x):
        batch, n, p = x.shape[0], self.side // self.patch, self.patch
        patches = x.view(batch, self.channels, n, p, n, p).permute(0, 2, 4, 1, 3, 5).reshape(batch, n * n, -1)
        h = self.embed(patches) + self.place
        c = F.silu(self.time(t))
        for block in self.blocks:
            h = block(c, h)
        shift, scale = self.last_modulation(c)[:, None].chunk(2, dim=-1)
        out = self.last(F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift)
        return out.view(batch, n, n, self.channels, p, p).permute(0, 3, 1, 4, 2, 5).reshape(x.shape)


class ConvNet(nn.Module):
    """Convolutions down to half the side and up again, with one skip; the time is added per channel."""

    def __init__(self, channels, width, time=32):
        super().__init__()
        conv = lambda inputs, outputs, stride=1: nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.time = nn.Linear(time, width)
        self.first = conv(channels, width)
        self.down = conv(width, 2 * width, 2)
        self.middle = conv(2 * width, 2 * width)
        self.up = conv(3 * width, width)
        self.last = conv(width, channels)

    def forward(self, t, x):
        skip = F.silu(self.first(x) + self.time(t)[:, :, None, None])
        h = F.silu(self.middle(F.silu(self.down(skip))))
        h = F.interpolate(h, scale_factor=2, mode="nearest")
        return self.last(F.silu(self.up(torch.cat([h, skip], dim=1))))


def group_norm(channels):
    return nn.GroupNorm(max(1, min(32, channels // 4)), channels)


class UNetBlock(nn.Module):
    """Two convolutions with norms, the time between them, and a skip (Ho, Jain, Abbeel 2020)."""

    def __init__(self, inputs, outputs, time):
        super().__init__()
        self.in_layers = nn.Sequential(group_norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, 1, 1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, outputs))
        self.out_layers = nn.Sequential(group_norm(outputs), nn.SiLU(), nn.Dropout(0.0), nn.Conv2d(outputs, outputs, 3, 1, 1))
        self.skip_connection = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, e):
        h = self.in_layers(x) + self.emb_layers(e)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class UNetAttention(nn.Module):
    """Every position looks at all positions; heads side by side in the channels."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.norm = group_norm(channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x, e):
        batch, channels = x.shape[:2]
        rows = x.reshape(batch, channels, -1)
        parts = self.qkv(self.norm(rows)).view(batch, self.heads, 3, channels // self.heads, -1).transpose(3, 4)
        seen = F.scaled_dot_product_attention(*parts.unbind(2))
        return (rows + self.proj_out(seen.transpose(2, 3).reshape(rows.shape))).view(x.shape)


class Down(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, 2, 1)

    def forward(self, x, e):
        return self.op(x)


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x, e):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class UNet(nn.Module):
    """Convolutions down to a coarse grid and up again, with skips and attention on the coarsest; names are improved-diffusion's."""

    def __init__(self, channels, width, mult, heads):
        super().__init__()
        self.width = width
        time, here, coarsest = 4 * width, width, len(mult) - 1
        self.time_embed = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        attention = lambda level, at: [UNetAttention(at, heads)] if level == coarsest else []
        self.input_blocks = nn.ModuleList([nn.ModuleList([nn.Conv2d(channels, width, 3, 1, 1)])])
        skips = [width]
        for level, factor in enumerate(mult):
            self.input_blocks.append(nn.ModuleList([UNetBlock(here, factor * width, time), *attention(level, factor * width)]))
            here = factor * width
            skips.append(here)
            if level < coarsest:
                self.input_blocks.append(nn.ModuleList([Down(here)]))
                skips.append(here)
        self.middle_block = nn.ModuleList([UNetBlock(here, here, time), UNetAttention(here, heads), UNetBlock(here, here, time)])
        self.output_blocks = nn.ModuleList()
        for level, factor in reversed(list(enumerate(mult))):
            for i in range(2):
                block = [UNetBlock(here + skips.pop(), factor * width, time), *attention(level, factor * width)]
                here = factor * width
                self.output_blocks.append(nn.ModuleList(block + ([Up(here)] if level > 0 and i == 1 else [])))
        self.out = nn.Sequential(group_norm(here), nn.SiLU(), nn.Conv2d(here, channels, 3, 1, 1))

    def forward(self, t, x):
        half = self.width // 2
        angles = 1000 * t[:, None] * torch.exp(-math.log(10000) / half * torch.arange(half, device=t.device))
        e = self.time_embed(torch.cat([angles.cos(), angles.sin()], dim=1))
        h, skips = self.input_blocks[0][0](x), []
        skips.append(h)
        for layers in self.input_blocks[1:]:
            for layer in layers:
                h = layer(h, e)
            skips.append(h)
        for layer in self.middle_block:
            h = layer(h, e)
        for layers in self.output_blocks:
            h = torch.cat([h, skips.pop()], dim=1)
            for layer in layers:
                h = layer(h, e)
        return self.out(h)


def build(network, shape):
    """The network that a request names, for samples of this shape."""
    kind, args = network["kind"], {key: value for key, value in network.items() if key != "kind"}
    if kind == "residual":
        return ResidualNet(args["hidden"], shape[0])
    if kind == "dit":
        return DiT(shape[0], shape[1], **args)
    if kind == "unet":
        return UNet(shape[0], **args)
    return ConvNet(shape[0], **args)


class Model(nn.Module):
    """Time encoder and backbone: predicts the noise at (t, x). A U-Net encodes the time itself."""

    def __init__(self, network, shape):
        super().__init__()
        self.t_encoder = nn.Identity() if network["kind"] == "unet" else Fourier(32)
        self.backbone = build(network, shape)

    def forward(self, t, x):
        return self.backbone(self.t_encoder(t), x)
