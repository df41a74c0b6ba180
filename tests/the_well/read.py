"""Reads converted samples of other collections with The Well's own loader and holds them against the sources, which are
read here by h5py and NumPy alone, from the layouts as their authors define them. Prints JSON.

usage: read.py SOURCES WELL CONVERTED, folders of the foreign samples, of data sets of The Well, and of what
`deno task convert` made of each
"""
import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import torch
from the_well.data import WellDataset
from the_well.data.normalization import ZScoreNormalization

WALL, OPEN, PERIODIC = 0.0, 1.0, 2.0


def f32(values):
    return np.asarray(values).astype(np.float32)


def stacked(*components):
    return np.stack([f32(c) for c in components], axis=-1)


def pdebench_flow(file, dims):
    velocity = [file[f"V{axis}"][()] for axis in "xyz"[:dims]]
    return {"density": f32(file["density"]), "pressure": f32(file["pressure"]), "velocity": stacked(*velocity)}


def pdebench_runs(file, names):
    runs = [file[key]["data"][()] for key in sorted(file.keys())]
    return {name: f32(np.stack([run[..., i] for run in runs])) for i, name in enumerate(names)}


def pdegym_flow(data):
    return {"density": f32(data[:, :, 0]), "pressure": f32(data[:, :, 3]), "velocity": stacked(data[:, :, 1], data[:, :, 2])}


def npz(path):
    data = np.load(path)["data"]
    if data.shape[1] <= data.shape[2]:  # Axes y, x.
        data = data.transpose(0, 2, 1, 3)
    return {"pressure": f32(data[None, ..., 2]), "velocity": f32(data[None, ..., :2])}


def bubbleml(file):
    swap = lambda name: f32(file[name]).swapaxes(1, 2)[None]
    return {"temperature": swap("temperature"), "pressure": swap("pressure"),
            "velocity": stacked(swap("velx"), swap("vely"))}


def pdearena(file):
    group = file["train"]
    return {"tracer": f32(group["u"]), "velocity": stacked(group["vx"], group["vy"])}


def open_(read):
    def run(path):
        with h5py.File(path) as file:
            return read(file)
    return run


PERIODIC_2 = [[PERIODIC] * 2] * 2
# Fields, [N, T, ..points, ..components], and codes of the sides.
EXPECTED = {
    "pdebench_1D_scalar": (open_(lambda f: {"tensor": f32(f["tensor"])}), [[PERIODIC] * 2]),
    "pdebench_2D_CFD": (open_(lambda f: pdebench_flow(f, 2)), PERIODIC_2),
    "pdebench_3D_CFD": (open_(lambda f: pdebench_flow(f, 3)), [[PERIODIC] * 2] * 3),
    # A dam that breaks, whose waves leave the domain; diffusion and reaction behind walls that let nothing through.
    "pdebench_2D_swe": (open_(lambda f: pdebench_runs(f, ["height"])), [[OPEN] * 2] * 2),
    "pdebench_2D_reaction": (open_(lambda f: pdebench_runs(f, ["A", "B"])), [[WALL] * 2] * 2),
    "pdearena_NavierStokes2D_train": (open_(pdearena), [[WALL] * 2] * 2),
    "pdegym_CE-RP": (open_(lambda f: pdegym_flow(f["data"][()])), PERIODIC_2),
    "pdegym_CE-RM": (open_(lambda f: pdegym_flow(f["solution"][()])), [[OPEN] * 2] * 2),
    "pdegym_NS-PwC": (open_(lambda f: {"velocity": stacked(f["velocity"][()][:, :, 0], f["velocity"][()][:, :, 1]),
                                       "tracer": f32(f["velocity"][()][:, :, 2])}), PERIODIC_2),
    "flowbench_Re_100": (npz, [[OPEN, OPEN], [WALL, WALL]]),
    "bubbleml_pool_boiling": (open_(bubbleml), [[WALL, WALL], [WALL, OPEN]]),
}


def read_split(root, split):
    """All trajectories of a split as the loader gives them: fields [N, T, ..points, C], names, boundaries."""
    dataset = WellDataset(path=str(root), well_split_name=split, full_trajectory_mode=True, max_rollout_steps=10**6)
    fields, sides = [], set()
    for i in range(len(dataset)):
        sample = dataset[i]
        fields.append(torch.cat([sample["input_fields"], sample["output_fields"]]).numpy())
        sides.add(json.dumps(sample["boundary_conditions"].tolist()))
    names = [name for order in range(3) for name in dataset.metadata.field_names[order]]
    return np.stack(fields), names, [json.loads(s) for s in sides]


