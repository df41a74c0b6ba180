// What is checked of a forecast, as tables: laws of physics at the step shown beside the truth, scores of an ensemble.

import { shortNumber } from "../../../app/figure/numbers.ts";
import type { EnsembleCheck, PhysicsNumber, Scene } from "../scene.ts";

/** A table of words and numbers. */
export interface CheckTable {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is wrong, in words. */
  readonly warnings: readonly string[];
  readonly note: string;
}

const KINDS = {
  total: "total ",
  divergence: "divergence of ",
  least: "least ",
  wall: "",
  seam: "jump of ",
} as const;

/** Of all seams the one with the largest jump: a line for each would hide the others. */
function shown(measures: readonly PhysicsNumber[]): PhysicsNumber[] {
  const seams = measures.filter(({ kind }) => kind === "seam").sort((a, b) => b.value - a.value);
  return [...measures.filter(({ kind }) => kind !== "seam"), ...seams.slice(0, 1)];
}

/** Laws of physics; null where the data have none, or nothing was measured. */
export function physicsTable({ checks, mean, b, a, members }: Scene, shownStep: number): CheckTable | null {
  // Input frames have none: the table stays where it is.
  const step = Math.max(1, shownStep);
  const { physics, laws } = checks;
  const at = (id: string) => physics[id]?.[step - 1] ?? null;
  // Of an ensemble its mean is shown, as everywhere.
  const forecasts = (mean ? [mean] : b ? [a, b] : [a]).filter(({ id }) => at(id));
  const [first] = forecasts;
  const measures = (first && at(first.id)) ?? at("truth");
  if (!measures || measures.length === 0) return null;
  const cell = (id: string, { kind, name }: PhysicsNumber) => {
    const found = at(id)?.find((own) => own.kind === kind && own.name === name);
    return found ? shortNumber(found.value, 4) : "";
  };
  const broken = mean ? ["mean", ...members.map(({ id }) => id)] : forecasts.map(({ id }) => id);
  const named = new Map(
    [...members, ...mean ? [mean] : [], ...forecasts].map(({ id, label }) => [id, label]),
  );
  return {
    id: "physics",
    title: "Physics",
    subtitle: `step ${step}; totals in the data's units, ratios else`,
    head: ["Quantity", "Truth", ...forecasts.map(({ label }) => label)],
    rows: shown(measures).map((own) => [
      `${KINDS[own.kind]}${own.name}`,
      cell("truth", own),
      ...forecasts.map(({ id }) => cell(id, own)),
    ]),
    warnings: broken.flatMap((id) =>
      (laws[id] ?? []).map((text) => broken.length > 1 ? `${named.get(id) ?? id}, ${text}` : text)
    ),
    note: "Warned of is what the truth keeps and the forecast breaks.",
  };
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** Scores of an ensemble; null without any. */
export function ensembleTable({ checks: { ensemble }, quantities }: Scene): CheckTable | null {
  const [first] = ensemble ?? [];
  if (!first) return null;
  // The narrowest and the widest say enough in a small table.
  const few = ({ coverage }: EnsembleCheck) => [coverage[0]!, coverage.at(-1)!];
  const row = (check: EnsembleCheck, q: number) => [
    quantities[q]!.label,
    ...[check.crps, check.crpsOfOne, check.crpsOfKept, check.spreadSkill].map((v) => shortNumber(v, 3)),
    ...few(check).map(({ share }) => percent(share)),
  ];
  const intervals = few(first).map(({ interval, expected }) =>
    `${percent(interval)} (${Math.round(100 * expected)})`
  );
  return {
    id: "ensemble",
    title: "Ensemble against truth",
    subtitle: `CRPS in the data's units; ${first.frames} steps, ${first.cells} cells, 1 trajectory`,
    head: ["Field", `CRPS of ${first.members}`, "of one", "kept", "spread/error", ...intervals],
    rows: ensemble!.map(row),
    warnings: [],
    note: "Share of cells within intervals; in brackets what calibrated members of this number have, whose " +
      "spread/error is 1.",
  };
}
