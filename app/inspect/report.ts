// What inspect finds, as plain data: `--json` prints one of these records as it is, and the printer draws nothing else.
// Counts are numbers, sizes bytes, times in the data's own units unless they say seconds; what is not known is null.

import type { GridTreatment } from "walrus";
import type { MaskKind } from "walrus/data";
import type { Learnt, LearntSystem } from "walrus/models";

/** What was inspected. */
export type Report = DataReport | CheckpointReport | ConfigurationReport | ContentsReport;

/** Simulations. */
export interface DataReport {
  readonly kind: "data";
  /** Path or URL. */
  readonly name: string;
  /** Which reader opened it: `well`, `arrays`. */
  readonly format: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** The data set of the paper that it is, or is a variant of; null: none. */
  readonly scenario: string | null;
  /** Trajectories by split. */
  readonly splits: readonly { readonly name: string; readonly trajectories: number }[];
  /** What the reader warned of. */
  readonly warnings: readonly string[];
  /** One of the trajectories; the first unless another was asked for. */
  readonly trajectory: TrajectoryReport;
  /** Statistics of the fields that lie beside the data. */
  readonly statistics: boolean;
  /** Numbers of every component, with `--values` or `--check`; null otherwise. */
  readonly values: readonly ComponentValues[] | null;
  /** What the network would do with it. */
  readonly network: UseReport | null;
  /** With `--check`; null otherwise. */
  readonly findings: readonly Finding[] | null;
}

/** A trajectory. */
export interface TrajectoryReport {
  readonly split: string;
  readonly index: number;
  /** Frames. */
  readonly steps: number;
  readonly time: Range;
  /** `cartesian`, ..: as the file says. */
  readonly system: string;
  readonly axes: readonly AxisReport[];
  /** In the file's order, those that vary in time first. */
  readonly fields: readonly FieldReport[];
  /** Run parameters. */
  readonly scalars: Readonly<Record<string, number>>;
  /** Cells that masks hide, of all; null without a mask. */
  readonly hidden: { readonly cells: number; readonly of: number } | null;
}

/** Numbers in a row. */
export interface Range {
  readonly first: number;
  readonly last: number;
  /** From one to the next where that is always the same; null where it is not. */
  readonly step: number | null;
}

/** An axis of the grid. Scattered points have one axis and several coordinates, each of which is listed. */
export interface AxisReport {
  readonly name: string;
  readonly points: number;
  readonly coordinates: Range;
  /** Near and far side; null where the axis has none. */
  readonly boundary: readonly [string, string] | null;
}

/** A field. */
export interface FieldReport {
  readonly name: string;
  /** 0 scalar, 1 vector, 2 matrix. */
  readonly order: number;
  /** Whether it stays the same in time. */
  readonly constant: boolean;
  /** Names of its components in the order in which they are stored. */
  readonly components: readonly string[];
  /** What it is not 0 at, where it is a mask: cells that are `hidden`, or `kept`; null where it is none. */
  readonly mask: MaskKind | null;
}

/** Numbers of a component over all frames that were read; hidden cells are left out. */
export interface ComponentValues {
  readonly name: string;
  /** Numbers that were read. */
  readonly count: number;
  readonly nan: number;
  readonly infinite: number;
  /** Where the first number lies that is not finite: `trajectory 0, frame 4`. */
  readonly firstBad: string | null;
  /** Of those that are finite; null where none is. */
  readonly least: number | null;
  readonly most: number | null;
  readonly mean: number | null;
  /** Standard deviation. */
  readonly deviation: number | null;
  /** Whether any number differs from the one before it in time; false for constant fields. */
  readonly changes: boolean;
}

/** What a network does with data. */
export interface UseReport {
  /** Checkpoint or configuration. */
  readonly name: string;
  readonly family: string;
  readonly description: string;
  /** Input frames. */
  readonly frames: { readonly usual: number; readonly least: number; readonly most: number | null };
  /** Where each field goes. */
  readonly fields: readonly FieldUse[];
  /** What is done with grids of unusual sizes. */
  readonly treatment: GridTreatment;
  /** How the grid is cut, in the network's own words; empty where it says nothing. */
  readonly grid: readonly string[];
  /** What it was trained on of this data set; null: nothing that is known. */
  readonly seen: LearntSystem | null;
  /** Grids that it was trained on; null where that is not known. */
  readonly learntGrids: readonly (readonly number[])[] | null;
  /** Tokens of the input frames together. */
  readonly tokens: number | null;
  /** Why it can not take the data; null where it can. */
  readonly refused: string | null;
  /** A forecast step on each backend; empty where it is refused. */
  readonly steps: readonly StepReport[];
  /** Its whole field table, with `--fields`; null otherwise, or where it has none. */
  readonly table: readonly TableRow[] | null;
}

