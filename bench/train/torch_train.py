"""The same training step in PyTorch, on the CPU: written from the model's specification, in 2D, with weights, batch and
random shifts from a file that throughput.ts wrote. Prints one JSON line: losses of the first steps, gradient norm of
the first, milliseconds of the timed steps.

usage: torch_train.py FILE THREADS STEPS
"""
import json
import math
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WARM = 3


def read(path):
    """Tensors and texts of a safetensors file of f32."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    texts = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[start:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, json.loads(texts["step"])


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


def time_mixing(p, x, T, B, heads):
    N, S, h = x.shape
    e = h // heads
    y = rms(x, p["norm1.weight"], (1,))
    qkv = F.linear(y, p["input_head.weight"].view(3 * h, h), p["input_head.bias"])
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
    return x + F.linear(out, p["output_head.weight"].view(h, h), p["output_head.bias"])


def space_mixing(p, x, tables, heads):
    N, S, h = x.shape
    e = h // heads
    y = rms(x, p["norm1.weight"], (1,))
    fused = F.linear(y, p["fused_ff_qkv.weight"], p["fused_ff_qkv.bias"])
    m = fused.shape[-1] - 3 * h
    ff, q, k, v = fused.split([m, h, h, h], -1)
    q, k, v = (t.view(N, S, heads, e).transpose(1, 2) for t in (q, k, v))
    q = rotate(F.layer_norm(q, (e,), p["q_norm.weight"], p["q_norm.bias"]), tables)
    k = rotate(F.layer_norm(k, (e,), p["k_norm.weight"], p["k_norm.bias"]), tables)
    out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(N, S, h)
    a, b = ff.chunk(2, -1)
    return x + F.linear(out, p["attn_out.weight"]) + F.linear(a * F.silu(b), p["ff_out.weight"], p["ff_out.bias"])


def loss_of(p, blocks, batch, step):
    window, target, mask = batch["window"], batch["target"], batch["mask"]
    T, B, X, Y, _, C = window.shape
    over = (0, 2, 3, 4)
    deltas = torch.cat([window, target])
    deltas = deltas[1:] - deltas[:-1]
    std = window.square().mean(over, keepdim=True).sqrt().clamp(min=step["epsilon"])
    delta_std = deltas[:-1].square().mean(over, keepdim=True).sqrt().clamp(min=step["epsilon"])
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
    y = unframe(decode(p, x, step), step).permute(0, 2, 3, 1).view(T, B, X, Y, 1, C)
    return 100 * (y[1:] * mask - deltas[1:] / delta_std).abs().mean()


def main():
    path, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    tensors, step = read(path)
    p = {name[7:]: t for name, t in tensors.items() if name.startswith("params/")}
    batch = {name[6:]: t for name, t in tensors.items() if name.startswith("batch/")}
    trained = [t.requires_grad_() for name, t in p.items() if "rotary" not in name]
    blocks = [{part: {name.split(".", 3)[3]: t for name, t in p.items() if name.startswith(f"blocks.{b}.{part}.")}
               for part in ("time_mixing", "space_mixing")} for b in range(len(step["rolls"]))]
    step["flags"] = flags(step["axes"])
    step["tables"] = [rotary(step, b["space_mixing"]["rotary_emb.freqs"]) for b in blocks]
    optimizer = torch.optim.AdamW(trained, lr=step["learningRate"], betas=(0.9, 0.999), eps=1e-10,
                                  weight_decay=1e-4, fused=True)
    losses, times, cpu, norm = [], [], [], None
    for i in range(WARM + steps):
        start, start_cpu = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(p, blocks, batch, step)
        loss.backward()
        total = torch.nn.utils.clip_grad_norm_([t for t in trained if t.grad is not None], 10.0)
        optimizer.step()
        losses.append(loss.item())
        norm = total.item() if norm is None else norm
        if i >= WARM:
            times.append(1000 * (time.perf_counter() - start))
            cpu.append(1000 * (time.process_time() - start_cpu))
    print(json.dumps({"name": f"torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()}",
                      "losses": losses[:WARM], "norm": norm, "milliseconds": times, "cpuMilliseconds": cpu}))


main()
