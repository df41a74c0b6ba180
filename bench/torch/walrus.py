"""Walrus in PyTorch, in 2D, written from the model's specification: what the benches compare with. A step is described by
the record that the benches write (axes, fields, shifts); `prepare` adds what follows from it.
"""
import json
import math
import mmap
import struct

import numpy as np
import torch
import torch.nn.functional as F


def read(path, wanted=lambda name: True):
    """Tensors and texts of a safetensors file of f32."""
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    texts = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        if not wanted(name):
            continue
        start, end = entry["data_offsets"]
        values = np.frombuffer(data, dtype="<f4", count=(end - start) // 4, offset=8 + size + start)
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors, texts


def rms(x, weight, dims):
    """Every channel by the root of its mean square over space; channels are the last axis where dims is (1,)."""
    shape = [1, -1] + [1] * (x.dim() - 2) if dims != (1,) else [1, 1, -1]
    return x * torch.rsqrt(x.square().mean(dims, keepdim=True) + 2.0**-23) * weight.view(shape)


def flags(axes):
    """Interior, wall and open of the zero-margined grid, [3, X, Y]."""
    sizes = [a["points"] + 2 * a["margin"] for a in axes]
    inside, wall, opened = torch.ones(sizes), torch.zeros(sizes), torch.zeros(sizes)
    for i, axis in enumerate(axes):
        if axis["periodic"]:
            continue
        if axis["margin"] == 0:
            raise ValueError("an axis without margin is not written here")
        for part, code in ((slice(0, axis["margin"]), axis["boundary"][0]),
                           (slice(sizes[i] - axis["margin"], sizes[i]), axis["boundary"][1])):
            at = [slice(None)] * 2
            at[i] = part
            inside[tuple(at)] = 0
            (wall if code == 0 else opened)[tuple(at)] += 1
    return torch.stack([inside, wall, opened])


def wrap(x, axes, sizes):
    """Periodic continuation of the last two axes."""
    widths = [size if axis["periodic"] else 0 for axis, size in zip(axes, sizes)]
    return F.pad(x, (widths[1], widths[1], widths[0], widths[0]), mode="circular") if any(widths) else x


def frame(x, step):
    axes = step["axes"]
    mx, my = (a["margin"] for a in axes)
    x = F.pad(x, (my, my, mx, mx))
    x = torch.cat([x, step["flags"].expand(x.shape[0], -1, -1, -1)], 1)
    x = torch.roll(x, step["patch"], (2, 3))
    return wrap(x, axes, [a["wrap"] for a in axes])


def unframe(x, step):
    axes = step["axes"]
    for i, axis in enumerate(axes):
        x = x.narrow(i + 2, axis["wrap"], axis["points"] + 2 * axis["margin"])
    x = torch.roll(x, [-s for s in step["patch"]], (2, 3))
    for i, axis in enumerate(axes):
        x = x.narrow(i + 2, axis["margin"], axis["points"])
    return x


def encode(p, x, step):
    fields, n = step["fields"], step["states"]
    scale = torch.ones(len(fields) + 3)
    scale[: len(fields) + 1] = math.sqrt((n - 3) / len(fields))
    first = p["embed.2.proj1.weight"][:, fields + [2, 0, 1]].sum(-1) * scale.view(1, -1, 1, 1)
    strides = list(zip(*(a["strides"] for a in step["axes"])))
    x = F.silu(rms(F.conv2d(x, first, stride=strides[0]), p["embed.2.norm1.weight"], (2, 3)))
    second = p["embed.2.proj2.weight"].sum(-1)
    return F.silu(rms(F.conv2d(x, second, stride=strides[1]), p["embed.2.norm2.weight"], (2, 3)))


def transposed(x, weight, stride, size, axes):
    x = wrap(x, axes, [(size - s) // s for s in stride])
    x = F.conv_transpose2d(x, weight, stride=stride)
    for i, axis in enumerate(axes):
        if axis["periodic"]:
            cut = size - stride[i]
            x = x.narrow(i + 2, cut, x.shape[i + 2] - 2 * cut)
    return x


def decode(p, x, step):
    axes, fields = step["axes"], step["fields"]
    strides = list(zip(*(a["strides"] for a in axes)))
    x = transposed(x, p["debed.2.proj1.weight"].mean(-1), strides[1], 4, axes)
    x = F.silu(rms(x, p["debed.2.norm1.weight"], (2, 3)))
    x = transposed(x, p["debed.2.proj2.weight"][:, fields].mean(-1), strides[0], 8, axes)
    return x + p["debed.2.proj2.bias"][fields].view(1, -1, 1, 1)


def rotary(step, freqs):
    """Cosines and sines [S, 3 f] of all tokens; the third axis has one token at -1."""
    grids = []
    for axis in [*step["axes"], {"tokens": 1}]:
        n = axis["tokens"]
        positions = torch.linspace(-1, 1, n) if n > 1 else torch.tensor([-1.0])
        grids.append(positions.double()[:, None] * freqs.double()[None])
    x, y, z = (g.shape[0] for g in grids)
    spread = [grids[0][:, None, None].expand(x, y, z, -1), grids[1][None, :, None].expand(x, y, z, -1),
              grids[2][None, None, :].expand(x, y, z, -1)]
    angles = torch.cat(spread, -1).reshape(x * y * z, -1)
    return angles.cos().float(), angles.sin().float()


def rotate(x, tables):
    """x [N, H, S, e]; pairs of features (2 j, 2 j + 1) by angle j."""
    cosine, sine = tables
    count = 2 * cosine.shape[1]
    pairs = x[..., :count].unflatten(-1, (-1, 2))
    a, b = pairs[..., 0], pairs[..., 1]
    turned = torch.stack([a * cosine - b * sine, b * cosine + a * sine], -1).flatten(-2)
    return torch.cat([turned, x[..., count:]], -1)


def linear(p, name, x):
    """A linear map, and the one of low rank beside it where there is one."""
    weight = p[f"{name}.weight"]
    y = F.linear(x, weight.view(weight.shape[0], -1), p.get(f"{name}.bias"))
    if p["lora_scale"] is None or f"{name}.weight.lora_a" not in p:
        return y
    return y + p["lora_scale"] * F.linear(F.linear(x, p[f"{name}.weight.lora_a"]), p[f"{name}.weight.lora_b"])


def time_mixing(p, x, T, B, heads):
    N, S, h = x.shape
    e = h // heads
    y = rms(x, p["norm1.weight"], (1,))
    qkv = linear(p, "input_head", y)
    qkv = qkv.view(T, B * S, heads, 3, e)
    q = F.layer_norm(qkv[:, :, :, 0], (e,), p["qnorm.weight"], p["qnorm.bias"])
    k = F.layer_norm(qkv[:, :, :, 1], (e,), p["knorm.weight"], p["knorm.bias"])
    back = torch.arange(T)[:, None] - torch.arange(T)[None]
    table = p["rel_pos_bias.relative_attention_bias.weight"]
    # Up to 16 frames every distance has a bucket of its own.
    bias = table[back.clamp(min=0)].permute(2, 0, 1).masked_fill(back < 0, -math.inf)
    q, k, v = (t.permute(1, 2, 0, 3) for t in (q, k, qkv[:, :, :, 2]))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    out = out.permute(2, 0, 1, 3).reshape(N, S, h)
    return x + linear(p, "output_head", out)


def space_mixing(p, x, tables, heads):
    N, S, h = x.shape
    e = h // heads
    y = rms(x, p["norm1.weight"], (1,))
    fused = linear(p, "fused_ff_qkv", y)
    m = fused.shape[-1] - 3 * h
    ff, q, k, v = fused.split([m, h, h, h], -1)
    q, k, v = (t.view(N, S, heads, e).transpose(1, 2) for t in (q, k, v))
    q = rotate(F.layer_norm(q, (e,), p["q_norm.weight"], p["q_norm.bias"]), tables)
    k = rotate(F.layer_norm(k, (e,), p["k_norm.weight"], p["k_norm.bias"]), tables)
    out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(N, S, h)
    a, b = ff.chunk(2, -1)
    return x + linear(p, "attn_out", out) + linear(p, "ff_out", a * F.silu(b))


def blocks_of(p, count, lora_scale=None):
    """Weights of every block by part and name, and the factor of the adapters' products if there are any."""
    own = lambda path: {name.split(".", 3)[3]: t for name, t in p.items() if name.startswith(path)}
    return [{part: {**own(f"blocks.{b}.{part}."), "lora_scale": lora_scale}
             for part in ("time_mixing", "space_mixing")} for b in range(count)]


def prepare(step, blocks):
    """Adds what all steps of one kind share."""
    step["flags"] = flags(step["axes"])
    step["tables"] = [rotary(step, b["space_mixing"]["rotary_emb.freqs"]) for b in blocks]


def scales(window, step):
    """Roots of the mean squares of a window [T, B, X, Y, Z, C] and of its changes."""
    over = (0, 2, 3, 4)
    root = lambda x: x.square().mean(over, keepdim=True).sqrt().clamp(min=step["epsilon"])
    return root(window), root(window[1:] - window[:-1])


def predict(p, blocks, window, std, step, frames):
    """Scaled changes after the last `frames` frames, [frames, B, X, Y, 1, C]."""
    T, B, X, Y, _, C = window.shape
    x = (window / std).view(T * B, X, Y, C).permute(0, 3, 1, 2) * p["encoder_dummy"]
    x = encode(p, frame(x, step), step)
    N, h, tx, ty = x.shape
    for number, shift in enumerate(step["rolls"]):
        if any(shift):
            x = torch.roll(x, shift, (2, 3))
        flat = x.flatten(2).transpose(1, 2)
        own = blocks[number]
        flat = time_mixing(own["time_mixing"], flat, T, B, step["heads"])
        flat = space_mixing(own["space_mixing"], flat, step["tables"][number], step["heads"])
        x = flat.transpose(1, 2).reshape(N, h, tx, ty)
    total = [-sum(shift[i] for shift in step["rolls"]) for i in (0, 1)]
    if any(total):
        x = torch.roll(x, total, (2, 3))
    x = x[(T - frames) * B :]
    return unframe(decode(p, x, step), step).permute(0, 2, 3, 1).view(frames, B, X, Y, 1, C)