/** A field as the network takes it. */
export interface FieldUse {
  /** As the file has it. */
  readonly name: string;
  /** Columns of its components in the field table, those that an embedding adds included; null: it is not known. */
  readonly columns: readonly number[] | null;
  /** Whether the network is known to have been trained on it. */
  readonly learnt: boolean | null;
  /** `log10`, `zeros_like`; null: it is taken as it is. */
  readonly transform: string | null;
  /** Names of the table that may have been meant, where it is not known. */
  readonly near: readonly string[];
}

/** A row of a field table. */
export interface TableRow {
  readonly column: number;
  readonly name: string;
  /** The data's field that goes there. */
  readonly field: string | null;
}

/** A forecast step on a backend. */
export interface StepReport {
  readonly backend: string;
  /** What it is made of; null where there is none. */
  readonly device: string | null;
  /** Why there is no such device, or why the step does not fit; null where all is well. */
  readonly problem: string | null;
  /** Bytes of the weights as the checkpoint stores them. */
  readonly weights: number | null;
  /** Bytes of everything else while it runs. */
  readonly working: number | null;
  /** Floating-point operations of products. */
  readonly operations: number | null;
  /** Operations a second that the device reached on products of matrices, just measured. */
  readonly rate: number | null;
  /** Seconds of a step. */
  readonly seconds: number | null;
  /** Whether a step was run, with `--time`, or its seconds follow from operations and rate. */
  readonly measured: boolean;
}

/** A checkpoint. */
export interface CheckpointReport {
  readonly kind: "checkpoint";
  readonly name: string;
  /** `torch`, `safetensors`, `distributed`. */
  readonly format: string;
  /** What was noticed: prefixes that were removed, where in the file the weights lie. */
  readonly notes: readonly string[];
  /** What is stored among the tensors and is not read, by name: why. */
  readonly unread: Readonly<Record<string, string>>;
  /** Under the names by which they are loaded. */
  readonly tensors: readonly TensorReport[];
  /** Texts that it keeps beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The network that it holds; null where that can not be told. */
  readonly network: NetworkReport | null;
  /** Why there is no network. */
  readonly refused: string | null;
  /** With `--check`; null otherwise. */
  readonly findings: readonly Finding[] | null;
}

/** A tensor of a checkpoint. */
export interface TensorReport {
  readonly name: string;
  /** How it is stored. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** A network by itself. */
export interface NetworkReport {
  readonly family: string;
  readonly description: string;
  /** Numbers of all its tensors, and of those that are trained. */
  readonly parameters: number;
  readonly trained: number;
  /** Whether its forecasts use random draws (jitter). */
  readonly draws: boolean;
  /** Whether it can keep keys and values of past frames. */
  readonly kvCache: boolean;
  /** As the family keeps it. */
  readonly config: unknown;
  /** Its field table; null where it knows fields by no name. */
  readonly table: readonly TableRow[] | null;
  /** Data sets that it was trained on, as its files say; empty where they say nothing. */
  readonly trainedOn: readonly string[];
  /** The same with grids, boundaries, fields and their ranges: its `learnt.yaml`; null where it has none. */
  readonly learnt: Learnt | null;
}

/** A configuration without weights. */
export interface ConfigurationReport {
  readonly kind: "configuration";
  readonly name: string;
  readonly network: NetworkReport;
}

/** A file whose parts can be listed but that no reader takes: the error that ends the command says why. */
export interface ContentsReport {
  readonly kind: "contents";
  readonly name: string;
  /** `hdf5`, `npz`, `npy`. */
  readonly format: string;
  readonly arrays: readonly TensorReport[];
  /** Why it can not be forecast from. */
  readonly refused: string;
  /** With `--check`; null otherwise. */
  readonly findings: readonly Finding[] | null;
}

/** What is wrong, or odd. */
export interface Finding {
  /** `fatal`: it can not be read; `fault`: some use of it fails or is wrong; `note`: odd. */
  readonly level: "fatal" | "fault" | "note";
  /** In which file, where there are several. */
  readonly file: string | null;
  readonly what: string;
  /** What would mend it. */
  readonly mend: string | null;
}
