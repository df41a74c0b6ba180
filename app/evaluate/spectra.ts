// Power spectra of all rollouts as one: medians over trajectories and seeds, mode by mode.

import { median } from "walrus/metrics";
import type { ByComponent, Score, Spectra } from "./evaluation.ts";
import type { ForecasterParts } from "./found.ts";
import { numberOf, rounded } from "./reduce.ts";
import type { RolloutPart } from "./units.ts";

/** Medians by component, step and wavenumber. */
export function medianSpectra(
  rollouts: readonly RolloutPart[],
  fields: readonly string[],
  steps: readonly number[],
  which: "truth" | "forecast",
): ByComponent<readonly (readonly Score[])[]> {
  return Object.fromEntries(fields.map((field, c) => [
    field,
    steps.map((step) => {
      const powers = rollouts.flatMap(({ spectra }) => {
        const at = spectra.steps.indexOf(step);
        return at < 0 ? [] : [spectra[which][at]![c]!];
      });
      return (powers[0] ?? []).map((_, k) => rounded(median(powers.map((power) => numberOf(power[k])))));
    }),
  ]));
}

/** Spectra of the truth: rollouts of the first forecaster and its first seed meet every trajectory once. */
export function spectraOfTruth(
  forecasters: ReadonlyMap<string, ForecasterParts>,
  fields: readonly string[],
  steps: readonly number[],
): Spectra | null {
  const [first] = forecasters.values();
  const seed = first?.rollouts[0]?.seed;
  const rollouts = (first?.rollouts ?? []).filter((one) => one.seed === seed).map(({ part }) => part);
  const truth = medianSpectra(rollouts, fields, steps, "truth");
  const [power] = Object.values(truth)[0] ?? [];
  return power && power.length > 0 ? { steps, wavenumbers: power.map((_, k) => k + 1), truth } : null;
}
