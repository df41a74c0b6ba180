// The kernels of the WASM backend at the sizes of the released model, each as a program of one launch.

import type { ContractAxis, Launch } from "../lib/compile/program.ts";
import { type View, wholeView } from "../lib/compile/view.ts";
import { apply, operand } from "../lib/ir/scalar.ts";
import { type DType, type Shape, sizeOf } from "../lib/ir/types.ts";
import { programOf } from "../tests/backend/run_launch.ts";
import type { Workload } from "./resident.ts";

const T = 6, S = 1024, H = 16, E = 88, HIDDEN = H * E;

/** One kernel at one size: a program of this launch alone. */
export interface KernelCase extends Workload {
  readonly label: string;
  readonly launch: Launch;
}

/** Views of fresh slots in order. */
class Setup {
  readonly slots: [DType, number][] = [];

  view(shape: Shape, dtype: DType = "f32"): View {
    return wholeView(this.slots.push([dtype, sizeOf(shape)]) - 1, dtype, shape);
  }
}

function permuted(view: View, ...order: number[]): View {
  return { ...view, shape: order.map((i) => view.shape[i]!), strides: order.map((i) => view.strides[i]!) };
}

function broadcast(view: View, shape: Shape): View {
  const skip = shape.length - view.shape.length;
  return { ...view, shape, strides: shape.map((_, i) => i < skip ? 0 : view.strides[i - skip]!) };
}

function launch(kernel: Launch["kernel"], inputs: View[], outputs: View[], attributes: unknown): Launch {
  return { kernel, inputs, outputs, attributes, scope: "bench" } as Launch;
}

