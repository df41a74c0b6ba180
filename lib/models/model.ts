// What a network must offer to be loaded, forecast, trained, planned and scored. Loader, rollout, scorer, trainer, planner
// and commands know no more of a network than this. A model is pure: it holds no weights, no device and no state.

import type { Sample, SampleInfo } from "../data/dataset.ts";
import type { FieldTransforms } from "../data/transforms.ts";
import type { Statistics } from "../data/statistics.ts";
import type { Tensor } from "../ir/node.ts";
import type { HostArray, Shape, Type } from "../ir/types.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { RandomSource } from "../random/random_source.ts";

export type { Parameters } from "../nn/parameters.ts";

/** Numbers of a program's inputs by name. */
export type Inputs = Readonly<Record<string, HostArray>>;

/** Names of a file's fields in the model's table (another name, or a column), where they differ. */
export type FieldMap = Readonly<Record<string, string | number>>;

/** A tensor of the network. */
export interface ParameterInfo {
  /** As in the checkpoint. */
  readonly shape: Shape;
  /**
   * The narrowest type it may be stored as: `f32` for norms, biases and tables; `f16` for what kernels widen as they
   * read it; `i8` for large matrices `[out, ..]` that are only ever the second operand of a product, taken with
   * `linear` (lib/nn): they may have a scale for each output, and get adapters.
   */
  readonly narrow: "f32" | "f16" | "i8";
  /** `fixed` tensors are read and never trained; `unused` ones are in files only. */
  readonly use: "trained" | "fixed" | "unused";
  /** Numbers when training from scratch; `random` is that of the tensor's position in the checkpoint's order. */
  start(random: RandomSource): Float32Array;
}

/**
 * A traced function of a network. Inputs and outputs are flat records; an output `state/..` is the next value of the
 * input of that name, which stays on the device.
 */
export interface Traced<S> {
  /** Types of the inputs for a shape, parameters left out. */
  types(shape: S): Readonly<Record<string, Type>>;
  /** Builds the graph. */
  trace(
    parameters: Parameters,
    inputs: Readonly<Record<string, Tensor>>,
    shape: S,
  ): Readonly<Record<string, Tensor>>;
}

/** How a sample's fields are read. It changes what is computed with, not the program. */
export interface FieldOptions {
  /** Names of the file's fields in the model's table. */
  readonly map?: FieldMap;
  /** Fields taken in another form; those of the model for this data set unless given. */
  readonly transforms?: FieldTransforms;
}

/**
 * What a network does with a grid of a size it has not been made for: what leaves the data on their own points and, where
 * nothing does, interpolation (`auto`, the usual); the former alone (`native`); interpolation to a size it has been made
 * for (`resample`); nothing (`refuse`).
 */
export type GridTreatment = "auto" | "native" | "resample" | "refuse";

/** What a program is made for, besides the sample's own grid and fields. */
export interface ShapeOptions extends FieldOptions {
  /** Samples at once. */
  readonly samples: number;
  /** Input frames; the model's usual number unless given. */
  readonly frames?: number;
  /** Whether the model may use random draws (jitter); its configuration decides unless given. */
  readonly draws?: boolean;
  /** What is done with a grid of an unusual size; `auto` unless given. A network of any grid ignores it. */
  readonly grid?: GridTreatment;
  /** Set when a loss is computed. */
  readonly training?: {
    /** Micro-batches of a training step: each gives its share of the mean loss. */
    readonly parts: number;
    /** Settings of the loss, as the model's recipe names them. */
    readonly loss: Readonly<Record<string, unknown>>;
  };
}

/** Which step of a rollout, or which micro-batch. */
export interface StepPlace {
  /** From 1 in a rollout; the micro-batch's number in training. */
  readonly index: number;
  /** Steps since the KV cache was filled; 0 where there is none, or in the step that fills it. */
  readonly decoded: number;
  /** Time to predict ahead, in the data's units. */
  readonly lead: number;
  /** Draws of this step; of the step that filled the KV cache while there is one. */
  readonly random: RandomSource;
}

/**
 * How networks of a family are trained unless told otherwise: sections of a run's configuration (`optimizer`, `loss`,
 * `data`, `training`, `schedule`, `model`), each with its keys. The settings of the loss are those of `loss`.
 */
