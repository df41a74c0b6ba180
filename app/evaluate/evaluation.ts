// What an evaluation found, as plain data: `evaluation.json` is one `Evaluation`, reports are made of it alone. Numbers
// that are not finite are null, as JSON has them; all have 8 significant digits. Steps are counted from 1, frames from 0.

/** A number; null where it is not finite or there is none. */
export type Score = number | null;

/** Numbers by component (`velocity_x`) and, as `full`, their mean. */
export type ByComponent<T> = Readonly<Record<string, T>>;

/** An evaluation. */
export interface Evaluation {
  /** Of this format. */
  readonly version: 1;
  /** Words that repeat it. */
  readonly command: string;
  /** What computed. */
  readonly device: string;
  /**
   * SHA-256 of all but `command`, `device`, `costs` and itself: the same for the same options and seeds, whatever the
   * number of processes and interruptions.
   */
  readonly digest: string;
  readonly protocol: Protocol;
  /** Seeds of the draws, each a forecast of its own. */
  readonly seeds: readonly number[];
  readonly checkpoints: readonly CheckpointInfo[];
  readonly datasets: readonly DatasetEvaluation[];
  /** Plain means over the data sets, by forecaster. */
  readonly means: readonly MeanScores[];
  /** Time and memory: not repeatable, hence apart. */
  readonly costs: readonly Cost[];
}

/** What is forecast from where, and what is averaged. */
export interface Protocol {
  /** `own`: rollouts from the first frames; `paper`: from frame 17; `well`: the benchmark's windows. */
  readonly name: ProtocolName;
  /** In a sentence. */
  readonly description: string;
  /** First predicted frame, from 0; null: the one right after the first input frames. */
  readonly from: number | null;
  /** Steps of rollouts at the most; 0: none. */
  readonly steps: number;
  /** Every which window is scored one step ahead. */
  readonly every: number;
  /** Windows of steps that are averaged. */
  readonly windows: readonly StepWindow[];
  /** Whether the networks draw (jitter). */
  readonly jitter: boolean;
  readonly kvCache: boolean;
  /** Members of the ensembles; 0: none. */
  readonly ensemble: number;
  /** How the intervals were made. */
  readonly bootstrap: Bootstrap;
}

/** Names of the protocols. */
export type ProtocolName = "own" | "paper" | "well";

