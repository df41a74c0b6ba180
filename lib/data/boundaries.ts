// Boundaries by name, and as numbers, the form in which windows carry them.

/** What holds at a side of the domain. */
export type Boundary = "wall" | "open" | "periodic";

/** Codes of the near and far side of each axis. */
export type Boundaries = readonly (readonly [number, number])[];

/** Code of each type. */
export const BOUNDARY_CODES = { WALL: 0, OPEN: 1, PERIODIC: 2 } as const;

/** Codes of sides. */
export function boundaryCodes(sides: readonly (readonly [Boundary, Boundary])[]): Boundaries {
  const code = (side: Boundary) => BOUNDARY_CODES[side.toUpperCase() as keyof typeof BOUNDARY_CODES];
  return sides.map(([low, high]) => [code(low), code(high)]);
}
