// The runs of a group of CF variables: layout, coordinates, times, sides, vectors and hidden cells put together.

import type { FileContext, StoredRun } from "../stored/collection.ts";
import type { StoredArray } from "../stored/stored_array.ts";
import type { StoredField, StoredPart } from "../stored/stored_field.ts";
import { type CfAxis, sidesOf } from "./boundaries.ts";
import { fieldsOf } from "./fields.ts";
import { type CfLayout, layoutOf } from "./layout.ts";
import { hiddenOf, maskArray, MOST_LOOKS } from "./masks.ts";
import { timesOf } from "./times.ts";
import { readNumbers } from "./values.ts";
import { type CfGroup, type CfVariable, textOf } from "./variable.ts";

/** Sizes that nobody simulates: what claims more is damaged. */
const MOST_FRAMES = 1 << 24;
const MOST_TRAJECTORIES = 1 << 20;
const MOST_POINTS = 2 ** 28;
const MOST_ALONG = 1 << 24;

/** Sizes of the dimensions. */
interface Sizes {
  readonly steps: number;
  readonly trajectories: number;
  readonly points: readonly number[];
}

/** Sizes of the dimensions, the same in all fields. */
function sizesOf({ fields, space, time, trajectory, dimensions }: CfLayout): Sizes {
  const sizes = new Map<string, number>();
  for (const { variable, axes } of fields) {
    for (const [i, dimension] of variable.dimensions.entries()) {
      if (axes[i] === "1" || axes[i] === "c") continue;
      const size = variable.shape[i]!;
      const known = sizes.get(dimension!) ?? size;
      if (size !== known) {
        throw new SyntaxError(
          `"${variable.name}" has ${size} along "${dimension}", other fields have ${known}`,
        );
      }
      sizes.set(dimension!, size);
    }
  }
  const check = (what: string, size: number, most: number): number => {
    if (size >= 1 && size <= most) return size;
    throw new SyntaxError(`it has ${size} ${what}, wanted 1 to ${most}`);
  };
  const points = dimensions.map((dimension, i) =>
    check(`points along ${space[i]}`, sizes.get(dimension)!, MOST_ALONG)
  );
  check("points", points.reduce((n, size) => n * size, 1), MOST_POINTS);
  return {
    steps: check(`frames along "${time}"`, sizes.get(time)!, MOST_FRAMES),
    trajectories: trajectory === null
      ? 1
      : check(`trajectories along "${trajectory}"`, sizes.get(trajectory)!, MOST_TRAJECTORIES),
    points,
  };
}

/** The coordinate variable of a dimension that has numbers; absent where there is none. */
function coordinateOf({ variables }: CfGroup, dimension: string): CfVariable | undefined {
  const variable = variables.get(dimension);
  return variable && variable.fault === null && variable.dimensions.length === 1 ? variable : undefined;
}

/** Coordinates of a dimension, counted from 0 where the file has none. */
async function axisOf(group: CfGroup, name: string, points: number): Promise<CfAxis> {
  const coordinate = coordinateOf(group, name);
  if (!coordinate) return { name, coordinate, values: Float64Array.from({ length: points }, (_, i) => i) };
  if (coordinate.shape[0] !== points) {
    throw new SyntaxError(
      `coordinate "${coordinate.name}" has ${coordinate.shape[0]} numbers for ${points} points`,
    );
  }
  const values = await readNumbers(coordinate);
  const gap = values.findIndex((value) => !Number.isFinite(value));
  if (gap < 0) return { name, coordinate, values };
  throw new SyntaxError(`coordinate "${coordinate.name}" is ${values[gap]} at point ${gap}, wanted a number`);
}

async function readTimes(group: CfGroup, name: string, steps: number, file: string, warnings: string[]) {
  const coordinate = coordinateOf(group, name);
  if (!coordinate) return Float64Array.from({ length: steps }, (_, i) => i);
  if (coordinate.shape[0] !== steps) {
    throw new SyntaxError(`"${coordinate.name}" has ${coordinate.shape[0]} times for ${steps} frames`);
  }
  const calendar = textOf(coordinate, "calendar") ?? "standard";
  let times: Float64Array;
  try {
    times = timesOf(await readNumbers(coordinate), textOf(coordinate, "units"), calendar);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`"${coordinate.name}": ${error.message}`, { cause: error });
  }
  if (times.some((time, i) => i > 0 && !(time > times[i - 1]!))) {
    warnings.push(`"${file}": the time stamps do not increase`);
  }
  return times;
}

