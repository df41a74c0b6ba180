// What the viewer says in words.

import { shortNumber, timeText } from "../../../app/figure/numbers.ts";
import { type Quantity, type Scene, type SceneAxis, timeOf } from "../scene.ts";

/** `kg/m3`, or that none is given. */
export function unitText({ unit }: Pick<Quantity, "unit">): string {
  return unit ?? "no unit given";
}

/** `step 7 of 20`, `input frame 3 of 6`. */
export function stepText({ steps }: Scene, step: number): string {
  return step > 0
    ? `step ${step} of ${steps.planned}`
    : `input frame ${step + steps.inputs} of ${steps.inputs}`;
}

/** `time 0.35 s`, `time 0.35`. */
export function timeWords({ steps }: Scene, step: number): string {
  return `time ${timeText(timeOf(steps, step))}${steps.timeUnit ? ` ${steps.timeUnit}` : ""}`;
}

/** `x = 0.25 m`. */
export function coordinateText({ name, coordinates, unit }: SceneAxis, index: number): string {
  return `${name} = ${shortNumber(coordinates[index] ?? index, 3)}${unit ? ` ${unit}` : ""}`;
}

/** `VRMSE 0.103`; null where there is none. */
export function scoreText(
  { scores }: Scene,
  id: string | null,
  quantity: number,
  step: number,
): string | null {
  const value = scores.find((s) => s.id === id)?.vrmse[quantity]?.[step - 1];
  return value === undefined || Number.isNaN(value) ? null : `VRMSE ${shortNumber(value, 3)}`;
}

/** A canvas in words: "Forecast of A, no unit given, step 7 of 20, 0.29 to 1.0". */
export function pictureText(
  scene: Scene,
  title: string,
  quantity: Quantity,
  step: number,
  { low, high }: { readonly low: number; readonly high: number },
): string {
  const name = title.slice(0, 1).toUpperCase() + title.slice(1);
  const unit = quantity.unit ?? "no unit";
  return `${name} of ${quantity.label}, ${unit}, ${stepText(scene, step)}, ${shortNumber(low)} to ${
    shortNumber(high)
  }`;
}
