// The network's configuration as a plain record: what determines every tensor shape and every branch of the
// graph. Values are checked once, by `checkConfig`; the rest of `lib/models/walrus` assumes they are legal.

/** How the rotary frequencies of space mixing are stored (model.md sections 2 and 7). */
export type RotaryKind = "fixed" | "shared" | "per_axis";

/** How inputs and increments are scaled (model.md section 10, training.md section 2). */
export type NormalizationKind = "rms" | "meanstd" | "global";

/** Everything that shapes the Walrus network. Defaults of the released model: {@link RELEASED_CONFIG}. */
export interface WalrusConfig {
  /** Width of a token, `h`. A multiple of `heads`. */
  readonly hiddenDim: number;
  /** Channels between the two convolutions of encoder and decoder, `i`. */
  readonly intermediateDim: number;
  /** Number of embedded fields, `n`: the columns of the field table, the three flag channels included. */
  readonly states: number;
  /** Transformer blocks, `L`. */
  readonly blocks: number;
  /** Attention heads, `H`. */
  readonly heads: number;
  /** Width of the gated MLP before gating, `m`; `4 h` when the file says null. */
  readonly mlpDim: number;
  /** Largest stochastic-depth probability (training only). */
  readonly dropPath: number;
  /** Expected number of dropped fields (training only). */
  readonly inputFieldDrop: number;
  /** Whether time attention sees only the past. */
  readonly causal: boolean;
  /** Numbers of non-singleton axes that have an encoder and a decoder. */
  readonly includeD: readonly (1 | 2 | 3)[];
  /** How rotary frequencies are stored. */
  readonly rotary: RotaryKind;
  /** Token grid of the learned absolute position table, or null when there is none. */
  readonly apeShape: readonly [number, number, number] | null;
  /** Whether rollouts shift the framed grid at random unless told otherwise. */
  readonly jitter: boolean;
  /** Normalisation of the network's input and output. */
  readonly normalization: NormalizationKind;
  /** Smallest standard deviation that is divided by. */
  readonly epsilon: number;
  /** Whether the network predicts increments (released) or whole frames. */
  readonly prediction: "delta" | "full";
  /** Frames in a window of data with two non-singleton axes; half of it (rounded down) for three. */
  readonly contextFrames: number;
  /** Field name to column of the field table. */
  readonly fields: Readonly<Record<string, number>>;
}

/** The released field table (model.md section 2): name to column. */
export const RELEASED_FIELDS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ...["closed_boundary", "open_boundary", "bias_correction", "pressure"],
    ...axes("velocity", "x y z"),
    ...["zeros_like_density", "speed_of_sound", "concentration"],
    ...axes("D", "xx xy xz yx yy yz zx zy zz"),
    ...axes("E", "xx xy xz yx yy yz zx zy zz"),
    ...["density", "energy"],
    ...axes("velocity", "r theta phi"),
    ...axes("momentum", "x y z"),
    ...["pressure_re", "pressure_im", "mask"],
    ...axes("magnetic_field", "x y z"),
    ...["A", "B", "height", "internal_energy", "temperature", "electron_fraction", "entropy"],
    ...axes("magnetic_field", "log_r theta phi"),
    ...["velocity_log_r", "buoyancy", "tracer", "log10_density", "log10_temperature", "c_zz"],
    ...axes("C", "xx xy xz yx yy yz zx zy zz"),
  ].map((name, column) => [name, column]),
);

function axes(field: string, components: string): string[] {
  return components.split(" ").map((component) => `${field}_${component}`);
}

/** The released 1.29 B parameter model. */
export const RELEASED_CONFIG: WalrusConfig = {
  hiddenDim: 1408,
  intermediateDim: 352,
  states: 67,
  blocks: 40,
  heads: 16,
  mlpDim: 5632,
  dropPath: 0.05,
  inputFieldDrop: 0,
  causal: true,
  includeD: [2, 3],
  rotary: "fixed",
  apeShape: null,
  jitter: true,
  normalization: "rms",
  epsilon: 1e-5,
  prediction: "delta",
  contextFrames: 6,
  fields: RELEASED_FIELDS,
};
