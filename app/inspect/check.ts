// Faults of data that can be read, each with what would mend it: numbers, times, grid, boundaries, masks, and what the
// network would refuse. What can not be read is found by the readers (`dataFaults`).

import { dataFaults, type Fault } from "walrus/data";
import type { HubOptions } from "walrus/hub";
import { mendOf } from "./mends.ts";
import type {
  AxisReport,
  ComponentValues,
  DataReport,
  Finding,
  TrajectoryReport,
  UseReport,
} from "./report.ts";

/** Numbers above this have squares that float32 does not hold. */
const HUGEST = Math.sqrt(3.4e38);
/** Numbers that are all below this have squares that float32 takes for 0. */
const TINIEST = 1e-19;
/** float32 keeps about seven digits: less change than this, relative to the mean, is mostly rounding. */
const FEWEST_DIGITS = 1e-5;

function finding(level: Finding["level"], what: string, mend: string | null = mendOf(what)): Finding {
  return { level, file: null, what, mend };
}

/** What readers found, with mends. */
export function readerFindings(faults: readonly Fault[], several: boolean): Finding[] {
  return faults.map(({ file, what, fatal }) => ({
    level: fatal ? "fatal" : "note",
    file: several ? file : null,
    what,
    mend: mendOf(what),
  }));
}

/** Why no reader takes a file: the first reason, without the formats it holds for and the name that the user knows. */
function plainRefusal(message: string): string {
  return message.replace(/^Cannot open ".*?" as data; /, "")
    .replace(/^[\w, ]+: (?:".*?": )?/, "")
    .replace(/; [\w, ]+: (?:it (?:has|is) no |".*?" is HDF5 but no Well file).*$/, "");
}

/** Faults of files; those of what no reader takes too. */
export async function findFaults(input: string, hub?: HubOptions): Promise<Finding[]> {
  try {
    const faults = await dataFaults(input, hub ? { hub } : {});
    return readerFindings(faults, new Set(faults.map(({ file }) => file)).size > 1);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return [finding("fatal", plainRefusal(error.message))];
  }
}

function checkValues(values: readonly ComponentValues[], constants: ReadonlySet<string>): Finding[] {
  return values.flatMap((component) => {
    const { name, count, nan, infinite, firstBad, least, most, mean, deviation, changes } = component;
    const found: Finding[] = [];
    if (nan + infinite > 0) {
      const kinds = [nan > 0 ? `${nan} NaN` : "", infinite > 0 ? `${infinite} infinite` : ""].filter(Boolean);
      found.push(finding(
        "fault",
        `${name} has ${kinds.join(" and ")} of ${count} numbers, the first in ${firstBad}`,
        "leave those frames out, hide the cells with a mask (docs/nan.md), or write numbers there",
      ));
    }
    if (least === null || most === null || mean === null || deviation === null) return found;
    const size = Math.max(Math.abs(least), Math.abs(most));
    if (size > HUGEST) {
      const what = `${name} goes to ${size.toExponential(1)}, its squares overflow in float32`;
      found.push(finding("fault", what, "store it in larger units, or give --transform with log10"));
    } else if (size > 0 && size < TINIEST) {
      const what = `${name} stays below ${size.toExponential(1)}, its squares vanish in float32`;
      found.push(finding("note", what, "store it in smaller units"));
    }
    if (constants.has(name)) return found;
    if (!changes) {
      found.push(finding(
        "note",
        `${name} never changes in time`,
        "mark the field as constant: time_varying = False, or constant: true",
      ));
    } else if (deviation < FEWEST_DIGITS * Math.abs(mean)) {
      const what = `${name} varies by ${deviation.toExponential(1)} about ${
        mean.toPrecision(4)
      }, float32 keeps 7 digits`;
      found.push(finding("note", what, "store its difference from a constant"));
    }
    return found;
  });
}

/** Names that a mask may have which no reader takes for one. */
const LIKE_A_MASK = /^(?:masks?\d*|fluid|valid|solid|obstacles?)$/i;

function checkMasks({ fields, hidden }: TrajectoryReport): Finding[] {
  const found: Finding[] = [];
  const masks = fields.filter(({ mask }) => mask !== null);
  const [names, s] = [masks.map(({ name }) => name).join(", "), masks.length > 1 ? "" : "s"];
  if (hidden?.cells === 0) {
    found.push(
      finding("note", `${names} hide${s} no cell`, "leave it out, or set it where cells are hidden"),
    );
  } else if (hidden && hidden.cells === hidden.of) {
    const turned = masks.map(({ name, mask }) => `--mask ${name}=${mask === "kept" ? "hidden" : "kept"}`);
    found.push(
      finding("fault", `${names} hide${s} every cell`, `if it means the reverse: ${turned.join(" ")}`),
    );
  }
  for (const { name, constant, order, mask } of fields) {
    if (mask !== null || !LIKE_A_MASK.test(name)) continue;
    const fits = constant && order === 0;
    const what = `field ${name} is not used as a mask${fits ? "" : ": it is no constant scalar"}`;
    const mend = fits
      ? `--mask ${name}=hidden if it is 1 where cells are hidden, --mask ${name}=kept where they are kept`
      : "store it once, without time and components, if it is one";
    found.push(finding("note", what, mend));
  }
  return found;
}

