// The folder of an evaluation: `plan.json` says what is evaluated, `parts/` has a file for each unit of work that is done.
// Files are whole or absent, so an evaluation goes on where it was killed; one of other settings is refused.

import { writeFileAtomic } from "walrus/io";
import { checkOutputs } from "../outputs.ts";
import type { Part, Unit } from "./units.ts";

/** Numbers that are not finite are null, as in `evaluation.json`. */
export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** What identifies an evaluation: sections by name, to say in which two differ. */
export type Identity = Readonly<Record<string, unknown>>;

/** Where a unit's part lies. */
export function partPath(out: string, { id }: Pick<Unit, "id">): string {
  return `${out}/parts/${id}.json`;
}

async function textAt(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** A plan, null where a file is none. */
function parsePlan(text: string): Identity | null {
  try {
    return JSON.parse(text) as Identity;
  } catch {
    return null;
  }
}

function sectionsThatDiffer(a: Identity, b: Identity): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

/**
 * Opens the folder: new, or that of the same evaluation, which goes on.
 *
 * @param out the folder
 * @param identity of the evaluation
 * @param force whether what another one left may be removed
 * @throws RangeError for a folder that holds another evaluation, naming in what it differs
 */
export async function openFolder(out: string, identity: Identity, force: boolean): Promise<void> {
  const plan = `${out}/plan.json`;
  await checkOutputs({ files: [plan, `${out}/evaluation.json`], force: true });
  const found = await textAt(plan);
  // Compared as they are written: what JSON has no form for is in neither.
  const wanted = JSON.parse(new TextDecoder().decode(encode(identity))) as Identity;
  if (found !== null) {
    const other = parsePlan(found);
    const differ = other ? sectionsThatDiffer(other, wanted) : ["all"];
    if (differ.length === 0) return;
    if (!force) {
      throw new RangeError(
        `"${out}" holds an evaluation that differs in ${differ.join(", ")}: ` +
          "--force replaces it, --out writes elsewhere",
      );
    }
  }
  for (const name of ["parts", "forecasts"]) {
    await Deno.remove(`${out}/${name}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await Deno.mkdir(`${out}/parts`, { recursive: true });
  await writeFileAtomic(plan, encode(identity));
}

/** Units whose parts are missing or damaged. */
export async function missingOf(out: string, units: readonly Unit[]): Promise<Unit[]> {
  const missing: Unit[] = [];
  for (const unit of units) if (await readPart(out, unit) === null) missing.push(unit);
  return missing;
}

/** Writes what a unit gave. */
export async function writePart(out: string, unit: Unit, part: Part): Promise<void> {
  await writeFileAtomic(partPath(out, unit), encode(part));
}

/** What a unit gave; null where it is not there, or no part. */
export async function readPart<P extends Part = Part>(out: string, unit: Unit): Promise<P | null> {
  const text = await textAt(partPath(out, unit));
  if (text === null) return null;
  try {
    const part = JSON.parse(text) as P;
    return part !== null && typeof part === "object" && "cost" in part ? part : null;
  } catch {
    return null;
  }
}
