"""One forecast step of a checkpoint in PyTorch, on the CPU. Prints one JSON line: milliseconds and peak memory; writes
the predicted frame as f32.

usage: torch_step.py CHECKPOINT STEP THREADS OUT
"""
import json
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "torch"))
from walrus import blocks_of, predict, prepare, read, scales


def main():
    checkpoint, file, threads, out = sys.argv[1:]
    torch.set_num_threads(int(threads))
    tensors, texts = read(file)
    step = json.loads(texts["step"])
    dimensions = ("embed.3", "embed.1", "debed.3", "debed.1")
    p, _ = read(checkpoint, lambda name: not name.startswith(dimensions))
    blocks = blocks_of(p, len(step["rolls"]))
    prepare(step, blocks)
    window = tensors["window"]
    with torch.inference_mode():
        start = time.perf_counter()
        std, delta_std = scales(window, step)
        y = predict(p, blocks, window, std, step, 1)
        after = window[-1] + y[-1] * delta_std[0]
        milliseconds = 1000 * (time.perf_counter() - start)
    after.contiguous().numpy().tofile(out)
    print(json.dumps({"name": f"torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()}",
                      "milliseconds": milliseconds,
                      "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


main()