/** All cases: every kernel at least once. */
export function kernelCases(): KernelCase[] {
  const list: KernelCase[] = [];
  /** `rows` are those of the second operand, where it may be packed. */
  const add = (label: string, make: (s: Setup) => Launch, rows?: number) => {
    const setup = new Setup();
    const made = make(setup);
    const contents = setup.slots.map(([dtype, length]) => ({ dtype, data: { length } }));
    const program = programOf([made], contents);
    const matrices = new Map(rows === undefined ? [] : [[program.slots[1]!.name, rows]]);
    list.push({ label, launch: made, program, matrices });
  };
  const contract = (
    label: string,
    [m, n, k]: readonly [number, number, number],
    weights: DType = "f32",
    mayBePacked = true,
  ) => {
    add(mayBePacked ? label : `${label}, row order`, (s) => {
      const axis = (size: number, a: number, b: number, out: number): ContractAxis => ({ size, a, b, out });
      return launch("contract", [s.view([m, k]), s.view([n, k], weights)], [s.view([m, n])], {
        batch: [],
        m: [axis(m, k, 0, n)],
        n: [axis(n, 0, k, 1)],
        k: [axis(k, 1, 1, 0)],
        epilogue: null,
      });
    }, mayBePacked ? n : undefined);
  };
  contract("contract 120 x 192 x 352", [120, 192, 352]);
  contract("contract 256 x 1408 x 1408", [256, 1408, 1408]);
  contract("contract 1024 x 1408 x 5632", [1024, 5632, 1408]);
  contract("contract 1024 x 1408 x 1408, f16 weights", [1024, 1408, 1408], "f16");
  contract("contract 1024 x 1408 x 1408, 8-bit weights", [1024, 1408, 1408], "i8");
  contract("contract 1024 x 1408 x 5632", [1024, 5632, 1408], "f32", false);
  const x = operand(0);
  const training = (
    label: string,
    [m, n, k]: readonly [number, number, number],
    layout: "forward" | "input" | "weight",
    addends: readonly ("bias" | "residual")[] = [],
  ) =>
    add(`contract ${m} x ${n} x ${k}, ${label}`, (s) => {
      const axis = (size: number, a: number, b: number, out: number): ContractAxis => ({ size, a, b, out });
      const [am, ak] = layout === "weight" ? [1, m] : [k, 1];
      const [bn, bk] = layout === "forward" ? [k, 1] : [1, n];
      const inputs = [s.view([m, k]), s.view([n, k])];
      const out = s.view([m, n]);
      const extras = addends.map((kind) => kind === "bias" ? broadcast(s.view([n]), [m, n]) : s.view([m, n]));
      const sum = addends.reduce((sum, _, i) => apply("add", sum, operand(1 + i)), x);
      return launch("contract", [...inputs, ...extras], [out], {
        batch: [],
        m: [axis(m, am, 0, n)],
        n: [axis(n, 0, bn, 1)],
        k: [axis(k, ak, bk, 0)],
        epilogue: sum === x ? null : sum,
      });
    });
  // A training step of the small network: 3,072 tokens of width 96.
  training("with bias", [3072, 672, 96], "forward", ["bias"]);
  training("with bias and two residuals", [3072, 96, 192], "forward", ["bias", "residual", "residual"]);
  training("gradient of an input", [3072, 96, 672], "input");
  training("gradient of an input", [3072, 192, 96], "input");
  training("gradient of a weight", [672, 96, 3072], "weight");
  training("gradient of a weight", [96, 96, 3072], "weight");
  training("gradient of a weight", [256, 24, 19200], "weight");
  // Of the released network: 1,536 tokens.
  training("gradient of a weight", [1408, 1408, 1536], "weight");
  training("gradient of an input", [1536, 1408, 1408], "input");
  const tokens = [T, S, HIDDEN];
  add("add, dense", (s) => {
    const out = s.view(tokens);
    return launch("map", [s.view(tokens), s.view(tokens)], [out], {
      expression: apply("add", x, operand(1)),
    });
  });
  add("swiglu of a strided half", (s) => {
    const wide = s.view([T, S, 7 * HIDDEN]);
    const half = (i: number): View => ({ ...wide, offset: i * 2 * HIDDEN, shape: [T, S, 2 * HIDDEN] });
    const expression = apply("mul", apply("mul", x, operand(1)), apply("sigmoid", operand(1)));
    return launch("map", [half(0), half(1)], [s.view([T, S, 2 * HIDDEN])], { expression });
  });
  add("normalise by a factor per frame and channel", (s) => {
    const factor = broadcast(s.view([T, 1, HIDDEN]), [T, 1, HIDDEN]);
    const spread: View = { ...factor, shape: tokens, strides: [HIDDEN, 0, 1] };
    return launch("map", [s.view(tokens), spread], [s.view(tokens)], {
      expression: apply("mul", x, operand(1)),
    });
  });
  add(
    "transpose tokens and channels",
    (s) => launch("map", [permuted(s.view([T, HIDDEN, S]), 0, 2, 1)], [s.view(tokens)], { expression: x }),
  );
  add(
    "4 channels last to first",
    (s) =>
      launch("map", [permuted(s.view([6, 256 * 256, 4]), 0, 2, 1)], [s.view([6, 4, 256 * 256])], {
        expression: x,
      }),
  );
  add("cast to fp16", (s) => launch("cast", [s.view(tokens)], [s.view(tokens, "f16")], {}));
  add(
    "gather of tokens",
    (s) => launch("gather", [s.view(tokens), s.view([S], "i32")], [s.view(tokens)], { axis: 1 }),
  );
  add(
    "scatterAdd of tokens",
    (s) => launch("scatterAdd", [s.view(tokens), s.view([S], "i32")], [s.view(tokens)], { axis: 1 }),
  );
  add("exp", (s) => launch("map", [s.view(tokens)], [s.view(tokens)], { expression: apply("exp", x) }));
  add("sum of squares over tokens", (s) =>
    launch("reduce", [s.view(tokens)], [s.view([T, 1, HIDDEN])], {
      reducer: "sum",
      axes: [1],
      expression: apply("mul", x, x),
    }));
  add("sum of squares of everything", (s) =>
    launch("reduce", [s.view(tokens)], [s.view([1, 1, 1])], {
      reducer: "sum",
      axes: [0, 1, 2],
      expression: apply("mul", x, x),
    }));
  add("layerNorm of heads", (s) => {
    const wide = s.view([T, S, 7 * HIDDEN]);
    const heads: View = { ...wide, shape: [T, S, H, E], strides: [S * 7 * HIDDEN, 7 * HIDDEN, E, 1] };
    return launch("layerNorm", [heads, s.view([E]), s.view([E])], [s.view([T, S, H, E])], { epsilon: 1e-5 });
  });
  /** Rows of heads in a wider projection, as queries and keys are. */
  const headsOf = (s: Setup, [tokens, width, heads, e]: readonly [number, number, number, number]): View => ({
    ...s.view([tokens, width]),
    shape: [tokens, heads, e],
    strides: [width, e, 1],
  });
  const small = [3072, 672, 4, 24] as const;
  const large = [T * S, 7 * HIDDEN, H, E] as const;
  add(
    "copy of 3072 x 96",
    (s) => launch("map", [s.view([3072, 96])], [s.view([3072, 96])], { expression: x }),
  );
  add("layerNorm of heads of 24", (s) => {
    const inputs = [headsOf(s, small), s.view([24]), s.view([24])];
    return launch("layerNorm", inputs, [s.view([3072, 4, 24])], { epsilon: 1e-5 });
  });
  for (const [name, shape] of [["heads of 24", small], ["heads of 88", large]] as const) {
    add(`layerNormGradient of ${name}`, (s) => {
      const [tokens, , heads, e] = shape;
      const all = () => s.view([tokens, heads, e]);
      const outputs = [all(), s.view([e]), s.view([e])];
      const attributes = { epsilon: 1e-5 };
      return launch("layerNormGradient", [headsOf(s, shape), s.view([e]), all()], outputs, attributes);
    });
  }
  for (const isCentred of [false, true]) {
    add(`groupNormGradient over tokens, ${isCentred ? "centred" : "root mean square"}`, (s) => {
      const outputs = [s.view(tokens), s.view([HIDDEN]), s.view([HIDDEN])];
      const attributes = { axes: [1], groups: HIDDEN, isCentred, epsilon: 1e-5 };
      return launch(
        "groupNormGradient",
        [s.view(tokens), s.view([HIDDEN]), s.view(tokens)],
        outputs,
        attributes,
      );
    });
  }
  add("swiglu of a slice", (s) => {
    const wide = s.view([3072, 672]);
    return launch("swiglu", [{ ...wide, shape: [3072, 384] }], [s.view([3072, 192])], {});
  });
  add("swiglu", (s) => launch("swiglu", [s.view([3072, 384])], [s.view([3072, 192])], {}));
  add(
    "swigluGradient",
    (s) => launch("swigluGradient", [s.view([3072, 384]), s.view([3072, 192])], [s.view([3072, 384])], {}),
  );
  add("softmax", (s) => launch("softmax", [s.view([3072, 192])], [s.view([3072, 192])], {}));
  add(
    "softmaxGradient",
    (s) => launch("softmaxGradient", [s.view([3072, 192]), s.view([3072, 192])], [s.view([3072, 192])], {}),
  );
  add("rope", (s) => {
    const table = () => {
      const view = s.view([S, 33]);
      return { ...view, shape: [T, S, H, 33], strides: [0, 33, 0, 1] };
    };
    return launch("rope", [s.view([T, S, H, E]), table(), table()], [s.view([T, S, H, E])], {});
  });
  const attention = (label: string, b: number, m: number, qkv: (s: Setup) => View[], bias = false) =>
    add(label, (s) => {
      const inputs = qkv(s);
      if (bias) inputs.push(broadcast(s.view([H, m, m]), [b / H, H, m, m]));
      const out = s.view([b / H, m, H, E]);
      return launch("attention", inputs, [permuted(out, 0, 2, 1, 3)], { scale: 1 / Math.sqrt(E) });
    });
  attention("attention 1024 x 16 heads x 88", H, S, (s) => [0, 1, 2].map(() => s.view([1, H, S, E])));
  attention(
    "attention over 6 frames",
    S * H,
    T,
    (s) => [0, 1, 2].map(() => permuted(s.view([T, S, H, E]), 1, 2, 0, 3)),
    true,
  );
  const gradient = (heads: number, tokens: number, width: number) =>
    add(`attentionGradient ${tokens} x ${heads} heads x ${width}`, (s) => {
      const all = () => s.view([1, heads, tokens, width]);
      const inputs = [all(), all(), all(), all()];
      return launch("attentionGradient", inputs, [all(), all(), all()], { scale: 1 / Math.sqrt(width) });
    });
  gradient(H, 512, E);
  gradient(4, 2048, 24);
  // As the shipped network is trained: tokens of each frame, then frames of each token.
  const ofFrames = (s: Setup) => permuted(s.view([2 * T, 256, 4, 24]), 0, 2, 1, 3);
  add("attention 12 x 256 x 4 heads x 24", (s) => {
    const all = () => ofFrames(s);
    return launch("attention", [all(), all(), all()], [all()], { scale: 0.2 });
  });
  add("attentionGradient 12 x 256 x 4 heads x 24", (s) => {
    const all = () => ofFrames(s);
    return launch("attentionGradient", [all(), all(), all(), all()], [all(), all(), all()], { scale: 0.2 });
  });
  const overFrames = (tokens: number, heads: number, width: number) =>
    add(`attentionGradient over ${T} frames of ${tokens} x ${heads} heads x ${width}`, (s) => {
      const all = () => permuted(s.view([T, tokens, heads, width]), 1, 2, 0, 3);
      const bias = broadcast(s.view([heads, T, T]), [tokens, heads, T, T]);
      const inputs = [all(), all(), all(), all(), bias];
      const outputs = [all(), all(), all(), s.view([tokens, heads, T, T])];
      return launch("attentionGradient", inputs, outputs, { scale: 1 / Math.sqrt(width) });
    });
  overFrames(512, 4, 24);
  overFrames(128, H, E);
  add("attention 2048 x 4 heads x 24", (s) => {
    const all = () => s.view([1, 4, 2048, 24]);
    return launch("attention", [all(), all(), all()], [all()], { scale: 0.2 });
  });
  add(
    "fold of windows of 4 by 2, 16 channels",
    (s) =>
      launch("fold", [s.view([2, 16, 4, 22, 10, 4, 16])], [s.view([2, 16, 4, 22, 22, 16])], {
        axis: 4,
        stride: 2,
      }),
  );
  add(
    "fold of windows of 8 by 1, 3 channels",
    (s) =>
      launch("fold", [s.view([2, 34, 8, 33, 8, 19, 8, 3])], [s.view([2, 34, 8, 33, 8, 26, 3])], {
        axis: 5,
        stride: 1,
      }),
  );
  return list;
}