export type Recipe = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A data set that a network was trained on. */
export interface LearntSystem {
  /** Points of each axis. */
  readonly grid: readonly number[];
  /** Of each axis: what both its sides are, or the near and the far one: `wall, open`. */
  readonly boundaries: readonly string[];
  /** Name of the split. */
  readonly split: string;
  /** How many. */
  readonly trajectories: number;
}

/** A field, or a component of one, that a network was trained on. */
export interface LearntField {
  /** Range of its numbers, in frames spread over the training data, in the form in which the network takes it. */
  readonly low: number;
  /** See `low`. */
  readonly high: number;
  /** Names of the data sets that have it. */
  readonly systems: readonly string[];
}

/** What a network was trained on. */
export interface Learnt {
  /** Whether this is all: false where the training began with a network of which it is not known. */
  readonly complete: boolean;
  /** Data sets by name. */
  readonly systems: Readonly<Record<string, LearntSystem>>;
  /** Fields by their names in the model's table. */
  readonly fields: Readonly<Record<string, LearntField>>;
}

/** A place of a model's field table. */
export interface FieldPlace {
  /** One for each component, as the model embeds it. */
  readonly columns: readonly number[];
  /** Names in the table, of the components that data have; absent: as the data name the field. */
  readonly names?: readonly string[];
  /** Whether the network is known to have been trained on it. */
  readonly learnt: boolean;
}

/**
 * A network of some configuration.
 *
 * @template S what determines its programs besides the configuration: plain data that JSON keeps
 */
export interface Model<S = unknown> {
  /** Name of its family, as the registry has it. */
  readonly family: string;
  /** In words: `6 blocks of width 96`. */
  readonly description: string;
  /** The configuration as plain data that JSON keeps. */
  readonly config: unknown;
  /** All tensors in the checkpoint's order. */
  readonly parameters: ReadonlyMap<string, ParameterInfo>;
  /** Scopes of its forward pass, in order, that may be computed again in the backward pass. */
  readonly regions?: readonly string[];
  /** Frames that a forecast of such data starts from. */
  contextFrames(info: SampleInfo): { readonly usual: number; readonly least: number; readonly most: number };
  /**
   * Where each field goes.
   *
   * @throws RangeError naming the fields it does not know
   */
  fields(info: SampleInfo, map?: FieldMap, transforms?: FieldTransforms): readonly FieldPlace[];
  /** What it was trained on; absent: not known. */
  readonly learnt?: Learnt;
  /** Names of the fields in its table, those that data may use; absent: it knows none by name. */
  knownFields?(): readonly string[];
  /** Which fields it takes in another form, by their names in the file. Absent: none. */
  transforms?(info: SampleInfo): FieldTransforms;
  /**
   * What a program is made for. Equal shapes share programs.
   *
   * @throws RangeError or TypeError for data that the network can not take
   */
  shape(info: SampleInfo, options: ShapeOptions): S;
  /** How data of such a shape are cut into what it computes with, in lines for people. Absent: nothing to say. */
  gridNotes?(shape: S): readonly string[];
  /** Whether its forecasts use random draws unless told otherwise. Absent: they do not. */
  readonly draws?: boolean;
  /**
   * Inputs of a forecast, or of a loss where samples have frames beyond the shape's: those become the target. A
   * program takes those of its types; others may be there.
   *
   * @param samples as many as the shape says, of one kind
   * @param shape made of their info
   * @param statistics of the data set; needed by networks that are normalised with them
   * @param options as the shape was made with
   * @throws TypeError for samples that differ in what a batch shares, or where statistics are missing
   */
  inputs(
    samples: readonly Sample[],
    shape: S,
    statistics: Statistics | null,
    options?: FieldOptions,
  ): Inputs;
  /** Inputs that change from step to step: draws, lead time, slots of the KV cache. */
  stepInputs?(shape: S, place: StepPlace): Inputs;
  /**
   * Predicted frames in the samples' own fields and units.
   *
   * @param output `frames` of a forecast
   * @param shape of the program
   * @param samples that the forecast started from
   * @param options as the shape was made with
   * @returns of every sample, of every predicted frame, each field that varies: `[..points, ..components]`
   */
  frames(
    output: Float32Array,
    shape: S,
    samples: readonly Sample[],
    options?: FieldOptions,
  ): readonly (readonly (readonly Float32Array[])[])[];
  /** One step: gives `frames`, and the next `state/..`. */
  readonly forecast: Traced<S>;
  /**
   * The same with keys and values of past frames kept: a step that fills them, and later ones that compute one frame.
   * Both have the same `state/..` inputs; those that {@link Model.inputs} does not give start as zeros.
   */
  readonly kvCache?: { readonly prefill: Traced<S>; readonly decode: Traced<S> };
  /** Gives `loss`, one number. */
  readonly loss: Traced<S>;
  /** Factors of a parameter's gradient, 0 where symmetry makes it vanish; null where there are none. */
  gradientMask?(name: string, shape: S): Float32Array | null;
  /**
   * Frames of the training examples of a trajectory, at stride 1.
   *
   * @param steps frames of the trajectory
   * @param frames input frames
   */
  examples(steps: number, frames: number): readonly (readonly number[])[];
  /** A random symmetry of the data, one for a micro-batch, drawn after strides are; absent: there is none. */
  augment?(samples: readonly Sample[], random: RandomSource): readonly Sample[];
  /** Tokens of all frames of all samples of such a shape, for throughput; absent: not counted. */
  tokens?(shape: S): number;
  /** Factors of the learning rate and of the weight decay of a tensor; 1 where absent. */
  group?(name: string): { readonly rate: number; readonly decay: number };
  /** Configuration files of an export by name. */
  files(): Promise<Readonly<Record<string, string>>>;
  /** Name of an export's weights. */
  readonly weightsFile: string;
}

