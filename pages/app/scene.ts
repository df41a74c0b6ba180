// What is shown of a forecast, as plain data: the contract between those who compute (session, data) and those who show
// (viewer, charts, take-away). A scene is replaced, never changed; the arrays in it are never written to again.
//
// Steps: 0 is the last input frame, 1 the first that is forecast; inputs before it are negative. Every list "by step"
// says at which step it begins. Numbers of a frame lie as the grid stores its points: the last axis is the fastest.

/** A component of a field: what a panel shows. */
export interface Quantity {
  /** As scores and links name it: `velocity_x`. Unique in a scene. */
  readonly key: string;
  /** As people read it: `velocity x`. */
  readonly label: string;
  /** Name of its field: components of one field share their limits. */
  readonly field: string;
  /** Null: the data do not give one, "no unit given". */
  readonly unit: string | null;
  /** Whether its input frames hold numbers of both signs, the smaller end more than a tenth of the larger. */
  readonly signed: boolean;
  /** Whether all its input numbers are above 0: a logarithm can be taken. */
  readonly positive: boolean;
}

/** An axis of the grid. */
export interface SceneAxis {
  readonly name: string;
  readonly points: number;
  /** Where its points lie; `[points]`. */
  readonly coordinates: Float64Array;
  readonly unit: string | null;
  /** Near and far side; spectra take a window where they are not periodic. */
  readonly boundary: readonly [Side, Side];
}

/** What holds at a side. */
export type Side = "wall" | "open" | "periodic";

/** One to three axes in storage order. */
export interface SceneGrid {
  readonly axes: readonly SceneAxis[];
  /** Points in all. */
  readonly points: number;
  /** `cartesian`, or what the file says. */
  readonly system: string;
}

/** A frame: `[points]` for each quantity; null where there is none of it. */
export type FrameNumbers = readonly (Float32Array | null)[];

/** Frames of one origin. */
export interface Track {
  /** `truth`, `a`, `b`, `mean`, `spread`, `member 3`. */
  readonly id: string;
  /** As legends and line ends name it. */
  readonly label: string;
  /** Step of the first frame of `frames`. */
  readonly first: number;
  /** By step; null where a frame is not here (not computed, no truth, or away). */
  readonly frames: readonly (FrameNumbers | null)[];
  /** Frames that were put away to save memory, by their steps. */
  readonly away?: ReadonlyMap<number, AwayFrame>;
}

/** What is known of a frame that was put away. */
export interface AwayFrame {
  /** Its number where it lies. */
  readonly key: number;
  /** Mean of each quantity over the cells that count. */
  readonly means: readonly number[];
}

/** Errors of one origin, by quantity, then by step from 1; NaN where there is none. */
export interface Scores {
  readonly id: string;
  readonly label: string;
  readonly vrmse: readonly (readonly number[])[];
}

/** A number of a frame that physics may keep, as the library measures it. */
export interface PhysicsNumber {
  readonly kind: "total" | "divergence" | "least" | "wall" | "seam";
  readonly name: string;
  readonly value: number;
}

/** Scores of an ensemble's quantity over all steps that have a truth. */
export interface EnsembleCheck {
  readonly members: number;
  readonly frames: number;
  readonly cells: number;
  /** Of the ensemble, of its first member alone, and of the last input frame, kept. */
  readonly crps: number;
  readonly crpsOfOne: number;
  readonly crpsOfKept: number;
  readonly spreadSkill: number;
  readonly coverage: readonly {
    readonly interval: number;
    readonly share: number;
    readonly expected: number;
  }[];
}

/** What was checked of a scene. */
export interface SceneChecks {
  /** By track, `truth` among them, then by step from 1; null where a step was not measured. */
  readonly physics: Readonly<Record<string, readonly (readonly PhysicsNumber[] | null)[]>>;
  /** By track: laws that it breaks and its truth keeps, in words. */
  readonly laws: Readonly<Record<string, readonly string[]>>;
  /** By quantity; null without members or truth. */
  readonly ensemble: readonly EnsembleCheck[] | null;
}

/** Nothing was checked yet. */
export const NO_CHECKS: SceneChecks = { physics: {}, laws: {}, ensemble: null };

/** Quantiles of an ensemble that are shown. */
export const QUANTILES: readonly number[] = [0.1, 0.9];

/** Steps of a scene. */
export interface SceneSteps {
  /** Input frames: the first has step `1 - inputs`. */
  readonly inputs: number;
  /** Steps that are asked for. */
  readonly planned: number;
  /** Last step of which there is truth; 0: none. */
  readonly truth: number;
  /** Time of every step from `1 - inputs` to `planned`: `times[step + inputs - 1]`. */
  readonly times: Float64Array;
  readonly timeUnit: string | null;
}

/** What a forecast was made with, for files and links. */
export interface Provenance {
  readonly data: string;
  readonly trajectory: number;
  /** Split of the trajectory. */
  readonly split: string;
  /** First input frame and frames from one to the next. */
  readonly start: number;
  readonly stride: number;
  readonly seed: number;
  readonly draws: boolean;
  /** Networks by the id of their tracks. */
  readonly models: Readonly<Record<string, string>>;
  readonly device: string;
  readonly weights: string;
  readonly grid: string;
  /** Field of the data = name in the network's table. */
  readonly map: Readonly<Record<string, string>>;
  /** Kinds of boundary that are not known = what they are taken for. */
  readonly boundaries: Readonly<Record<string, Side>>;
  /** Of this library. */
  readonly version: string;
}

