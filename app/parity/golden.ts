// The format of a folder of golden vectors: its index, and tensors read as needed.

import { type Checkpoint, openCheckpoint } from "../../lib/io/checkpoint.ts";
import { readSmall } from "../../lib/io/source.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";

/** What is expected of one output. */
export interface ExpectedOutput {
  readonly shape: readonly number[];
  readonly max_abs: number;
  readonly scale?: number;
  readonly floor_rel: number;
  readonly tol_rel: number;
}

/** Shifts of one forward pass as the index writes them. */
export interface GoldenShifts {
  readonly patch: readonly [number, number, number];
  readonly blocks: readonly (readonly [number, number, number])[];
}

/** Parameters of a case; each kind uses some. */
export interface GoldenParams {
  readonly strides?: readonly (readonly [number, number])[];
  readonly bcs?: readonly (readonly [number, number])[];
  readonly fields?: readonly number[];
  readonly shifts?: GoldenShifts | readonly GoldenShifts[] | null;
  readonly shift?: readonly [number, number, number] | null;
  readonly jitter?: boolean;
  readonly key?: string;
  readonly heads?: number;
  readonly sizes?: readonly [number, number, number];
  readonly causal?: boolean;
  readonly mode?: "rms" | "meanstd";
  readonly delta?: boolean;
  readonly eps?: number;
  readonly steps?: number;
  readonly multiplier?: number;
  readonly minimum_context?: number;
  readonly dataset?: string;
  readonly field_keep?: readonly (readonly number[])[];
  readonly path_keep?: readonly (readonly [readonly number[], readonly number[]] | null)[];
  readonly head_dims?: readonly number[];
  readonly grids?: readonly (readonly [number, number, number])[];
  readonly old?: Readonly<Record<string, number>>;
  readonly new?: Readonly<Record<string, number>>;
  readonly lr?: number;
  readonly warmup?: number;
  readonly cooldown?: number;
  readonly clip?: number;
  readonly betas?: readonly [number, number];
  readonly weight_decay?: number;
  readonly accumulate?: number;
  readonly batches?: readonly GoldenBatch[];
}

/** A micro-batch of a training case. */
export interface GoldenBatch {
  readonly fields: readonly number[];
  readonly bcs: readonly (readonly [number, number])[];
}

/** One case of the index. */
export interface GoldenCase {
  readonly section: string;
  readonly name: string;
  readonly kind: string;
  readonly file: string;
  readonly params: GoldenParams;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, ExpectedOutput>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly weights?: string;
  readonly null_gradients?: readonly string[];
  readonly no_gradient?: readonly string[];
  readonly learning_rates?: readonly number[];
  readonly losses64?: readonly number[];
  readonly losses32?: readonly number[];
  readonly grad_norms64?: readonly number[];
  readonly grad_norms32?: readonly number[];
  /** Entries of final tensors that are not stored, by the end of the tensor's name. */
  readonly left_out?: Readonly<Record<string, readonly [number, number]>>;
  readonly files?: readonly {
    readonly file: string;
    readonly expect: "load" | "reject" | "either";
    readonly why: string;
    readonly forward?: string;
  }[];
}

/** A folder of golden vectors. */
export interface Golden {
  readonly folder: string;
  readonly cases: readonly GoldenCase[];
}

const LARGEST_INDEX = 64 << 20;

/**
 * Reads the index of a folder.
 *
 * @param folder path or URL
 */
export async function openGolden(folder: string): Promise<Golden> {
  const text = new TextDecoder().decode(await readSmall(`${folder}/index.json`, LARGEST_INDEX));
  const index = JSON.parse(text) as { format: number; cases: GoldenCase[] };
  if (index.format !== 1) throw new RangeError(`Format of ${folder}/index.json is ${index.format}, wanted 1`);
  return { folder, cases: index.cases };
}

/** Numbers of a tensor with its shape. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All tensors of a file. */
export async function readTensors(path: string): Promise<Record<string, Numbers>> {
  using file: Checkpoint = await openCheckpoint(path);
  const result: Record<string, Numbers> = {};
  for (const [name, tensor] of file.tensors) {
    result[name] = { shape: tensor.shape, data: await tensor.read() };
  }
  return result;
}

/** The configuration of a case. */
export function configOf(golden: GoldenCase): WalrusConfig {
  const c = golden.config ?? {};
  const number = (name: string) => Number(c[name]);
  return {
    ...RELEASED_CONFIG,
    hiddenDim: number("hidden_dim"),
    intermediateDim: number("intermediate_dim"),
    states: number("n_states"),
    blocks: number("blocks"),
    heads: number("heads"),
    mlpDim: c.mlp_dim === null || c.mlp_dim === undefined ? 4 * number("hidden_dim") : number("mlp_dim"),
    causal: c.causal === true,
    rotary: c.rope as WalrusConfig["rotary"],
    apeShape: (c.ape_shape ?? null) as WalrusConfig["apeShape"],
    normalization: golden.params.mode ?? "rms",
    prediction: golden.params.delta === false ? "full" : "delta",
  };
}
