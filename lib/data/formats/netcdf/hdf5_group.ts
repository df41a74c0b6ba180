// The variables of a netCDF-4 file as CF takes them: datasets whose axes are named by dimension scales.

import type { AttributeValue, Hdf5Dataset, Hdf5File } from "../../../io/hdf5.ts";
import type { CfAttributes, CfGroup, CfValue, CfVariable } from "../cf/variable.ts";
import { FILLS } from "./netcdf3_group.ts";

/** Objects of a file that are looked at, and groups within each other: more is no file of one data set. */
const MOST_OBJECTS = 2048;
const DEEPEST = 4;

/** How the name of a scale begins that is a dimension without coordinates. */
const DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable";

/** Whether any dataset of the root, or of the groups in it, has dimension scales or is one. */
export async function hasScales(file: Hdf5File): Promise<boolean> {
  const look = async (group: string, depth: number): Promise<boolean> => {
    for (const name of (await file.keys(group || "/")).slice(0, MOST_OBJECTS)) {
      const path = group ? `${group}/${name}` : name;
      const kind = await file.kind(path);
      if (kind === "dataset") {
        const { CLASS: kind, DIMENSION_LIST: list } = await file.attributes(path);
        if (kind === "DIMENSION_SCALE" || list !== undefined) return true;
      } else if (kind === "group" && depth < DEEPEST && await look(path, depth + 1)) return true;
    }
    return false;
  };
  return "_NCProperties" in await file.attributes("/") || await look("", 1);
}

/** Attributes of the types that CF knows. */
function attributesOf(values: Record<string, AttributeValue>): CfAttributes {
  const isKnown = (value: AttributeValue): value is CfValue =>
    typeof value === "number" || typeof value === "string" || Array.isArray(value);
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, CfValue] => isKnown(entry[1])),
  );
}

/** What netCDF's library fills numbers of a dataset with that were never written. */
function unwrittenOf({ holds, integer, bytes, type }: Hdf5Dataset): number | null {
  if (holds !== "numbers" || /unsigned/.test(type)) return null;
  const name = integer ? { 2: "short", 4: "int" }[bytes] : { 4: "float", 8: "double" }[bytes];
  return name === undefined ? null : FILLS[name]!;
}

async function variableOf(file: Hdf5File, path: string): Promise<CfVariable | null> {
  const values = await file.attributes(path);
  const label = values.NAME;
  if (values.CLASS === "DIMENSION_SCALE" && typeof label === "string" && label.startsWith(DIMENSION_ONLY)) {
    return null;
  }
  const dataset = await file.dataset(path);
  const base = path.split("/").at(-1)!;
  const scales = await file.scales(path);
  const isScale = values.CLASS === "DIMENSION_SCALE";
  return {
    name: path,
    // A scale of one axis names that axis itself.
    dimensions: dataset.shape.map((_, i) =>
      scales[i]?.split("/").at(-1) ?? (isScale && i === 0 ? base : null)
    ),
    shape: dataset.shape,
    attributes: attributesOf(values),
    fault: dataset.fault,
    bits: dataset.integer ? 8 * dataset.bytes : 0,
    unwritten: unwrittenOf(dataset),
    read: (start, count) =>
      !dataset.integer && dataset.bytes <= 4
        ? file.readFloat32(path, start, count)
        : file.readFloat64(path, start, count),
  };
}

/**
 * A group of a file, with those in it.
 *
 * @param file open as long as the variables are read
 * @param path of the group; empty for the root
 * @throws SyntaxError for damage
 */
export async function hdf5Group(file: Hdf5File, path = "", depth = 1): Promise<CfGroup> {
  const variables = new Map<string, CfVariable>();
  const groups: CfGroup[] = [];
  for (const name of (await file.keys(path || "/")).slice(0, MOST_OBJECTS)) {
    const inner = path ? `${path}/${name}` : name;
    const kind = await file.kind(inner);
    if (kind === "group" && depth < DEEPEST) groups.push(await hdf5Group(file, inner, depth + 1));
    if (kind !== "dataset") continue;
    const variable = await variableOf(file, inner);
    if (variable) variables.set(name, variable);
  }
  return {
    name: path.split("/").at(-1)!,
    attributes: attributesOf(await file.attributes(path || "/")),
    variables,
    groups,
  };
}
