// Which field is what in the physical checks, by the names that data sets of The Well, PDEBench and PDEGym use.

import { componentNames } from "../data/components.ts";
import type { Sample, SampleField } from "../data/dataset.ts";

/** Names of a file's fields in a network's table, or columns there, which say nothing here. */
export type PhysicsMap = Readonly<Record<string, string | number>>;

/** A field of a frame. */
export interface RoleField {
  readonly field: SampleField;
  /** `[..points, ..components]` of the frame. */
  readonly values: Float32Array;
  readonly components: readonly string[];
}

const ROLES = {
  density: ["density", "rho"],
  height: ["height", "h"],
  pressure: ["pressure"],
  velocity: ["velocity"],
  momentum: ["momentum"],
  energy: ["energy", "total_energy"],
  tracer: ["tracer", "particles", "passive_tracer"],
} as const;

/** What a field can be. */
export type Role = keyof typeof ROLES;

const NOT_NEGATIVE = new Set([
  "density",
  "rho",
  "height",
  "h",
  "pressure",
  "energy",
  "total_energy",
  "internal_energy",
  "temperature",
  "concentration",
  "tracer",
  "particles",
  "passive_tracer",
  "electron_fraction",
  "A",
  "B",
]);

/** The name a field is known by. */
function knownName({ name }: SampleField, map: PhysicsMap): string {
  const other = Object.hasOwn(map, name) ? map[name] : undefined;
  return typeof other === "string" ? other : name;
}

/** Whether a field is of a kind whose values are not negative, where its truth is not. */
export function mayNotBeNegative(field: SampleField, map: PhysicsMap): boolean {
  return field.order === 0 && NOT_NEGATIVE.has(knownName(field, map));
}

/** A frame's fields with their numbers. */
export function fieldsOf({ info, times, values }: Sample, frame: number): RoleField[] {
  return info.fields.map((field, i) => {
    const size = values[i]!.length / (field.constant ? 1 : times.length);
    const from = field.constant ? 0 : frame * size;
    return {
      field,
      values: values[i]!.subarray(from, from + size),
      components: componentNames(info, field),
    };
  });
}

/** The field that has a role, if its order fits: velocity and momentum are vectors, all else are numbers. */
export function fieldFor(role: Role, fields: readonly RoleField[], map: PhysicsMap): RoleField | undefined {
  const names: readonly string[] = ROLES[role];
  const order = role === "velocity" || role === "momentum" ? 1 : 0;
  return fields.find(({ field }) =>
    field.order === order && !field.mask && names.includes(knownName(field, map))
  );
}
