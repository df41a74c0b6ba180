// Frames as they are scored: component by component, in the form in which the network predicts them, hidden cells at 0,
// components that only an embedding added left out (evaluation.md section 4).

import type { FieldTransforms, Sample, SampleInfo } from "walrus";
import { componentNames, type FieldTransform, transformedName } from "walrus/data";

/** A component that is scored. */
export interface Component {
  /** `velocity_x`, `log10_density`. */
  readonly name: string;
  /** Which field of those that vary. */
  readonly field: number;
  /** Which component of it, of how many. */
  readonly index: number;
  readonly of: number;
  readonly transform: FieldTransform | undefined;
}

/**
 * Components that are scored, in order.
 *
 * @param sample a frame of the truth: it knows which components are real
 * @param transforms forms in which fields are compared
 */
export function componentsOf(
  { info, real }: Pick<Sample, "info" | "real">,
  transforms: FieldTransforms,
): Component[] {
  return info.fields.flatMap((field, place) => {
    if (field.constant) return [];
    const transform = transforms[field.name];
    const names = componentNames(info, { ...field, name: transformedName(field.name, transform) });
    return names.flatMap((name, index) =>
      real?.[place]?.[index] === 0 ? [] : [{ name, field: place, index, of: names.length, transform }]
    );
  });
}

/**
 * The numbers of each component of a frame, `[..points]` each.
 *
 * @param values the fields that vary
 * @param components which
 * @param hidden 1 for hidden cells
 */
export function planesOf(
  values: readonly Float32Array[],
  components: readonly Component[],
  hidden: Uint8Array | null,
): Float32Array[] {
  return components.map(({ field, index, of, transform }) => {
    const all = values[field]!;
    const out = new Float32Array(all.length / of);
    if (transform === "zeros_like") return out;
    for (let i = 0; i < out.length; i++) {
      if (hidden?.[i]) continue;
      const value = all[i * of + index]!;
      out[i] = transform ? Math.log10(value) : value;
    }
    return out;
  });
}

/** Points of a grid on three axes: spectra are compared after a network's embedding, thin axes included. */
export function embedded({ grid: { shape } }: SampleInfo): number[] {
  return [...shape, ...Array<number>(Math.max(0, 3 - shape.length)).fill(1)];
}

/** Of each axis whether it is periodic. */
export function periodicAxes({ boundaries }: SampleInfo): boolean[] {
  return boundaries.map(([near, far]) => near === "periodic" && far === "periodic");
}
