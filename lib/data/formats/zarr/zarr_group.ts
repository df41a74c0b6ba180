// The arrays of a Zarr store as CF takes them, with the attributes that xarray writes.

import { holdsNumbers, type ZarrArray, type ZarrGroup } from "../../../io/zarr.ts";
import type { CfAttributes, CfGroup, CfValue, CfVariable } from "../cf/variable.ts";

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";

/** Attributes of the types that CF knows; JSON has more. */
function attributesOf(values: Readonly<Record<string, unknown>>): Record<string, CfValue> {
  const known: Record<string, CfValue> = Object.create(null);
  for (const [name, value] of Object.entries(values)) {
    if (isText(value) || isNumber(value)) known[name] = value;
    else if (Array.isArray(value) && (value.every(isText) || value.every(isNumber))) known[name] = value;
  }
  return known;
}

/** Bytes of floats in base 64, as xarray writes the fill value of version 3. */
function ofBase64(text: string, type: string): number | null {
  const width = Number(/^float(32|64)$/.exec(type)?.[1] ?? 0) / 8;
  if (width === 0 || !/^[A-Za-z0-9+/]+=*$/.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  // Doubles, whatever the array holds.
  if (bytes.length === 8) return new DataView(bytes.buffer).getFloat64(0, true);
  return bytes.length === 4 ? new DataView(bytes.buffer).getFloat32(0, true) : null;
}

/**
 * What stands for missing numbers. In version 2 what absent chunks hold does so as well, if it is not the 0 that most
 * writers put there without a thought.
 */
function withFill({ attributes: given, fill, type, version }: ZarrArray): CfAttributes {
  const attributes = attributesOf(given);
  const own = attributes._FillValue;
  if (isText(own)) {
    const value = Number.isNaN(Number(own)) ? ofBase64(own, type) : Number(own);
    if (value === null) delete attributes._FillValue;
    else attributes._FillValue = value;
  } else if (
    own === undefined && version === 2 && fill !== null && fill !== undefined && Number(fill) !== 0
  ) {
    attributes._FillValue = Number(fill);
  }
  return attributes;
}

function variableOf(array: ZarrArray): CfVariable {
  const { path, shape, dimensions, type } = array;
  return {
    name: path,
    dimensions,
    shape,
    attributes: withFill(array),
    fault: holdsNumbers(array) ? null : `holds values of the type ${type}, wanted numbers`,
    bits: Number(/^u?int(\d+)$/.exec(type)?.[1] ?? 0),
    unwritten: null,
    read: (start, count) => array.read(start, count),
  };
}

/** A group with those in it. */
export function zarrGroup({ path, attributes, arrays, groups }: ZarrGroup): CfGroup {
  return {
    name: path.split("/").at(-1)!,
    attributes: attributesOf(attributes),
    variables: new Map([...arrays].map(([name, array]) => [name, variableOf(array)])),
    groups: groups.map(zarrGroup),
  };
}
