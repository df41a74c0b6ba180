// A number of a frame that physics may keep, and how large it is.

/** What is measured. */
export type PhysicsKind = "total" | "divergence" | "least" | "wall" | "seam";

/** A number of a frame that physics may keep. */
export interface PhysicsMeasure {
  /** What is measured. */
  readonly kind: PhysicsKind;
  /** Of what: `mass`, `velocity`, `density across x`. */
  readonly name: string;
  /**
   * Of a total its integral over the domain; of a least value that value; of the divergence its root mean square over
   * that of all gradients; of a wall the flow through it over the speed in the domain (root mean squares); of a seam the
   * step across it over the steps between neighbours (root mean squares).
   */
  readonly value: number;
  /** What changes are compared with: the integral of absolute values, the largest absolute value; else 1. */
  readonly scale: number;
}