/** All that viewer, charts and take-away know. */
export interface Scene {
  /** Another for each run: views forget their probe and scales when it changes. */
  readonly id: number;
  /** Name of the data, for titles and files: `gray_scott_mini`. */
  readonly name: string;
  readonly grid: SceneGrid;
  readonly quantities: readonly Quantity[];
  readonly steps: SceneSteps;
  /** 1 for hidden cells `[points]`; null: none are. */
  readonly hidden: Uint8Array | null;
  /** Begins with the input frames, at step `1 - inputs`; then the truth as far as there is one. */
  readonly truth: Track;
  /** Begins at step 1; grows. */
  readonly a: Track;
  /** The second forecast of a comparison. */
  readonly b: Track | null;
  /** Forecasts of other seeds, `a` among them; empty unless several seeds are asked for. */
  readonly members: readonly Track[];
  /** Mean and standard deviation (n - 1) of the members; null unless there are two. */
  readonly mean: Track | null;
  readonly spread: Track | null;
  /** Quantiles of the members, in the order of {@link QUANTILES}; empty unless there are two. */
  readonly quantiles: readonly Track[];
  /** Last step that is computed by all that is shown; 0: none yet. */
  readonly computed: number;
  /** Whether more frames are on their way. */
  readonly running: boolean;
  /** Step from which a forecast is not finite or far out of range; null: none. */
  readonly diverged: number | null;
  /** Of forecasts and of `persistence`, in the order in which they are drawn; empty without truth. */
  readonly scores: readonly Scores[];
  readonly checks: SceneChecks;
  readonly provenance: Provenance;
}

/** Said in the forecast's panel while it is empty: loading, waiting, what to do. */
export interface PanelNotice {
  readonly text: string;
  /** 0 to 1, or null where no share is known. */
  readonly share: number | null;
  readonly action: { readonly label: string; run(): void } | null;
}

/** Which panels there are. */
export type Panels = "a" | "compare" | "ensemble";

/** What a narrow screen shows of them. */
export type NarrowPanel = "truth" | "forecast" | "error" | "all";

/** A plane of a grid with three axes. */
export interface PlaneView {
  /** Number of the axis it lies across. */
  readonly axis: number;
  /** Which of its points. */
  readonly index: number;
}

/** Colour maps of fields; errors have their own. `auto`: by sign. */
export type ColourMap = "auto" | "viridis" | "cividis" | "magma" | "balance" | "RdBu";

/** How a scene is looked at: what the viewer's controls change, and what a link keeps. */
export interface View {
  /** From `1 - inputs` to `planned`. */
  readonly step: number;
  /** Whether the step shown goes along with the newest that is computed. */
  readonly follow: boolean;
  readonly playing: boolean;
  /** Steps a second: 1, 2, 4, 8, 16. */
  readonly speed: number;
  readonly loop: boolean;
  /** Key of the quantity shown; null: the first. */
  readonly quantity: string | null;
  /** Null: the middle of the last axis. */
  readonly plane: PlaneView | null;
  readonly map: ColourMap;
  /** Own limits; null: from the data. */
  readonly low: number | null;
  readonly high: number | null;
  readonly log: boolean;
  /** 1: whole domain. */
  readonly zoom: number;
  /** Shares of the domain at the middle of the panel, right and up. */
  readonly centre: readonly [number, number];
  /** Indices of the point looked at, one an axis; null: none. */
  readonly probe: readonly number[] | null;
  readonly swapped: boolean;
  /** Whether the axes to the right and up run backwards. */
  readonly flipped: readonly [boolean, boolean];
  readonly narrow: NarrowPanel;
  /** What an ensemble's panel shows. */
  readonly ensemble: "member" | "mean" | "spread" | "low" | "high";
  readonly member: number;
}

/** A view of the whole, at the last input frame. */
export const FIRST_VIEW: View = {
  step: 0,
  follow: true,
  playing: false,
  speed: 4,
  loop: false,
  quantity: null,
  plane: null,
  map: "auto",
  low: null,
  high: null,
  log: false,
  zoom: 1,
  centre: [0.5, 0.5],
  probe: null,
  swapped: false,
  flipped: [false, false],
  narrow: "forecast",
  ensemble: "mean",
  member: 0,
};

/** A frame of a track at a step; null where it is not there. */
export function frameAt(track: Track | null, step: number): FrameNumbers | null {
  return track?.frames[step - track.first] ?? null;
}

/** Tracks of what is computed. The truth is in its file. */
export function computedTracks({ a, b, members, mean, spread, quantiles }: Scene): Track[] {
  return [a, b, mean, spread, ...quantiles, ...members].filter((track) => track !== null);
}

/** A scene with every computed track changed. */
export function eachTrack(scene: Scene, change: (track: Track) => Track): Scene {
  const own = <T extends Track | null>(track: T) => (track && change(track)) as T;
  return {
    ...scene,
    a: own(scene.a),
    b: own(scene.b),
    mean: own(scene.mean),
    spread: own(scene.spread),
    quantiles: scene.quantiles.map(own),
    members: scene.members.map(own),
  };
}

/** Whether a frame of a step was put away in any computed track. */
export function isAway(scene: Scene, step: number): boolean {
  return computedTracks(scene).some(({ away }) => away?.has(step));
}

/** Time of a step. */
export function timeOf({ inputs, times }: SceneSteps, step: number): number {
  return times[step + inputs - 1] ?? NaN;
}

/** Index of the quantity that a view shows. */
export function quantityIndex({ quantities }: Pick<Scene, "quantities">, { quantity }: View): number {
  return Math.max(0, quantities.findIndex(({ key }) => key === quantity));
}

/** Which panels a scene has. */
export function panelsOf({ b, members }: Scene): Panels {
  return b ? "compare" : members.length > 1 ? "ensemble" : "a";
}