def trajectories_of(record):
    """By split, the trajectories of the source in the order of the files."""
    found = {}
    for piece in record["pieces"]:
        found.setdefault(piece["path"].split("/")[1], []).extend(int(t.split()[1]) for t in piece["trajectories"])
    return found


def channels_of(expected, names):
    """The source's fields as the loader flattens them, by the names of its channels."""
    out = []
    for name in names:
        if name in expected:
            out.append(expected[name][..., None])
            continue
        field, axis = name.rsplit("_", 1)
        out.append(expected[field][..., "xyz".index(axis)][..., None])
    return np.concatenate(out, axis=-1)


def check(source, root):
    key = source.stem
    load, sides = EXPECTED[key]
    expected = load(source)
    record = json.loads((root / "conversion.json").read_text())
    result = {"file": source.name, "trajectories": 0, "frames": 0, "numbers": 0, "equal": True}
    channels = set()
    for split, indices in trajectories_of(record).items():
        fields, names, found = read_split(root, split)
        wanted = channels_of(expected, names)[indices]
        result["equal"] &= bool(fields.dtype == np.float32 and fields.shape == wanted.shape and np.array_equal(fields, wanted))
        result["trajectories"] += fields.shape[0]
        result["frames"] += fields.shape[0] * fields.shape[1]
        result["numbers"] += int(fields.size)
        channels.update(names)
        result["boundaries"] = found[0]
        result["boundariesEqual"] = len(found) == 1 and found[0] == sides
    # Every component of every field came out.
    result["components"] = sorted(channels)
    result["equal"] &= len(channels) == sum(1 if v.ndim == 2 + len(found[0]) else v.shape[-1] for v in expected.values())
    result["normalized"] = is_normalized(root)
    return result


def is_normalized(root):
    """Whether the loader takes the stats.yaml and its numbers come out with mean 0 and deviation 1."""
    dataset = WellDataset(path=str(root), well_split_name="train", full_trajectory_mode=True, max_rollout_steps=10**6,
                          use_normalization=True, normalization_type=ZScoreNormalization)
    samples = [dataset[i] for i in range(len(dataset))]
    numbers = torch.cat([torch.cat([s["input_fields"], s["output_fields"]]).flatten(0, -2) for s in samples]).double()
    deviation = numbers.std(0, correction=0)
    # What does not vary is divided by the least deviation that the loader takes, 1e-4.
    return bool((numbers.mean(0).abs() < 1e-3).all() and ((deviation - 1).abs() < 1e-3)[deviation > 1e-3].all())


def check_well(source, root):
    """A data set of The Well beside its conversion: everything that the loader gives must be equal."""
    result = {"dataset": source.name, "samples": 0, "equal": True, "fields": []}
    for split in ("train", "valid", "test"):
        pair = [WellDataset(path=str(folder), well_split_name=split, n_steps_input=2, n_steps_output=2) for folder in (source, root)]
        before, after = pair
        result["equal"] &= len(before) == len(after) and before.metadata.field_names == after.metadata.field_names
        result["equal"] &= before.metadata.constant_field_names == after.metadata.constant_field_names
        result["equal"] &= sorted(before.constant_scalar_names) == sorted(after.constant_scalar_names)
        places = [after.constant_scalar_names.index(name) for name in before.constant_scalar_names]
        result["fields"] = [n for k in range(3) for n in before.metadata.field_names[k] + before.metadata.constant_field_names[k]]
        for i in range(len(before)):
            a, b = before[i], after[i]
            for key, value in a.items():
                other = b[key][places] if key == "constant_scalars" and places else b[key]
                same = torch.equal(value, other) if key != "constant_scalars" else torch.allclose(value.double(), other.double(), rtol=1e-6)
                result["equal"] &= bool(same)
            result["samples"] += 1
    return result


def main():
    sources, wells, converted = map(Path, sys.argv[1:4])
    warnings.simplefilter("ignore")
    results = []
    for source in sorted(sources.iterdir()):
        results.append(check(source, converted / source.stem))
    well = [check_well(source, converted / source.name) for source in sorted(wells.iterdir())]
    print(json.dumps({
        "question": "Does The Well's own loader read what deno task convert makes of other collections, with equal numbers?",
        "versions": {"the_well": version("the_well"), "torch": torch.__version__, "h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version, "numpy": np.__version__},
        "allEqual": all(r["equal"] and r["boundariesEqual"] and r["normalized"] for r in results) and all(r["equal"] for r in well),
        "files": results,
        "wellToWell": well,
    }, indent=1))


main()
