"""Windows of a gzip-compressed Well file through the_well's own loader, or the file itself.

usage: the_well_windows.py make FOLDER | the_well_windows.py read FOLDER WORKERS BATCHES
`read` prints one JSON line: windows a second and the sum of all numbers of the first batch.
"""
import json
import pathlib
import sys
import time

import numpy as np

POINTS, FRAMES, TRAJECTORIES = 128, 60, 8


def make(folder):
    import h5py

    path = pathlib.Path(folder) / "data" / "train"
    path.mkdir(parents=True)
    x, y = np.meshgrid(*[np.linspace(0, 2 * np.pi, POINTS, endpoint=False)] * 2, indexing="ij")
    noise = np.random.default_rng(1)
    with h5py.File(path / "waves.hdf5", "w") as file:
        file.attrs.update(dataset_name="waves", grid_type="cartesian", n_spatial_dims=2, n_trajectories=TRAJECTORIES)
        file.attrs["simulation_parameters"] = []
        axes = file.create_group("dimensions")
        axes.attrs["spatial_dims"] = ["x", "y"]
        for name, values in [("time", np.arange(FRAMES)), ("x", x[:, 0]), ("y", y[0])]:
            axis = axes.create_dataset(name, data=values.astype("f4"))
            axis.attrs.update(sample_varying=False, time_varying=name == "time")
        for axis in "xy":
            group = file.create_group(f"boundary_conditions/{axis}_periodic")
            group.attrs.update(bc_type="PERIODIC", sample_varying=False, time_varying=False)
            group.attrs["associated_dims"] = [axis]
            group.attrs["associated_fields"] = []
            mask = np.zeros(POINTS, bool)
            mask[[0, -1]] = True
            group.create_dataset("mask", data=mask)
        file.create_group("scalars").attrs["field_names"] = []
        file.create_group("t2_fields").attrs["field_names"] = []
        names = [["density", "energy", "pressure"], ["momentum"]]
        for order, fields in enumerate(names):
            group = file.create_group(f"t{order}_fields")
            group.attrs["field_names"] = fields
            for field in fields:
                tail = (2,) * order
                shape = (TRAJECTORIES, FRAMES, POINTS, POINTS) + tail
                data = group.create_dataset(
                    field, shape, "f4", chunks=(1, 1) + shape[2:], compression="gzip", compression_opts=4, shuffle=True
                )
                data.attrs.update(sample_varying=True, time_varying=True)
                data.attrs["dim_varying"] = [True, True]
                for n in range(TRAJECTORIES):
                    for t in range(FRAMES):
                        frame = np.sin(x * (n + 1) + 0.1 * t) * np.cos(y) + 0.01 * noise.standard_normal(x.shape)
                        # 14 bits of mantissa, as simulations that were rounded to compress.
                        bits = frame.astype("f4").view("u4") & 0xFFFFFC00
                        frame = bits.view("f4")
                        data[n, t] = frame if order == 0 else np.stack([frame, -frame], -1)


def read(folder, workers, batches):
    import torch
    from the_well.data import WellDataset

    torch.set_num_threads(1)
    data = WellDataset(
        path=folder + "/data/train", n_steps_input=6, n_steps_output=1, use_normalization=False, return_grid=False
    )
    loader = torch.utils.data.DataLoader(
        data, batch_size=2, shuffle=True, num_workers=workers, prefetch_factor=2, persistent_workers=True
    )
    every = iter(loader)
    first = next(every)
    # Every worker has opened the file.
    for _ in range(2 * workers):
        next(every)
    start = time.perf_counter()
    for _ in range(batches):
        next(every)
    seconds = time.perf_counter() - start
    shapes = [list(first["input_fields"].shape), list(first["output_fields"].shape)]
    print(json.dumps({"windowsPerSecond": 2 * batches / seconds, "shapes": shapes, "torch": torch.__version__}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        read(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
