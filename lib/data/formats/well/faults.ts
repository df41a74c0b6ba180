// Everything that is wrong with a Well file: the reader's own checks, each made by itself, so that one fault does not
// hide the next; and what is odd, though it can be read. No field is read.

import { type Hdf5File, openHdf5 } from "../../../io/hdf5.ts";
import type { ByteSource } from "../../../io/source.ts";
import type { Fault } from "../../reader.ts";
import { textList } from "./attributes.ts";
import { readBoundary } from "./boundaries.ts";
import {
  type Dimensions,
  readDimensions,
  readField,
  readMetadata,
  readRoot,
  readScalars,
  type Refuse,
  type Root,
} from "./metadata.ts";

/** Grids whose systems of coordinates have a name in The Well. */
const GRIDS = ["cartesian", "spherical", "log-spherical", "equiangular"];

/** Collects what the checks of a file refuse. */
class Findings {
  readonly faults: Fault[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  add(what: string, fatal: boolean): void {
    const plain = what.replace(`Cannot read "${this.#file}": `, "").replace(`"${this.#file}": `, "")
      .replace(`"${this.#file}" `, "it ");
    if (this.faults.some((fault) => fault.what === plain)) return;
    this.faults.push({ file: this.#file, what: plain, fatal });
  }

  /** What a check gives; null where it refuses, which is noted. */
  async of<T>(check: () => Promise<T>): Promise<T | null> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      this.add(error.message, true);
      return null;
    }
  }
}

/** Every field of one order, listed or not. */
async function checkFields(
  file: Hdf5File,
  order: number,
  root: Root,
  dims: Dimensions,
  refuse: Refuse,
  findings: Findings,
): Promise<void> {
  const group = `t${order}_fields`;
  const names = await findings.of(async () =>
    textList((await file.attributes(group)).field_names) ?? refuse(`${group} has no list field_names`)
  );
  if (!names) return;
  for (const name of names) {
    const field = await findings.of(() => readField(file, order, name, root, dims, refuse));
    if (field && (await file.dataset(field.path)).integer) {
      findings.add(`field "${field.path}" holds whole numbers, they are read as float32`, false);
    }
  }
  for (const name of await file.keys(group)) {
    if (names.includes(name) || (await file.kind(`${group}/${name}`)) !== "dataset") continue;
    findings.add(`dataset "${group}/${name}" is not in field_names, it is left out`, false);
  }
}

async function checkFile(file: Hdf5File, findings: Findings): Promise<void> {
  const refuse: Refuse = (why) => {
    throw new SyntaxError(`Cannot read "${file.name}": ${why}`);
  };
  const isGroup = async (path: string) => (await file.kind(path)) === "group";
  const root = await findings.of(() => readRoot(file, refuse));
  for (const group of ["dimensions", "t0_fields", "t1_fields", "t2_fields"]) {
    if (!await isGroup(group)) findings.add(`group "${group}" is missing`, true);
  }
  if (!root) return;
  if (!GRIDS.includes(root.gridType)) {
    findings.add(`grid_type is "${root.gridType}", it is taken as curvilinear`, false);
  }
  const dims = await isGroup("dimensions")
    ? await findings.of(() => readDimensions(file, root, refuse))
    : null;
  if (!dims) return;
  for (const order of [0, 1, 2]) {
    if (await isGroup(`t${order}_fields`)) await checkFields(file, order, root, dims, refuse, findings);
  }
  if (await isGroup("scalars")) await findings.of(() => readScalars(file, refuse));
  if (!await isGroup("boundary_conditions")) return;
  for (const name of await file.keys("boundary_conditions")) {
    await findings.of(() => readBoundary(file, name, dims.axes, dims.resolution));
  }
}

/**
 * Faults of a file.
 *
 * @param source becomes the file's own and is closed
 */
export async function wellFaults(source: ByteSource): Promise<readonly Fault[]> {
  const findings = new Findings(source.name);
  const file = await findings.of(() => openHdf5(source));
  if (!file) return findings.faults;
  try {
    await findings.of(() => checkFile(file, findings));
    // What only shows when everything is read together, and what the reader warns of.
    const metadata = await findings.of(async () =>
      findings.faults.some(({ fatal }) => fatal) ? null : await readMetadata(file)
    );
    for (const warning of metadata?.warnings ?? []) findings.add(warning, false);
    return findings.faults;
  } finally {
    file.close();
  }
}
