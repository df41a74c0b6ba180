"""The products and attentions of bench/gpu/kernels.ts by PyTorch on the same card: one JSON line a case.

python bench/gpu/torch_kernels.py [--device cuda] [--small]
Wall times between two synchronisations around several runs, the best of all rounds.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as functional


def best_seconds(run, device, rounds, runs):
    run()
    best = float("inf")
    for _ in range(rounds):
        if device == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(runs):
            run()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / runs)
    return best


def cases(full, device):
    width, rows, fused = (1408, 6144, 9856) if full else (352, 256, 704)
    tokens, deep, frames = (1024, 4913, 6) if full else (128, 289, 6)
    lead = (frames, 16) if full else (1, 2)

    def normal(*shape, dtype=torch.float32):
        return torch.randn(*shape, device=device).to(dtype)

    def product(m, n, k, dtype):
        a, b = normal(m, k, dtype=dtype), normal(n, k, dtype=dtype)
        return 2 * m * n * k, lambda: functional.linear(a, b)

    def attention(batch, length):
        q, k, v = (normal(*batch, length, 88) for _ in range(3))
        work = 4 * batch[0] * batch[1] * length * length * 88
        return work, lambda: functional.scaled_dot_product_attention(q, k, v, scale=0.1)

    halves = [("f32", torch.float32)] + ([("f16", torch.float16)] if device == "cuda" else [])
    for name, dtype in halves:
        yield f"product {tokens}x{width}x{width}, {name}", *product(tokens, width, width, dtype)
        yield f"product {rows}x{fused}x{width}, {name}", *product(rows, fused, width, dtype)
    yield f"gradient {fused}x{width}x{rows}, f32", *product(fused, width, rows, torch.float32)
    yield f"attention of {tokens} tokens", *attention(lead, tokens)
    yield f"attention of {deep} tokens", *attention(lead, deep)
    yield f"attention of {frames} frames", *attention((tokens, 16), frames)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", action="store_true", help="shapes for a processor")
    options = parser.parse_args()
    device = options.device
    rounds, runs = (5, 20) if device == "cuda" else (3, 2)
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    for tf32 in [False, True] if device == "cuda" else [False]:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        with torch.no_grad():
            for case, work, run in cases(not options.small, device):
                seconds = best_seconds(run, device, rounds, runs)
                row = {
                    "name": case + (", TF32" if tf32 else ""),
                    "seconds": seconds,
                    "teraflops": work / seconds / 1e12,
                    "device": name,
                    "version": torch.__version__,
                }
                print(json.dumps(row), flush=True)


main()
