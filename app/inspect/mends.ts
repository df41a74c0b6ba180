// What would mend a fault, by the words that name it. A fault without a row here is named without a mend;
// tests/app/inspect_check_test.ts holds the table against every broken fixture.

/** From what a pattern caught to what would help. */
type Mend = (...caught: string[]) => string;

/** How a missing root attribute is written. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  dataset_name: '"NAME"',
  grid_type: '"cartesian"',
  n_spatial_dims: "2",
  n_trajectories: "1",
  simulation_parameters: "[]",
};

function attributes(names: string): string {
  return names.split(", ").map((name) => `file.attrs["${name}"] = ${ATTRIBUTES[name] ?? "VALUE"}`).join("; ");
}

/** What would give an array the shape that is wanted. */
function reshaped(path: string, has: string, wanted: string): string {
  const [own, other] = [has, wanted].map((list) => list.split(", ").map(Number));
  const sorted = (list: readonly number[]) => String(list.toSorted((a, b) => a - b));
  if (sorted(own!) === sorted(other!)) {
    return `exchange the axes of ${path}: axes are stored as dimensions/spatial_dims lists them`;
  }
  const at = own!.findIndex((size, i) => size !== other![i]);
  if (own!.length !== other!.length) {
    return `store ${path} as [trajectories, frames, axes of the grid, components], and set its flags so`;
  }
  if (at === 0) {
    return `file.attrs["n_trajectories"] = ${own![0]}, or store ${path} with ${
      other![0]
    } along its first axis`;
  }
  return at === own!.length - 1 && /t[12]_fields/.test(path)
    ? `store ${path} with ${other![at]} components, one for each axis`
    : `store ${path} with ${other![at]} instead of ${
      own![at]
    } along its axis ${at}, or correct dimensions and n_trajectories`;
}

const MENDS: readonly (readonly [RegExp, Mend])[] = [
  [
    /looks like (\w+), but (?:"\w+" )?has no (.+)/,
    (_, collection, names) => `add ${names} as ${collection} has it, or convert the file (docs/data.md)`,
  ],
  [/root attributes (.+) are missing/, (_, names) => attributes(names!)],
  [
    /none of the root attributes/,
    () => "convert it: to The Well's layout, or to NumPy arrays with an arrays.yaml (docs/data.md)",
  ],
  [
    /group "(t\d_fields)" is missing/,
    (_, group) => `file.create_group("${group}").attrs["field_names"] = [], with its fields if it has any`,
  ],
  [
    /group "dimensions" is missing/,
    () =>
      'file.create_group("dimensions"), with time, the coordinates of each axis and the attribute spatial_dims',
  ],
  [
    /no group "(scalars|boundary_conditions)"/,
    (_, group) =>
      group === "scalars"
        ? 'file.create_group("scalars").attrs["field_names"] = []'
        : "write a group for each boundary with bc_type, associated_dims and a mask",
  ],
  [
    /"(t\d_fields)\/([^"]+)" is absent/,
    (_, group, name) => `write ${group}/${name}, or take it out of ${group}'s field_names`,
  ],
  [/"([^"]+)" is absent/, (_, path) => `write the dataset ${path}`],
  [
    /"([^"]+)" (?:has shape|of shape) \[([^\]]+)\], wanted \[([^\]]+)\]/,
    (_, path, has, wanted) => reshaped(path!, has!, wanted!),
  ],
  [
    /boundary "([^"]+)" has a mask of shape \[.*\], wanted \[(.*)\]/,
    (_, path, shape) => `write ${path}/mask with ${shape} entries, one a point`,
  ],
  [
    /boundary "([^"]+)" has bc_type/,
    (_, path) => `file["${path}"].attrs["bc_type"] = "WALL", "OPEN" or "PERIODIC"`,
  ],
  [
    /boundary "([^"]+)" is on axis ".*", the file has (.*)/,
    (_, path, axes) => `name axes of the file in ${path}'s associated_dims: ${axes}`,
  ],
  [/"([^"]+)" lacks the attribute (\w+)/, (_, path, name) => `file["${path}"].attrs["${name}"] = True`],
  [
    /"([^"]+)" has dim_varying \[.*\], wanted one flag for each of (.*)/,
    (_, path, axes) =>
      `file["${path}"].attrs["dim_varying"] = [${axes!.split(", ").map(() => "True").join(", ")}]`,
  ],
  [
    /"([^"]+)" holds (?:no numbers|values of the type)/,
    (_, path) => `store ${path} as float32, or take it out of field_names`,
  ],
  [/stored with the filter/, () => "h5repack -f GZIP=4 OLD NEW"],
  [/n_trajectories is/, () => 'file.attrs["n_trajectories"] = the length of the first axis of the fields'],
  [/n_spatial_dims is/, () => 'file.attrs["n_spatial_dims"] = how many axes dimensions/spatial_dims names'],
  [/has no frames/, () => "write dimensions/time with the time of every frame"],
  [/no field that varies in time/, () => "set time_varying of the fields that do"],
  [/lists ".*", wanted a name without path parts/, () => "list names of datasets in that group alone"],
  [/dimensions\/time is for/, () => "write dimensions/time as [frames], or as [trajectories, frames]"],
  [/not in field_names/, () => "add its name to field_names if it is a field"],
  [/whole numbers/, () => "store it as float32 to say what is meant"],
  [
    /grid_type is/,
    () => 'file.attrs["grid_type"] = "cartesian" if its axes are straight and at right angles',
  ],
  [/time stamps do not increase/, () => "sort the frames by time"],
  [
    /truncated file|Cannot read the start|it ended at byte|message not aligned/,
    () => "copy or download it again: a part is missing or damaged",
  ],
  [/Git LFS pointer/, () => "git lfs pull"],
  [/it is empty/, () => "copy or download it again"],
  [
    /it is no HDF5 file/,
    () => "convert it: to The Well's layout, or to NumPy arrays with an arrays.yaml (docs/data.md)",
  ],
  [/no arrays\.yaml/, () => "write an arrays.yaml beside the arrays (docs/data.md)"],
];

/**
 * What would mend a fault; null where nothing is known.
 *
 * @param what the fault in words
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(mendOf("root attributes n_trajectories are missing"), 'file.attrs["n_trajectories"] = 1');
 * assert.equal(mendOf("it is odd"), null);
 * ```
 */
export function mendOf(what: string): string | null {
  for (const [pattern, mend] of MENDS) {
    const caught = pattern.exec(what);
    if (caught) return mend(...caught);
  }
  return null;
}