/** Numbers of the run: scalars, and attributes of the group that are numbers. */
async function scalarsOf(
  group: CfGroup,
  { scalars }: CfLayout,
): Promise<(index: number) => Record<string, number>> {
  const own: (readonly [string, Float64Array])[] = [];
  for (const [name, value] of Object.entries(group.attributes)) {
    const number = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (typeof number === "number" && !name.startsWith("_")) own.push([name, Float64Array.of(number)]);
  }
  for (const variable of scalars) {
    const name = variable.name.split("/").at(-1)!;
    if (variable.shape.every((size) => size <= MOST_TRAJECTORIES)) {
      own.push([name, await readNumbers(variable)]);
    }
  }
  return (index) =>
    Object.fromEntries(
      own.map(([name, values]) => [name, values[values.length > 1 ? index : 0] ?? NaN] as const)
        .filter(([, value]) => Number.isFinite(value)),
    );
}

/** A run of one trajectory out of several. */
function single(run: StoredRun, index: number, more: StoredField): StoredRun {
  const at = (array: StoredArray, axis: number): StoredArray => ({
    ...array,
    read: (start, count) => array.read(start.with(axis, index), count),
  });
  return {
    ...run,
    trajectories: 1,
    coordinates: () => run.coordinates(index),
    times: () => run.times(index),
    scalars: () => run.scalars(index),
    fields: [
      ...run.fields.map((field) => {
        // Channels of one array are read at once: they share what stands for it.
        const arrays = new Map(field.parts.map(({ array, axes }) => [array, at(array, axes.indexOf("n"))]));
        const shift = (part: StoredPart) =>
          part.axes.includes("n") ? { ...part, array: arrays.get(part.array)! } : part;
        return { ...field, parts: field.parts.map(shift) };
      }),
      more,
    ],
  };
}

/** The name of the mask: that which The Well has, unless the file has a field of the name. */
const MASK = "mask";
const OTHER_MASK = "missing";

/**
 * The runs of a group.
 *
 * @param group with its variables
 * @param file its name, for warnings
 * @param context what sides are taken for
 * @param warnings gets what was taken for granted
 * @throws SyntaxError, without the file's name, saying what is missing or wrong
 */
export async function cfRuns(
  group: CfGroup,
  file: string,
  { boundaries }: Pick<FileContext, "boundaries">,
  warnings: string[],
): Promise<StoredRun[]> {
  const layout = layoutOf(group);
  const { steps, trajectories, points } = sizesOf(layout);
  const { space } = layout;
  if (layout.left.length > 0) warnings.push(`"${file}": left out: ${layout.left.join("; ")}`.slice(0, 1000));
  const axes: CfAxis[] = [];
  for (const [i, name] of layout.dimensions.entries()) axes.push(await axisOf(group, name, points[i]!));
  const coordinates = axes.map(({ values }) => values);
  const times = await readTimes(group, layout.time, steps, file, warnings);
  const { fields, gappy } = fieldsOf(layout);
  const onSphere = axes.some(({ coordinate }) =>
    /^degrees?_?[NE]/i.test(coordinate ? textOf(coordinate, "units") ?? "" : "")
  );
  const run: StoredRun = {
    trajectories,
    steps,
    space,
    ...onSphere ? { system: "equiangular" } : {},
    coordinates: () => coordinates,
    boundaries: sidesOf(file, axes, boundaries, warnings),
    fields,
    times: () => Promise.resolve(times.slice()),
    scalars: await scalarsOf(group, layout),
  };
  const grid = { steps, space, points };
  const first = await hiddenOf(gappy, grid, 0);
  if (!first) return [run];
  if (steps > MOST_LOOKS) {
    warnings.push(
      `"${file}": cells that are missing in all of ${MOST_LOOKS} frames, of ${steps}, are taken as hidden`,
    );
  }
  const isTaken = fields.some(({ name }) => name === MASK);
  const maskOf = (index: number): StoredField => {
    const make = async () =>
      (index === 0 ? first : await hiddenOf(gappy, grid, index)) ?? new Float32Array(first.length);
    const array = maskArray(MASK, grid, make);
    return {
      name: isTaken ? OTHER_MASK : MASK,
      order: 0,
      constant: true,
      mask: "hidden",
      parts: [{ array, axes: space }],
    };
  };
  // Trajectories that hide other cells are of another kind: each is a run of its own.
  return Array.from({ length: trajectories }, (_, index) => single(run, index, maskOf(index)));
}