/** A new network and how tensors of an old one are carried into it. */
export interface CreatedModel {
  /** The new network. */
  readonly model: Model;
  /** What was added, in words. */
  readonly notes: readonly string[];
  /**
   * Numbers of a tensor of the new network.
   *
   * @param name of the tensor
   * @param old tensors of the network it is made from
   * @param fresh makes start values
   */
  carry(
    name: string,
    old: (name: string) => Float32Array | undefined,
    fresh: () => Float32Array,
  ): Float32Array;
}

/** Networks of one kind. */
export interface ModelFamily {
  /** Name, as configurations and run states have it. */
  readonly family: string;
  /** How its networks are trained. */
  recipe(kind: "pretraining" | "finetuning"): Recipe;
  /** Checks the settings of a run's `model` section that are this family's own and fills in defaults. */
  settings(section: unknown, name: string): unknown;
  /**
   * The network of a checkpoint.
   *
   * @param shapes of its tensors by name
   * @param files texts of the configuration files that were found, by the registry's names for them
   * @param name of the checkpoint, for messages
   * @throws SyntaxError or TypeError naming what does not fit
   */
  fromCheckpoint(
    shapes: ReadonlyMap<string, Shape>,
    files: Readonly<Record<string, string>>,
    name?: string,
  ): { readonly model: Model; readonly warnings: readonly string[] };
  /**
   * The network that configuration files describe by themselves; the released one of the family where there are none.
   *
   * @throws SyntaxError or TypeError naming what is wrong in a file
   */
  fromFiles(files: Readonly<Record<string, string>>): Model;
  /**
   * Names of the data sets that configuration files say a network was trained on; empty where they do not say. Absent:
   * the family's files never do.
   *
   * @param files texts by the registry's names for them
   * @throws SyntaxError for a file that is broken
   */
  trainedOn?(files: Readonly<Record<string, string>>): readonly string[];
  /**
   * The network of a configuration as {@link Model.config} had it.
   *
   * @throws SyntaxError for one that is not this family's
   */
  fromConfig(config: unknown): Model;
  /**
   * A network to train: new, or one that is widened to what the run asks for.
   *
   * @param settings as {@link ModelFamily.settings} gave them
   * @param data what will be trained on
   * @param map names of the data's fields in the model's table
   * @param from the network that its weights come from; null: from scratch
   */
  create(
    settings: unknown,
    data: readonly SampleInfo[],
    map: FieldMap,
    from: Model | null,
  ): Promise<CreatedModel>;
}

/** How the registry finds a family. */
export interface ModelEntry {
  /** Name of the family. */
  readonly family: string;
  /** Names of configuration files that may lie beside a checkpoint. */
  readonly configFiles: readonly string[];
  /** Whether a checkpoint with tensors of these names is one of this family's. */
  claims(names: ReadonlySet<string>): boolean;
  /** Loads the family's code. */
  load(): Promise<ModelFamily>;
  /** Address of a module that exports the entry as `entry`, for workers; absent for families of this library. */
  readonly module?: string;
}
