"""The same training step in PyTorch, on the CPU, with weights, batch and
random shifts from a file that throughput.ts wrote. Prints one JSON line: losses of the first steps, gradient norm of
the first, milliseconds of the timed steps.

usage: torch_train.py FILE THREADS STEPS
"""
import json
import math
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "torch"))
from walrus import blocks_of, predict, prepare, read, scales

WARM = 3


def loss_of(p, blocks, batch, step):
    window, target, mask = batch["window"], batch["target"], batch["mask"]
    std, delta_std = scales(window, step)
    y = predict(p, blocks, window, std, step, window.shape[0])
    after = torch.cat([window[1:], target])
    return 100 * (y[1:] * mask - (after - window)[1:] / delta_std).abs().mean()


def main():
    path, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    tensors, texts = read(path)
    step = json.loads(texts["step"])
    p = {name[7:]: t for name, t in tensors.items() if name.startswith("params/")}
    batch = {name[6:]: t for name, t in tensors.items() if name.startswith("batch/")}
    adapted = step["loraScale"] is not None
    is_trained = lambda name: ".lora_" in name if adapted else "rotary" not in name
    trained = [t.requires_grad_() for name, t in p.items() if is_trained(name)]
    blocks = blocks_of(p, len(step["rolls"]), step["loraScale"])
    prepare(step, blocks)
    optimizer = torch.optim.AdamW(trained, lr=step["learningRate"], betas=(0.9, 0.999), eps=1e-10,
                                  weight_decay=1e-4, fused=True)
    losses, times, cpu, norm = [], [], [], None
    for i in range(WARM + steps):
        start, start_cpu = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(p, blocks, batch, step)
        loss.backward()
        gradients = [t.grad for t in trained if t.grad is not None]
        # The norm that clips is summed in float32: of tens of millions of numbers it has four digits.
        norm = math.sqrt(sum(g.double().square().sum().item() for g in gradients)) if norm is None else norm
        torch.nn.utils.clip_grad_norm_([t for t in trained if t.grad is not None], 10.0)
        optimizer.step()
        losses.append(loss.item())
        if i >= WARM:
            times.append(1000 * (time.perf_counter() - start))
            cpu.append(1000 * (time.process_time() - start_cpu))
    print(json.dumps({"name": f"torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()}",
                      "losses": losses[:WARM], "norm": norm, "milliseconds": times, "cpuMilliseconds": cpu,
                      "peakMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)}))


main()
