// Broken and hostile files: each is refused in words that name the file, the object and what was wanted, or read.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { openWell } from "../../lib/data/well.ts";
import { findNotFinite } from "../../lib/data/window.ts";
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
  "24_string_field": ["t0_fields/A", "no numbers"],
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
  "35_lzf_filter": ['filter "lzf"'],
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
type Read = (path: string) => Promise<readonly string[]>;

const asWell: Read = async (path) => {
  using well = await openWell(path);
  await well.trajectory(0).window({ from: Math.max(0, well.metadata.steps - 4), length: 4 });
  return well.metadata.warnings;
};

const asData: Read = async (path) => {
  using data = await openData(path);
  const trajectory = (await data.split()).trajectory(0);
  const from = Math.max(0, trajectory.steps - 4);
  await trajectory.sample([from, from + 1, from + 2, from + 3]);
  return data.warnings;
};

async function outcome(
  read: Read,
  path: string,
): Promise<{ error: Error | null; warnings: readonly string[] }> {
  try {
    return { error: null, warnings: await read(path) };
  } catch (error) {
    return { error: error as Error, warnings: [] };
  }
}

async function checkFolder(read: Read, folder: string): Promise<void> {
  const files = [...Deno.readDirSync(folder)].map((e) => e.name).filter((n) => n.endsWith(".hdf5")).sort();
  assert.deepEqual(files.map((f) => f.replace(".hdf5", "")), Object.keys(EXPECTED).sort());
  for (const file of files) {
    const name = file.replace(".hdf5", "");
    const { error, warnings } = await outcome(read, `${folder}/${file}`);
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

for (const [name, read] of [["openWell()", asWell], ["openData()", asData]] as const) {
  Deno.test(`${name} refuses or reads every broken file as expected`, () =>
    checkFolder(read, fixture("samples-bad")));
  sharedTest(`${name} does so for the complete folder`, "samples-bad", (folder) => checkFolder(read, folder));
}

Deno.test("findNotFinite() names the frame, channel and value", async () => {
  using well = await openWell(fixture("samples-bad/12_nan_frame.hdf5"));
  const window = await well.trajectory(0).window({ from: 0, length: well.metadata.steps });
  assert.match(findNotFinite(window) ?? "", /^frame \d+, channel \w+ is NaN$/);
});

Deno.test("openWell() reads integers, big-endian and float64 fields like float32 ones", async () => {
  for (const name of ["25_integer_field", "26_big_endian_field", "27_float64_field"]) {
    using well = await openWell(fixture(`samples-bad/${name}.hdf5`));
    const { values } = await well.trajectory(0).frame(0);
    assert.ok(values.every(Number.isFinite) && values.some((v) => v !== 0), name);
  }
});

Deno.test("openWell() reads files behind a user block and of the latest format like the plain one", async () => {
  const frames = [];
  for (const name of ["00_good", "48_latest_format_superblock3", "49_userblock_512"]) {
    using well = await openWell(fixture(`samples-bad/${name}.hdf5`));
    frames.push((await well.trajectory(0).frame(3)).values);
  }
  assert.deepEqual(frames[0], frames[1]);
  assert.deepEqual(frames[0], frames[2]);
});
