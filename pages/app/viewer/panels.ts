// Which panels a scene has and what is in them at a step: fields, differences, or a sentence that says why not.

import type { Plane } from "../../../app/figure/plane.ts";
import {
  frameAt,
  isAway,
  type NarrowPanel,
  type PanelNotice,
  panelsOf,
  type Scene,
  type Track,
  type View,
} from "../scene.ts";

/** A panel. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  /** Which colours it has. */
  readonly kind: "field" | "error" | "spread";
  /** Which choice of a narrow screen shows it. */
  readonly role: Exclude<NarrowPanel, "all">;
  readonly track: Track;
  /** What is taken away from it: errors. */
  readonly minus: Track | null;
  /** Whose scores stand under it. */
  readonly scores: string | null;
}

function field(track: Track, role: Panel["role"], title = track.label): Panel {
  return {
    id: track.id,
    title,
    kind: "field",
    role,
    track,
    minus: null,
    scores: role === "forecast" ? track.id : null,
  };
}

function error(track: Track, minus: Track, title: string): Panel {
  return {
    id: `${track.id}-${minus.id}`,
    title,
    kind: "error",
    role: "error",
    track,
    minus,
    scores: track.id,
  };
}

/** What an ensemble's panels show. */
function ensemblePanels(
  { truth, a, members, mean, spread, quantiles }: Scene,
  { ensemble, member }: View,
): Panel[] {
  const one = members[member] ?? a;
  if (ensemble === "member" || !mean) {
    return [field(truth, "truth"), field(one, "forecast"), error(one, truth, `Error of ${one.label}`)];
  }
  const quantile = ensemble === "low" ? quantiles[0] : ensemble === "high" ? quantiles.at(-1) : null;
  if (quantile) {
    const shown = { ...field(quantile, "forecast"), scores: null };
    return [field(truth, "truth"), shown, {
      ...error(quantile, truth, `${quantile.label} - truth`),
      scores: null,
    }];
  }
  const shown: Panel = ensemble === "spread" && spread
    ? { ...field(spread, "forecast"), kind: "spread", scores: null }
    : field(mean, "forecast");
  return [field(truth, "truth"), shown, error(mean, truth, "Error of the mean")];
}

/** The panels of a scene, row by row. */
export function panelRows(scene: Scene, view: View): readonly (readonly Panel[])[] {
  const { truth, a, b } = scene;
  switch (panelsOf(scene)) {
    case "compare":
      return [
        [field(truth, "truth"), field(a, "forecast"), field(b!, "forecast")],
        [
          // Their names stand over their own panels.
          { ...error(a, b!, "A - B"), scores: null },
          error(a, truth, `Error of ${a.label}`),
          error(b!, truth, `Error of ${b!.label}`),
        ],
      ];
    case "ensemble":
      return [ensemblePanels(scene, view)];
    default:
      return [[field(truth, "truth"), field(a, "forecast"), error(a, truth, "Error")]];
  }
}

/** Numbers of a panel at a step. */
export interface PanelNumbers {
  readonly numbers: Float32Array;
  readonly minus: Float32Array | null;
}

/** What a panel shows of a quantity at a step; null where there is nothing. */
export function numbersOf(panel: Panel, step: number, quantity: number): PanelNumbers | null {
  const numbers = frameAt(panel.track, step)?.[quantity] ?? null;
  if (!numbers) return null;
  if (!panel.minus) return { numbers, minus: null };
  const minus = frameAt(panel.minus, step)?.[quantity] ?? null;
  return minus && { numbers, minus };
}

/** A plane of a panel's numbers. */
export function panelPlane(shown: PanelNumbers, cut: (numbers: Float32Array) => Plane): Plane {
  const plane = cut(shown.numbers);
  if (!shown.minus) return plane;
  const other = cut(shown.minus).values;
  return { ...plane, values: plane.values.map((value, i) => value - other[i]!) };
}

/** A panel's value at a point; null where there is none. */
export function panelValue(shown: PanelNumbers | null, index: number): number | null {
  if (!shown) return null;
  const value = shown.numbers[index]!;
  return shown.minus ? Math.fround(value - shown.minus[index]!) : value;
}

/** What is said in a panel that is empty. */
export function emptyNotice(
  { role, minus }: Panel,
  scene: Scene,
  step: number,
  notice: PanelNotice | null,
): PanelNotice {
  const { steps, computed, running } = scene;
  const say = (text: string): PanelNotice => ({ text, share: null, action: null });
  const truthNeeded = role === "truth" || minus?.id === "truth";
  if (truthNeeded && steps.truth === 0 && step > 0) {
    return say("No truth: the data end with the input frames.");
  }
  if (truthNeeded && step > steps.truth) return say(`No truth after step ${steps.truth}.`);
  if (role === "truth") return say("This frame is not read yet.");
  if (role === "forecast" && notice && computed === 0) return notice;
  if (step <= 0) return say(role === "error" ? "Errors begin at step 1." : "The forecast begins at step 1.");
  if (isAway(scene, step)) return say(`Reading step ${step}.`);
  return say(running ? `Waiting for step ${step}.` : `Step ${step} is not computed.`);
}
