// Arrays with named dimensions and attributes, as netCDF and Zarr have them: what the CF conventions are read from,
// whatever the container.

/** Value of an attribute. */
export type CfValue = string | number | readonly number[] | readonly string[];

/** Attributes by name. */
export type CfAttributes = Readonly<Record<string, CfValue>>;

/** An array of a container. */
export interface CfVariable {
  /** As the container calls it, with its group, for messages. */
  readonly name: string;
  /** Names of its dimensions, the slowest first; null for one without a name. */
  readonly dimensions: readonly (string | null)[];
  readonly shape: readonly number[];
  readonly attributes: CfAttributes;
  /** Why no numbers are read of it, `holds text, wanted numbers`; null when they are. */
  readonly fault: string | null;
  /** Bits of a number; 0 for floats. */
  readonly bits: number;
  /** The number that containers of its kind hold where none was written; null where there is none. */
  readonly unwritten: number | null;
  /** Numbers of a box in C order, at their own precision. */
  read(start: readonly number[], count: readonly number[]): Promise<Float32Array | Float64Array>;
}

/** Variables that belong together. */
export interface CfGroup {
  /** Its name; empty for the root. */
  readonly name: string;
  readonly attributes: CfAttributes;
  /** By name. */
  readonly variables: ReadonlyMap<string, CfVariable>;
  readonly groups: readonly CfGroup[];
}

/** A text attribute; null where there is none. */
export function textOf({ attributes }: Pick<CfVariable, "attributes">, name: string): string | null {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.length === 1 && typeof value[0] === "string" ? value[0] : null;
}

/** The numbers of an attribute; none where there is none. */
export function numbersOf({ attributes }: Pick<CfVariable, "attributes">, name: string): number[] {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  const list: readonly (string | number)[] = Array.isArray(value)
    ? value
    : value === undefined
    ? []
    : [value];
  // Text where a number belongs is met often: "-9999".
  return list.map((each) => typeof each === "string" && each.trim() !== "" ? Number(each) : each)
    .filter((each): each is number => typeof each === "number");
}

/** A number, or a list of one. */
export function numberOf(variable: Pick<CfVariable, "attributes">, name: string): number | null {
  return numbersOf(variable, name)[0] ?? null;
}
