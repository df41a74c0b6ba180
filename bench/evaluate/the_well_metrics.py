"""An evaluation's scores again, from the forecasts that it wrote and the data, with the_well's metrics.

usage: the_well_metrics.py EVALUATION DATASET.. [--out FILE]
EVALUATION is a folder of `deno task evaluate .. --write-forecasts`, each DATASET a folder that it scored. Data of The
Well's layout without masks and transforms. Exits with 1 where a score is farther off than evaluation.md allows.
"""
import argparse
import json
import math
import pathlib
import re
import sys
import types

import h5py
import numpy as np
import torch

# The package draws with matplotlib, which no metric needs.
for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.animation"):
    stub = types.ModuleType(name)
    stub.use = stub.FFMpegWriter = lambda *_: None
    sys.modules.setdefault(name, stub)
from the_well.benchmark.metrics import spatial, spectral, temporal  # noqa: E402

POINTWISE = ["MSE", "RMSE", "MAE", "NMAE", "NMSE", "NRMSE", "VMSE", "VRMSE", "LInfinity", "PearsonR"]
TOLERANCE = {"pointwise": 1e-5, "spectral": 1e-4, "whole": 1e-4}
# What is 0 or nearly: differences of sums in float32.
FLOOR = {"pointwise": 1e-10, "spectral": 1e-10, "whole": 1e-9}


def components(file, trajectory, first=0, steps=None):
    """Numbers by component, `[T, x, y, z]`."""
    axes = list(file["dimensions"].attrs["spatial_dims"])
    axes = [axis.decode() if isinstance(axis, bytes) else axis for axis in axes]
    if file.attrs["grid_type"] == "cartesian" and len(axes) < 3:
        axes = ["x", "y"][: len(axes)]
    found = {}
    for order in range(3):
        for name, data in file.get(f"t{order}_fields", {}).items():
            if not data.attrs["time_varying"]:
                continue
            values = data[trajectory] if data.attrs["sample_varying"] else data[()]
            values = values[first : None if steps is None else first + steps].astype("f8")
            suffixes = [""]
            for _ in range(order):
                suffixes = [a + b for a in suffixes for b in axes]
            values = values.reshape(values.shape[: 1 + len(axes)] + (len(suffixes),))
            while values.ndim < 5:
                values = values[..., None, :]
            for c, suffix in enumerate(suffixes):
                found[f"{name}_{suffix}" if suffix else name] = values[..., c]
    return found


def recomputed(x, y):
    """Every metric of `[1, T, x, y, z, C]`: by step `[T, C]`, and of the whole `[C]`."""
    meta = types.SimpleNamespace(n_spatial_dims=3)
    steps = {name: getattr(spatial, name).eval(x, y, meta)[0] for name in POINTWISE}
    steps |= {name: value[0] for name, value in spectral.binned_spectral_mse.eval(x, y, meta).items()}
    warping = temporal.WindowedDTW.eval(x, y, meta)
    whole = {
        "HistogramW1": temporal.HistogramW1.eval(x, y, meta)[0, 0],
        "TimeWarpingDistance": warping["dtw_distance"][0, 0],
        "TimeWarpingDistortion": warping["dtw_path_distortion"][0, 0],
    }
    return steps, whole


class Comparison:
    """Largest relative differences by metric."""

    def __init__(self):
        self.rows = {}

    def add(self, metric, own, theirs):
        kind = "spectral" if metric.startswith("spectral") else "pointwise" if metric in POINTWISE else "whole"
        row = self.rows.setdefault(metric, {"metric": metric, "tolerance": TOLERANCE[kind], "numbers": 0, "largest": 0.0})
        for a, b in zip(own, theirs):
            row["numbers"] += 1
            if a is None:
                different = math.inf if math.isfinite(b) else 0.0
            else:
                apart = abs(a - b)
                different = 0.0 if apart <= FLOOR[kind] else apart / abs(b) if b else math.inf
            row["largest"] = max(row["largest"], different)


def find(folder, split, name):
    """The file of a trajectory, and which of it, from its name in words."""
    base, number = re.fullmatch(r'"(.+)"(?:, trajectory (\d+))?', name).groups()
    inside = [folder] if folder.is_file() else [p for p in folder.rglob(pathlib.Path(base).name) if f"/{split}/" in str(p)]
    return inside[0], int(number or 0)


def main():
    reader = argparse.ArgumentParser()
    reader.add_argument("evaluation", type=pathlib.Path)
    reader.add_argument("datasets", type=pathlib.Path, nargs="+")
    reader.add_argument("--out", type=pathlib.Path)
    given = reader.parse_args()
    evaluation = json.loads((given.evaluation / "evaluation.json").read_text())
    folders = {folder.name: folder for folder in given.datasets}
    comparison = Comparison()
    rollouts = 0
    for number, dataset in enumerate(evaluation["datasets"]):
        for place, checkpoint in enumerate(evaluation["checkpoints"]):
            for rollout in dataset["forecasters"][checkpoint["name"]]["rollouts"]:
                trajectory = rollout["trajectory"]
                unit = f"c{place:02}-d{number:02}-t{trajectory:04}-rollout-s{rollout['seed']}"
                path = given.evaluation / "forecasts" / dataset["name"] / f"{unit}.hdf5"
                told = dataset["trajectories"][trajectory]
                with h5py.File(path) as file:
                    forecast = components(file, 0)
                    assert file.attrs["first_frame"] == told["start"]
                steps = len(next(iter(forecast.values())))
                source, index = find(folders[dataset["name"]], dataset["split"], told["name"])
                with h5py.File(source) as file:
                    truth = components(file, index, told["start"], steps)
                stack = lambda by: torch.from_numpy(np.stack([by[name] for name in dataset["fields"]], -1))[None]
                by_step, whole = recomputed(stack(forecast), stack(truth))
                rollouts += 1
                for metric, values in by_step.items():
                    for c, field in enumerate(dataset["fields"]):
                        comparison.add(metric, rollout["steps"][metric][field], values[:, c].tolist())
                for metric, values in whole.items():
                    own = [rollout["whole"][metric][field] for field in dataset["fields"]]
                    comparison.add(metric, own, values.tolist())
                full = by_step["VRMSE"].mean(-1).tolist()
                comparison.add("VRMSE", rollout["steps"]["VRMSE"]["full"], full)
    rows = list(comparison.rows.values())
    for row in rows:
        print(f"{row['metric']:32} {row['numbers']:6} numbers, largest relative difference {row['largest']:.1e}")
    if given.out:
        report = {
            "question": "Do the_well's metrics give the scores of an evaluation, from its forecasts and the data?",
            "command": "the_well_metrics.py EVALUATION DATASET.. --out FILE",
            "evaluation": {"protocol": evaluation["protocol"]["name"], "digest": evaluation["digest"]},
            "datasets": [dataset["name"] for dataset in evaluation["datasets"]],
            "rollouts": rollouts,
            "versions": {"torch": torch.__version__, "numpy": np.__version__},
            "rows": [{**row, "largest": float(f"{row['largest']:.2g}")} for row in rows],
        }
        given.out.write_text(json.dumps(report, indent=2) + "\n")
    if any(row["largest"] > row["tolerance"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
