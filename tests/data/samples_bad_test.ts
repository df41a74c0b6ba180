// Broken and hostile files: each is refused in words that name the file, the object and what was wanted, or read.

import assert from "node:assert/strict";
import type { Sample } from "../../lib/data/dataset.ts";
import { findNotFinite } from "../../lib/data/not_finite.ts";
import { openData } from "../../lib/data/open_data.ts";
import { fixture, sharedTest } from "../shared.ts";

/** What each file gives: words of the refusal, or null when it reads. */
const EXPECTED: Readonly<Record<string, readonly string[] | null>> = {
  "00_good": null,
  "01_missing_t0_group": ["t0_fields", "missing"],
  "02_missing_dimensions_group": ["dimensions", "missing"],
  "03_missing_boundary_group": null,
  "04_missing_scalars_group": null,
  "05_field_listed_but_absent": ["t0_fields/ghost", "wanted a dataset"],
  "06_field_present_but_unlisted": null,
  "07_wrong_spatial_shape": ["t0_fields/A", "[1, 10, 7, 5]", "wanted [1, 10, 6, 5]"],
  "08_axes_swapped": ["t0_fields/A", "[1, 10, 5, 6]", "wanted [1, 10, 6, 5]"],
  "09_vector_with_three_components_in_2d": ["t1_fields/velocity", "wanted [1, 10, 6, 5, 2]"],
  "10_fewer_frames_than_time": ["t0_fields/A", "[1, 7, 6, 5]"],
  "11_n_trajectories_too_large": ["wanted [5, 10, 6, 5]"],
  "12_nan_frame": null,
  "13_inf_value": null,
  "14_zero_frames": ["no frames"],
  "15_too_short_for_window": ["too short", "0 to 2"],
  "16_zero_trajectories": ["n_trajectories is 0"],
  "17_unknown_boundary_type": ["MOEBIUS", "wanted WALL, OPEN, PERIODIC"],
  "18_boundary_on_unknown_axis": ['axis "w"', "x, y"],
  "19_boundary_mask_wrong_length": ["mask of shape [9]", "wanted [5]"],
  "20_unknown_grid_type": null,
  "21_missing_root_attributes": ["dataset_name", "n_trajectories", "missing"],
  "22_missing_time_varying_flag": ["t0_fields/A", "time_varying"],
  "23_dim_varying_wrong_length": ["t0_fields/A", "dim_varying"],
  "24_string_field": ["t0_fields/A", "type text, wanted numbers"],
  "25_integer_field": null,
  "26_big_endian_field": null,
  "27_float64_field": null,
  "28_one_spatial_dim_claimed": ["n_spatial_dims is 1"],
  "29_non_monotonic_time": null,
  "30_constant_field": null,
  "31_huge_values": null,
  "32_declared_400_gigabytes": ["[1, 10, 100000, 100000]"],
  "33_links_loop_and_outside": ["t0_fields/dangling", "a link that leads nowhere"],
  "34_unicode_and_slash_names": ["../../scalars/nu", "without path parts"],
  "35_lzf_filter": null,
  "40_truncated_half": ["truncated"],
  "41_truncated_last_64_bytes": ["truncated"],
  "42_header_only": ["truncated"],
  "43_bit_flips": ["Cannot read"],
  "44_empty_file": ["empty"],
  "45_text_not_hdf5": ["no HDF5 file"],
  "46_git_lfs_pointer": ["Git LFS pointer"],
  "47_valid_hdf5_not_well": ["no Well file"],
  "48_latest_format_superblock3": null,
  "49_userblock_512": null,
};

/** Files that read must give these warnings. */
const WARNINGS: Readonly<Record<string, RegExp>> = {
  "03_missing_boundary_group": /sides are taken as open/,
  "04_missing_scalars_group": /without scalars/,
  "29_non_monotonic_time": /time stamps do not increase/,
};

/** Opens a file and reads its last four frames; gives its warnings. */
async function read(path: string): Promise<readonly string[]> {
  using data = await openData(path);
  const trajectory = (await data.split()).trajectory(0);
  const from = Math.max(0, trajectory.steps - 4);
  await trajectory.sample([from, from + 1, from + 2, from + 3]);
  return data.warnings;
}

async function outcome(path: string): Promise<{ error: Error | null; warnings: readonly string[] }> {
  try {
    return { error: null, warnings: await read(path) };
  } catch (error) {
    return { error: error as Error, warnings: [] };
  }
}

async function checkFolder(folder: string): Promise<void> {
  const files = [...Deno.readDirSync(folder)].map((e) => e.name).filter((n) => n.endsWith(".hdf5")).sort();
  assert.deepEqual(files.map((f) => f.replace(".hdf5", "")), Object.keys(EXPECTED).sort());
  for (const file of files) {
    const name = file.replace(".hdf5", "");
    const { error, warnings } = await outcome(`${folder}/${file}`);
    const wanted = EXPECTED[name];
    if (!wanted) {
      assert.equal(error, null, `${name}: ${error?.message}`);
      if (WARNINGS[name]) assert.match(warnings.join(), WARNINGS[name]!);
      continue;
    }
    assert.ok(error instanceof SyntaxError || error instanceof RangeError, `${name} must be refused`);
    assert.ok(error.message.includes(file), `${name}: the message must name the file: ${error.message}`);
    for (const words of wanted) assert.ok(error.message.includes(words), `${name}: ${error.message}`);
  }
}

Deno.test("openData() refuses or reads every broken file as expected", () =>
  checkFolder(fixture("samples-bad")));
sharedTest("openData() does so for the complete folder", "samples-bad", checkFolder);

/** Frames of the first trajectory of a file of the folder. */
async function framesOf(name: string, ...frames: number[]): Promise<Sample> {
  using data = await openData(fixture(`samples-bad/${name}.hdf5`));
  const trajectory = (await data.split()).trajectory(0);
  return await trajectory.sample(frames.length > 0 ? frames : [...Array(trajectory.steps).keys()]);
}

Deno.test("findNotFinite() names the frame, component and value", async () => {
  assert.match(findNotFinite(await framesOf("12_nan_frame")) ?? "", /^frame \d+, \w+ is NaN$/);
});

Deno.test("openData() reads integers, big-endian and float64 fields like float32 ones", async () => {
  for (const name of ["25_integer_field", "26_big_endian_field", "27_float64_field"]) {
    const { values } = await framesOf(name, 0);
    for (const field of values) assert.ok(field.every(Number.isFinite), name);
    assert.ok(values.some((field) => field.some((v) => v !== 0)), name);
  }
});

Deno.test("openData() reads files behind a user block and of the latest format like the plain one", async () => {
  const frames = [];
  for (const name of ["00_good", "48_latest_format_superblock3", "49_userblock_512"]) {
    frames.push((await framesOf(name, 3)).values);
  }
  assert.deepEqual(frames[0], frames[1]);
  assert.deepEqual(frames[0], frames[2]);
});
