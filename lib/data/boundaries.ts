// Boundaries by name, and as numbers, the form in which windows carry them.

/** What holds at a side of the domain. */
export type Boundary = "wall" | "open" | "periodic";

/** Codes of the near and far side of each axis. */
export type Boundaries = readonly (readonly [number, number])[];

/**
 * Kinds of boundary that the library does not know, by the name that data give them in any case, and what each is taken
 * for.
 */
export type BoundaryNames = Readonly<Record<string, Boundary>>;

/** Code of each type. */
export const BOUNDARY_CODES = { WALL: 0, OPEN: 1, PERIODIC: 2 } as const;

/** What a boundary of a name is; null: not known. */
export function boundaryNamed(name: string, others: BoundaryNames = {}): Boundary | null {
  const code = name.toUpperCase();
  if (Object.hasOwn(BOUNDARY_CODES, code)) return code.toLowerCase() as Boundary;
  return Object.entries(others).find(([other]) => other.toUpperCase() === code)?.[1] ?? null;
}

/** Codes of sides. */
export function boundaryCodes(sides: readonly (readonly [Boundary, Boundary])[]): Boundaries {
  const code = (side: Boundary) => BOUNDARY_CODES[side.toUpperCase() as keyof typeof BOUNDARY_CODES];
  return sides.map(([low, high]) => [code(low), code(high)]);
}
