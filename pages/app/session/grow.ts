// How a scene grows: a frame of a forecast, measures of a step. Pure.

import {
  eachTrack,
  type FrameNumbers,
  QUANTILES,
  type Scene,
  type SceneChecks,
  type Scores,
  type Track,
} from "../scene.ts";
import type { StepChecks } from "./checks.ts";
import type { Measured } from "./measure.ts";
import { withFrame } from "./scene_of.ts";

/** Tracks that are computed, by their ids. */
export function laneIds({ a, b, members }: Scene): Readonly<Record<string, Track>> {
  if (members.length > 1) return Object.fromEntries(members.map((track) => [track.id, track]));
  return b ? { a, b } : { a };
}

/** Members have tracks of their own; the first one is the forecast, too. */
export function emptyMembers(seeds: number, first: number): Track[] {
  if (seeds < 2) return [];
  return Array.from({ length: seeds }, (_, i) => ({
    id: `member ${i + 1}`,
    label: `Seed ${first + i}`,
    first: 1,
    frames: [],
  }));
}

/** A scene with a frame more. */
export function addFrame(scene: Scene, id: string, step: number, frame: FrameNumbers): Scene {
  if (id === "a") return { ...scene, a: withFrame(scene.a, step, frame) };
  if (id === "b") return scene.b ? { ...scene, b: withFrame(scene.b, step, frame) } : scene;
  const members = scene.members.map((track) => track.id === id ? withFrame(track, step, frame) : track);
  const a = members[0]!.id === id ? withFrame(scene.a, step, frame) : scene.a;
  return { ...scene, members, a };
}

/** Names of curves, in the order in which they are drawn. */
function labelOf(scene: Scene, id: string): string {
  if (id === "persistence") return "Last input, kept";
  if (id === "mean") return `Mean of ${scene.members.length}`;
  if (id === "a") return scene.a.label;
  if (id === "b") return scene.b?.label ?? "B";
  return scene.members.find((track) => track.id === id)?.label ?? id;
}

const ORDER = ["a", "b", "mean", "persistence"];

function rank({ id }: Scores): number {
  const place = ORDER.indexOf(id);
  return place < 0 ? ORDER.length : place;
}

/** Scores with those of a step put in. */
function withScores(scene: Scene, step: number, found: Measured["scores"]): readonly Scores[] {
  const scores = new Map(scene.scores.map((own) => [own.id, own]));
  for (const [id, values] of Object.entries(found)) {
    const known = scores.get(id)?.vrmse ?? scene.quantities.map(() => []);
    const vrmse = known.map((curve, q) => {
      const longer: number[] = [...curve];
      while (longer.length < step) longer.push(NaN);
      longer[step - 1] = values[q] ?? NaN;
      return longer;
    });
    scores.set(id, { id, label: labelOf(scene, id), vrmse });
  }
  return [...scores.values()].sort((a, b) => rank(a) - rank(b));
}

/** Checks with those of a step put in. */
function withChecks({ physics, laws, ensemble }: SceneChecks, step: number, found: StepChecks): SceneChecks {
  const longer = Object.entries(found.physics).map(([id, measures]) => {
    const steps = [...physics[id] ?? []];
    while (steps.length < step) steps.push(null);
    steps[step - 1] = measures;
    return [id, steps];
  });
  return {
    physics: { ...physics, ...Object.fromEntries(longer) },
    laws: { ...laws, ...found.laws },
    ensemble: found.ensemble ?? ensemble,
  };
}

/** A scene with what was measured of a step. */
export function addMeasures(scene: Scene, measured: Measured): Scene {
  const { scene: id, step, scores, mean, spread, quantiles } = measured;
  if (id !== scene.id) return scene;
  const track = (own: Track | null, name: string, label: string, frame: FrameNumbers | null) =>
    frame ? withFrame(own ?? { id: name, label, first: 1, frames: [] }, step, frame) : own;
  return {
    ...scene,
    scores: withScores(scene, step, scores),
    mean: track(scene.mean, "mean", labelOf(scene, "mean"), mean),
    spread: track(scene.spread, "spread", `Spread of ${scene.members.length}`, spread),
    quantiles: quantiles.map((frame, i) => {
      const percent = `${100 * QUANTILES[i]!} %`;
      return track(
        scene.quantiles[i] ?? null,
        `quantile ${percent}`,
        `${percent} of ${scene.members.length}`,
        frame,
      )!;
    }),
    checks: withChecks(scene.checks, step, measured.checks),
  };
}

/** A scene whose forecasts end before a step: from there on they mean nothing. */
export function cutAt(scene: Scene, step: number): Scene {
  const cut = (track: Track): Track => ({
    ...track,
    frames: track.frames.slice(0, step - track.first),
    ...track.away ? { away: new Map([...track.away].filter(([own]) => own < step)) } : {},
  });
  return {
    ...eachTrack(scene, cut),
    computed: Math.min(scene.computed, step - 1),
    diverged: step,
    running: false,
    scores: scene.scores.map((own) =>
      own.id === "persistence" ? own : { ...own, vrmse: own.vrmse.map((curve) => curve.slice(0, step - 1)) }
    ),
  };
}