/** Steps from `from` to `to`, both included, counted from 1. */
export interface StepWindow {
  /** As published: `T[1:20]`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Percentile intervals of seeded resamples of trajectories. */
export interface Bootstrap {
  readonly resamples: number;
  /** Share of the resamples within an interval: 0.95. */
  readonly level: number;
  readonly seed: number;
}

/** A network that was evaluated. */
export interface CheckpointInfo {
  /** Its key in `forecasters`. */
  readonly name: string;
  /** As it was given. */
  readonly checkpoint: string;
  /** `walrus`, .. */
  readonly family: string;
  /** In words: `6 blocks of width 96`. */
  readonly description: string;
}

/** Scores of all forecasters on one data set. */
export interface DatasetEvaluation {
  /** Name of the folder or file, or all of its path where two have that name. */
  readonly name: string;
  /** As its files say. */
  readonly dataset: string;
  /** Name in the catalogue of scenarios; null for data that are none of it. */
  readonly scenario: string | null;
  readonly split: string;
  readonly grid: {
    readonly system: string;
    readonly axes: readonly string[];
    readonly shape: readonly number[];
    readonly boundaries: readonly (readonly [string, string])[];
  };
  /** Components that are scored, in order: keys of every `ByComponent` beside `full`. */
  readonly fields: readonly string[];
  /** Input frames. */
  readonly context: number;
  readonly trajectories: readonly TrajectoryInfo[];
  /** The protocol's windows as far as these data go; those that no trajectory reaches are left out. */
  readonly windows: readonly DatasetWindow[];
  /** What differs from the protocol here, in sentences. */
  readonly notes: readonly string[];
  /** Data that could not be scored, in sentences. */
  readonly leftOut: readonly string[];
  /** Checkpoints by their names, then `persistence` and `linear`. */
  readonly forecasters: Readonly<Record<string, ForecasterScores>>;
  /** Spectra of the truth, medians over trajectories; null without rollouts. */
  readonly spectra: Spectra | null;
  /** The best, median and worst trajectory of each checkpoint as pictures. */
  readonly pictures: readonly TrajectoryPictures[];
}

/** A trajectory that was tried. */
export interface TrajectoryInfo {
  /** File and number in words. */
  readonly name: string;
  /** Frames it has. */
  readonly frames: number;
  /** Frame (from 0) of its rollouts' first step. */
  readonly start: number;
  /** Steps its rollouts have; 0 where there is none. */
  readonly steps: number;
}

/** A window of the protocol in data that may be shorter. */
export interface DatasetWindow extends StepWindow {
  /** Last step here; `to` where the data are long enough. */
  readonly last: number;
  /** `T[1:20]`, or `T[1:20] (here 1:13)` where it is shortened. */
  readonly label: string;
}

/** Scores of one forecaster on one data set. */
export interface ForecasterScores {
  readonly kind: "checkpoint" | "persistence" | "linear";
  /** One step ahead; null where there is no window. */
  readonly oneStep: OneStepScores | null;
  /** Trajectory by trajectory, and for each seed by seed. */
  readonly rollouts: readonly RolloutScores[];
  /** VRMSE, mean over components: by the names of `windows`; `all` is every step there is. */
  readonly windows: Readonly<Record<string, WindowScore>>;
  /** VRMSE step by step, by component and `full`. */
  readonly curves: ByComponent<Curve>;
  /** Medians of every metric over all steps, in time intervals, and over trajectories. */
  readonly metrics: Readonly<Record<string, ByComponent<MetricScore>>>;
  /** Power spectra of the forecasts at the steps of `DatasetEvaluation.spectra`, medians over trajectories and seeds. */
  readonly spectra: ByComponent<readonly (readonly Score[])[]> | null;
  readonly ensemble: EnsembleScores | null;
  readonly physics: PhysicsScores | null;
  /** Forecasts that are not finite, in words. */
  readonly notFinite: readonly string[];
}

/** Over samples (windows or trajectories). */
export interface Statistic {
  /** Middle value, mean of the two middle ones of an even number; a mean over seeds where there are several. */
  readonly median: Score;
  /** As evaluation.md has it: the lower of the middle two. */
  readonly lowerMedian: Score;
  readonly mean: Score;
  /** With n - 1; null for one. */
  readonly std: Score;
  /** Samples of a seed. */
  readonly count: number;
  /** Bootstrap interval of `median`, trajectories resampled; null for fewer than two. */
  readonly interval: readonly [number, number] | null;
  /** `median` of each seed, in the order of the evaluation's seeds; one number for what draws nothing. */
  readonly seeds: readonly Score[];
  /** Deviation of `seeds` (n - 1); null for one. */
  readonly spread: Score;
}

/** One step ahead, over windows. */
export interface OneStepScores {
  /** Of the mean over components of VRMSE. */
  readonly vrmse: Statistic;
  /** Every metric by component and `full`: means and medians over windows and seeds. */
  readonly metrics: Readonly<Record<string, ByComponent<MetricScore>>>;
  /** VRMSE, mean over components, of each window: seed by seed, trajectory by trajectory, in time. */
  readonly windows: readonly {
    readonly trajectory: number;
    readonly seed: number;
    /** Frame that was predicted. */
    readonly frame: number;
    readonly vrmse: Score;
  }[];
}

/** A rollout, scored. */
export interface RolloutScores {
  /** Which of `trajectories`. */
  readonly trajectory: number;
  /** Of the draws; the first one for what draws nothing. */
  readonly seed: number;
  /** Per-frame metrics and spectral bins: metric, component, step. `full` is the mean over components. */
  readonly steps: Readonly<Record<string, ByComponent<readonly Score[]>>>;
  /** Metrics of the whole rollout: `HistogramW1`, `TimeWarpingDistance`, `TimeWarpingDistortion`. */
  readonly whole: Readonly<Record<string, ByComponent<Score>>>;
}

/** Names of metrics of whole rollouts. */
export const WHOLE_METRICS = ["HistogramW1", "TimeWarpingDistance", "TimeWarpingDistortion"] as const;

/** VRMSE over a window of steps. */
export interface WindowScore {
  /** Mean over the window's steps of the median over trajectories, which is what papers seem to give. */
  readonly value: Score;
  /** Bootstrap interval of `value`; null for fewer than two trajectories. */
  readonly interval: readonly [number, number] | null;
  /** `value` of each seed. */
  readonly seeds: readonly Score[];
  /** Deviation of `seeds`. */
  readonly spread: Score;
  /** Over trajectories of each one's mean over the window. */
  readonly trajectories: Statistic;
}

/** Along steps, over the trajectories that have the step. */
export interface Curve {
  readonly median: readonly Score[];
  readonly mean: readonly Score[];
  /** Bootstrap interval of the median; null where there are fewer than two trajectories. */
  readonly low: readonly Score[];
  readonly high: readonly Score[];
  /** Trajectories at each step. */
  readonly counts: readonly number[];
}

/** A metric in short. */
export interface MetricScore {
  readonly median: Score;
  readonly lowerMedian: Score;
  readonly mean: Score;
  readonly std: Score;
  /** Lower medians in the log-spaced time intervals (evaluation.md section 4): `0:1`, `1:2`, `2:7`; null where empty. */
  readonly intervals?: Readonly<Record<string, Score>>;
}

/** Radial power spectra. */
export interface Spectra {
  /** Steps at which they were taken. */
  readonly steps: readonly number[];
  /** Cycles per domain. */
  readonly wavenumbers: readonly number[];
  /** Power by component, step and wavenumber. */
  readonly truth: ByComponent<readonly (readonly Score[])[]>;
}

/** Names of what ensembles are scored by at each step. */
export const ENSEMBLE_SERIES = [
  /** Fair CRPS, in the unit of the field; of the first member alone (its mean absolute error); of persistence. */
  "crps",
  "crpsOne",
  "crpsPersistence",
  /** The same over the deviation of the true frame: comparable between fields. */
  "scaledCrps",
  "scaledCrpsOne",
  "scaledCrpsPersistence",
  /** Root of the mean variance of the members, and RMSE of their mean, in the unit of the field. */
  "spread",
  "error",
  /** Root of mean variance times (members + 1) / members, over the error: 1 for a calibrated ensemble. */
  "spreadSkill",
  /** VRMSE of the members' mean, and of the first member. */
  "vrmseMean",
  "vrmseOne",
  /** Share of cells within central intervals of the members. */
  "coverage50",
  "coverage80",
  "coverage90",
] as const;

/** One of them. */
export type EnsembleSeries = typeof ENSEMBLE_SERIES[number];

/** Ensembles of one network, scored over trajectories and cells. */
export interface EnsembleScores {
  readonly members: number;
  /** Of the members. */
  readonly seeds: readonly number[];
  /** Trajectories; cells of one are not independent. */
  readonly trajectories: number;
  /** Cells over all trajectories and steps. */
  readonly cells: number;
  /** Step by step, by component; `full`, a mean over components, where the number has no unit. */
  readonly steps: Readonly<Record<EnsembleSeries, ByComponent<readonly Score[]>>>;
  /** Over all steps at once. */
  readonly all: Readonly<Record<EnsembleSeries, ByComponent<Score>>>;
  /** What calibrated members of this number cover: interval times (members - 1) / (members + 1). */
  readonly expected: Readonly<Record<"coverage50" | "coverage80" | "coverage90", number>>;
  /** Counts of the truth's rank among the members (members + 1 of them), over trajectories, steps and cells. */
  readonly ranks: ByComponent<readonly number[]>;
}

/** What physics asks of forecasts. */
export interface PhysicsScores {
  /** Series of the rollouts: what was checked, of the truth and of the forecast. */
  readonly series: readonly {
    readonly trajectory: number;
    readonly seed: number;
    /** What is measured and of what: `total mass`, `divergence velocity`, `least density`, .. */
    readonly check: string;
    readonly forecast: readonly Score[];
    readonly truth: readonly Score[];
  }[];
  /** Where a forecast breaks what its truth keeps. */
  readonly breaks: readonly {
    readonly trajectory: number;
    readonly seed: number;
    readonly check: string;
    /** The first at which it does. */
    readonly step: number;
    /** In words, with numbers and the bound. */
    readonly message: string;
  }[];
  /** Rollouts that were checked, and those that break something. */
  readonly rollouts: number;
  readonly broken: number;
}

/** Planes of a rollout, to be drawn. */
export interface TrajectoryPictures {
  readonly forecaster: string;
  /** By VRMSE over all steps, first seed. */
  readonly rank: "best" | "median" | "worst";
  readonly trajectory: number;
  readonly seed: number;
  /** That VRMSE. */
  readonly score: Score;
  /** Where the plane of 3D data lies: `z = 16`; null in 1D and 2D. */
  readonly plane: string | null;
  /** Steps of the planes. */
  readonly steps: readonly number[];
  /** Rows (axis 0) and columns (axis 1), thinned out where there are many. */
  readonly shape: readonly [number, number];
  readonly fields: readonly {
    readonly component: string;
    /** What 0 and 65534 stand for; 65535 are cells that are hidden or no number. */
    readonly limits: readonly [number, number];
    /** Base64 of 16-bit little-endian numbers `[steps, rows, columns]`. */
    readonly truth: string;
    readonly forecast: string;
  }[];
}

/** Plain means over data sets, of those that have the number. */
export interface MeanScores {
  readonly forecaster: string;
  readonly oneStep: Score;
  /** By the names of the protocol's windows. */
  readonly windows: Readonly<Record<string, Score>>;
  /**
   * One minus the mean over data sets of the ratio to persistence: 0.3 is an error lower by 30 %, as the paper gives mean
   * reductions.
   */
  readonly reduction: { readonly oneStep: Score; readonly windows: Readonly<Record<string, Score>> };
  /** How many data sets count. */
  readonly datasets: number;
}

/** What forecasts of one forecaster took on one data set. */
export interface Cost {
  readonly dataset: string;
  readonly forecaster: string;
  /** Steps that were predicted. */
  readonly steps: number;
  /** Median of a step within rollouts, without the first; null without rollouts. */
  readonly secondsPerStep: Score;
  /** All of its forecasts. */
  readonly seconds: number;
  /** Most its device held; null for what has no device. */
  readonly bytes: number | null;
}