function checkAxes(axes: readonly AxisReport[]): Finding[] {
  return axes.flatMap(({ name, points, coordinates: { first, last, step }, boundary }) => {
    const found: Finding[] = [];
    if (!Number.isFinite(first) || !Number.isFinite(last)) {
      found.push(finding("fault", `axis ${name} goes from ${first} to ${last}`, "write its coordinates"));
    } else if (points > 1 && step === null) {
      const what = `axis ${name} is not evenly spaced, networks take its points as if it were`;
      found.push(finding("note", what, "interpolate the fields to even points"));
    }
    if (boundary && (boundary[0] === "periodic") !== (boundary[1] === "periodic")) {
      const what = `axis ${name} is ${boundary.join(" on the near side and ")} on the far side`;
      found.push(finding("fault", what, "give both sides of a periodic axis as periodic"));
    }
    return found;
  });
}

function checkTime({ time: { first, last, step }, steps }: TrajectoryReport): Finding[] {
  if (!Number.isFinite(first) || !Number.isFinite(last)) {
    return [finding("fault", `time goes from ${first} to ${last}`, "write the time of every frame")];
  }
  if (steps < 2 || step !== null) {
    return step !== null && step <= 0 ? [finding("fault", "the time stamps do not increase")] : [];
  }
  return [finding(
    "note",
    "frames are not evenly spaced in time, networks take them as if they were",
    "interpolate to even times",
  )];
}

/** A network of one grid does worse on others. */
function checkLearntGrid(
  { learntGrids, treatment, refused }: UseReport,
  axes: readonly AxisReport[],
): Finding[] {
  if (learntGrids === null || refused !== null || treatment === "resample") return [];
  const own = axes.map(({ points }) => points).filter((points) => points > 1);
  const learnt = learntGrids.filter((grid) => grid.length === own.length).flat();
  if (own.every((points) => learnt.includes(points))) return [];
  const grids = learntGrids.map((grid) => grid.join(" x ")).join(", ");
  return [finding(
    "note",
    `the network has learnt grids of ${grids} points alone, the data have ${own.join(" x ")}`,
    "finetune it on such grids; until then --grid resample may do better (docs/grids.md)",
  )];
}

function checkUse(use: UseReport, { steps, fields, axes }: TrajectoryReport): Finding[] {
  const found: Finding[] = [];
  if (use.refused !== null) {
    const unknown = use.fields.filter(({ columns }) => columns === null);
    const maps = unknown.map(({ name, near }) => `--map ${name}=${near[0] ?? "NAME"}`);
    const mend = maps.length > 0
      ? `${maps.join(" ")}, with names of the network's table (--fields)`
      : /points|grid|axis|axes/i.test(use.refused)
      ? use.treatment === "native" || use.treatment === "refuse"
        ? "--grid auto"
        : "store the fields on another grid"
      : null;
    found.push(finding("fault", `the network refuses the data: ${use.refused}`, mend));
  }
  for (const { name } of use.fields.filter(({ learnt }) => learnt === false)) {
    const isMask = fields.some((field) => field.name === name && field.mask !== null);
    const what = isMask ? "masks" : `field ${name}`;
    const map = isMask ? "" : `--map ${name}=NAME of one that it has learnt, or `;
    found.push(
      finding("note", `the network has not learnt ${what}`, `${map}finetune it: deno task finetune`),
    );
  }
  found.push(...checkLearntGrid(use, axes));
  const { usual, least } = use.frames;
  if (steps < usual) {
    const fewer = Math.max(least, Math.min(usual, steps - 1));
    const mend = least < usual && steps > least ? `--frames ${fewer}` : "store more frames";
    found.push(finding("fault", `it has ${steps} frames, a forecast starts from ${usual}`, mend));
  } else if (steps === usual) {
    found.push(
      finding(
        "note",
        `it has ${steps} frames, none is left to score a forecast against`,
        "store more frames",
      ),
    );
  }
  return found;
}

/** Everything that is wrong with data that can be read, or odd in them. */
export function checkData(
  { trajectory, values, network }: Pick<DataReport, "trajectory" | "values" | "network">,
): Finding[] {
  const constants = new Set(
    trajectory.fields.filter(({ constant }) => constant).flatMap(({ components }) => components),
  );
  return [
    ...checkValues(values ?? [], constants),
    ...checkMasks(trajectory),
    ...checkTime(trajectory),
    ...checkAxes(trajectory.axes),
    ...network ? checkUse(network, trajectory) : [],
  ];
}

/** Findings without repetitions, the worst first. */
export function sortedFindings(findings: readonly Finding[]): Finding[] {
  const order = ["fatal", "fault", "note"] as const;
  const seen = new Set<string>();
  return findings.filter(({ file, what }) => {
    const key = JSON.stringify([file, what]);
    return !seen.has(key) && seen.add(key);
  }).toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
