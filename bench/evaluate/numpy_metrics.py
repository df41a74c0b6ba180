"""Metrics of random arrays by their definitions in NumPy, beside ours.

usage: deno run -A bench/evaluate/numpy_metrics.ts FILE.npz && numpy_metrics.py FILE.npz [--out FILE.json]
Exits with 1 where a number is farther off than its tolerance.
"""
import argparse
import json
import sys

import numpy as np

E = 1e-7


def frame(x, y):
    x, y = x.astype("f8").ravel(), y.astype("f8").ravel()
    mse, mae = np.mean((x - y) ** 2), np.mean(abs(x - y))
    nmse, vmse = mse / (np.mean(y**2) + E), mse / (np.var(y, ddof=1) + E)
    pearson = np.mean((x - x.mean()) * (y - y.mean())) / (np.std(x, ddof=1) * np.std(y, ddof=1) + E)
    return [mse, mse**0.5, mae, mae / (np.mean(abs(y)) + E), nmse, nmse**0.5, vmse, vmse**0.5, abs(x - y).max(), pearson]


def wavenumbers(shape, scale):
    axes = np.meshgrid(*[scale(n) * np.fft.fftfreq(n) for n in shape], indexing="ij")
    return np.sqrt(sum(axis**2 for axis in axes))


def spectral(x, y):
    x, y = x.astype("f8"), y.astype("f8")
    k = wavenumbers(x.shape, lambda n: 2 * np.pi).astype("f4")
    edges = np.geomspace(2 * np.pi / max(x.shape), np.pi * x.ndim**0.5 + 1e-6, 4).astype("f4")
    edges[0] = 0
    power = lambda a: abs(np.fft.fftn(a)) ** 2 / a.size**2
    inside = [(k >= a) & (k < b) for a, b in zip(edges, edges[1:])]
    mse = [power(x - y)[b].sum() for b in inside]
    return mse + [m / (power(y)[b].sum() + E) for m, b in zip(mse, inside)]


def radial(y):
    k = np.rint(wavenumbers(y.shape, lambda n: n) + 1e-9)
    power = abs(np.fft.fftn(y.astype("f8") - y.astype("f8").mean())) ** 2 / y.size**2
    last = -(-min(n for n in y.shape if n > 1) // 2) - 1
    return [power[k == i].sum() for i in range(1, last + 1)]


def whole(x, y):
    x, y = x.astype("f8"), y.astype("f8")
    steps, points, channels = x.shape
    w1, distances, shifts = [], [], []
    u, v = (a / (np.linalg.norm(a, axis=-1, keepdims=True) + E) for a in (x, y))
    for c in range(channels):
        scale = np.mean(y[..., c] ** 2) + E
        w1.append(np.mean(abs(np.sort(x[..., c].ravel()) - np.sort(y[..., c].ravel()))) / scale)
        cost = np.full((steps, steps), 1e12)
        cost[0, 0] = 0
        for i in range(1, steps):
            for j in range(max(1, i - 10), min(steps, i + 10)):
                near = min(cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1])
                cost[i, j] = np.mean((u[i, :, c] - v[j, :, c]) ** 2) + near
        distances.append((cost[-1, -1] / steps) ** 0.5)
        shifts.append(np.mean(abs(cost.argmin(0) - np.arange(steps))))
    return w1 + distances + shifts


def ensemble(members, truth):
    members, truth = members.astype("f8"), truth.astype("f8")
    count = len(members)
    pairs = abs(members[:, None] - members[None]).sum((0, 1))
    crps = np.mean(abs(members - truth).mean(0) - pairs / (2 * count * (count - 1)))
    scores = [crps, members.var(0, ddof=1).mean(), np.mean((members.mean(0) - truth) ** 2)]
    ranks = np.bincount((members < truth).sum(0), minlength=count + 1)
    within = []
    for share in (0.5, 0.8, 0.9):
        low, high = np.quantile(members, [(1 - share) / 2, (1 + share) / 2], axis=0)
        within.append(((low <= truth) & (truth <= high)).sum())
    statistics = [members.mean(0), members.std(0, ddof=1), *np.quantile(members, [0.1, 0.5, 0.9], axis=0)]
    return scores, ranks, within, np.array(statistics)


def main():
    reader = argparse.ArgumentParser()
    reader.add_argument("file")
    reader.add_argument("--out")
    given = reader.parse_args()
    arrays = np.load(given.file)
    rows = []

    def compare(what, own, theirs, tolerance):
        own, theirs = np.asarray(own, "f8").ravel(), np.asarray(theirs, "f8").ravel()
        assert own.shape == theirs.shape, (what, own.shape, theirs.shape)
        largest = float(np.max(abs(own - theirs) / np.maximum(abs(theirs), 1e-12)))
        rows.append({"what": what, "numbers": own.size, "tolerance": tolerance, "largest": float(f"{largest:.2g}")})
        print(f"{what:36} {own.size:5} numbers, largest relative difference {largest:.1e}")

    for i in range(6):
        x, y = arrays[f"frame{i}_x"], arrays[f"frame{i}_y"]
        shape = "x".join(map(str, x.shape))
        compare(f"per-frame metrics, {shape}", arrays[f"frame{i}_metrics"], frame(x, y), 1e-11)
        compare(f"spectral bins, {shape}", arrays[f"frame{i}_spectral"], spectral(x, y), 1e-10)
        compare(f"power spectrum, {shape}", arrays[f"frame{i}_power"], radial(y), 1e-10)
    compare("W1, warping", arrays["whole_metrics"], whole(arrays["whole_x"], arrays["whole_y"]), 1e-11)
    scores, ranks, within, statistics = ensemble(arrays["ensemble_members"], arrays["ensemble_truth"])
    compare("fair CRPS by the double sum, ..", arrays["ensemble_scores"], scores, 1e-11)
    compare("ranks", arrays["ensemble_ranks"], ranks, 0)
    compare("coverage", arrays["ensemble_within"], within, 0)
    # Ours are float32, as frames are; a mean near 0 has the error of its terms.
    close = np.allclose(arrays["ensemble_statistics"].reshape(5, -1), statistics, rtol=1e-6, atol=1e-6)
    rows.append({"what": "mean, spread, quantiles of members", "numbers": statistics.size, "close": bool(close)})
    print(rows[-1])
    if given.out:
        report = {
            "question": "Do the definitions in NumPy give our metrics of random arrays?",
            "command": "deno run -A bench/evaluate/numpy_metrics.ts FILE.npz && python numpy_metrics.py FILE.npz --out ..",
            "versions": {"numpy": np.__version__},
            "rows": rows,
        }
        with open(given.out, "w") as out:
            out.write(json.dumps(report, indent=2) + "\n")
    if not all(row.get("close", row.get("largest", 0) <= row.get("tolerance", 0)) for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
