// Random launches of every kernel, with the largest error each may have and why. A kernel without an entry does not
// compile. Backends run the same cases.

import type { ContractAxis, Kernel } from "../../lib/compile/program.ts";
import type { View } from "../../lib/compile/view.ts";
import { apply, type Expression, number, operand } from "../../lib/ir/scalar.ts";
import { at, type DType } from "../../lib/ir/types.ts";
import { type Draw, type LaunchCase, launchOf, Slots } from "./random_launches.ts";

/** A launch and its tolerance: largest error over the largest magnitude of the result, or over `floor` if larger. */
export interface KernelCase extends LaunchCase {
  readonly tolerance: number;
  /** Magnitude of the terms the result is made of, where they may cancel altogether. */
  readonly floor?: number;
}

const x = operand(0);
const silu = (e: Expression) => apply("mul", e, apply("sigmoid", e));

/** Expressions over one, two and three operands whose conditioning is harmless on normal numbers. */
const EXPRESSIONS: readonly (readonly Expression[])[] = [
  [number(2.5), apply("neg", number(1))],
  [x, silu(x), apply("exp", apply("neg", apply("abs", x))), apply("mul", x, x), apply("sign", x)],
  [
    apply("add", x, operand(1)),
    apply("mul", silu(x), operand(1)),
    apply("max", x, apply("min", operand(1), number(0.5))),
    apply("select", apply("less", x, operand(1)), x, operand(1)),
    apply("sinOfProduct", x, operand(1)),
    apply("add", apply("sqrt", apply("abs", x)), apply("cosOfProduct", x, operand(1))),
  ],
  [
    apply("add", apply("mul", x, operand(1)), operand(2)),
    apply("div", apply("sub", x, operand(1)), apply("add", apply("abs", operand(2)), number(1))),
    apply("log", apply("add", apply("mul", x, x), apply("exp", apply("sub", operand(1), operand(2))))),
  ],
];

function axesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => i);
}

/** Axes of a contraction's group from positions of its letters in the views. */
function contractCase(draw: Draw, most: number): KernelCase {
  const slots = new Slots(draw);
  const rank = () => draw.whole(0, 2);
  const groups = { batch: draw.whole(0, 1), m: rank(), n: rank(), k: rank() };
  const sizes: Record<string, number[]> = {};
  let room = most;
  for (const name of draw.shuffle(Object.keys(groups))) {
    sizes[name] = Array.from({ length: groups[name as keyof typeof groups] }, () => {
      const n = draw.size(Math.max(1, Math.floor(Math.min(room, name === "batch" ? 6 : 150))));
      room /= n;
      return n;
    });
  }
  const { batch, m, n, k } = sizes as { batch: number[]; m: number[]; n: number[]; k: number[] };
  const half = (): DType => draw.chance(0.2) ? "f16" : "f32";
  const a = slots.input(half(), [...batch, ...m, ...k]);
  const b = slots.input(half(), [...batch, ...n, ...k]);
  const out = slots.output([...batch, ...m, ...n]);
  const axes = (list: number[], skip: number, of: View) => list.map((_, i) => at(of.strides, skip + i));
  const group = (
    list: number[],
    inA: number | null,
    inB: number | null,
    inOut: number | null,
  ): ContractAxis[] => {
    const strides = (skip: number | null, view: View) =>
      skip === null ? list.map(() => 0) : axes(list, skip, view);
    const [sa, sb, so] = [strides(inA, a), strides(inB, b), strides(inOut, out)];
    return list.map((size, i) => ({ size, a: at(sa, i), b: at(sb, i), out: at(so, i) }));
  };
  const extras: View[] = [];
  let epilogue: Expression | null = null;
  if (draw.chance(0.5)) {
    extras.push(slots.input("f32", out.shape));
    epilogue = draw.pick([apply("add", x, operand(1)), apply("mul", silu(x), operand(1))]);
    if (draw.chance(0.3)) {
      extras.push(slots.input(half(), out.shape));
      epilogue = apply("add", epilogue, operand(2));
    }
  }
  const first = batch.length;
  const attributes = {
    batch: group(batch, 0, 0, 0),
    m: group(m, first, null, first),
    n: group(n, null, first, first + m.length),
    k: group(k, first + m.length, first + n.length, null),
    epilogue,
  };
  // Sums of up to 22500 products; error grows like the root of the number of terms times 6e-8, cancellation like that
  // root as well.
  return {
    launch: launchOf("contract", [a, b, ...extras], [out], attributes),
    contents: slots.contents,
    tolerance: 3e-6,
  };
}

/** One random launch per call. */
export const cases: { readonly [K in Kernel]: (draw: Draw) => KernelCase } = {
  map: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(0, 5), 3000);
    const count = draw.whole(0, 3);
    const expression = draw.pick(at(EXPRESSIONS, count));
    const isCopy = expression === x;
    const dtype: DType = isCopy ? draw.pick(["f32", "f16", "i32"]) : "f32";
    const types = (): DType => isCopy ? dtype : draw.chance(0.8) ? "f32" : draw.pick(["f16", "i32"]);
    const inputs = Array.from({ length: count }, () => {
      const type = types();
      return slots.input(
        type,
        shape,
        type === "i32" ? () => draw.whole(-9, 9) * (isCopy ? 99_999_999 : 1) : undefined,
      );
    });
    const out = slots.output(shape, dtype);
    // A handful of roundings; sigmoid and log within 2 ulp.
    return {
      launch: launchOf("map", inputs, [out], { expression }),
      contents: slots.contents,
      tolerance: 1e-6,
    };
  },
  cast: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(0, 4), 2000);
    const [from, to] = draw.pick<[DType, DType]>([["f32", "f16"], ["f16", "f32"], ["i32", "f32"], [
      "f32",
      "i32",
    ]]);
    const value = from === "i32" ? () => draw.whole(-1000, 1000) : () => draw.normal() * 10;
    const input = slots.input(from, shape, value);
    // Half floats have 11 bits.
    const tolerance = to === "f16" ? 2 ** -11 : 0;
    return {
      launch: launchOf("cast", [input], [slots.output(shape, to)], {}),
      contents: slots.contents,
      tolerance,
    };
  },
  reduce: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(1, 4), draw.pick([500, 5000, 40_000]));
    const axes = axesOf(shape).filter(() => draw.chance(0.5));
    const reducer = draw.pick(["sum", "max"] as const);
    const count = draw.whole(1, 2);
    const expression = draw.pick(
      count === 1 ? [x, apply("mul", x, x)] : [apply("mul", x, operand(1)), apply("add", x, operand(1))],
    );
    // Positive, so that nothing cancels and the error is that of the expression.
    const inputs = Array.from({ length: count }, () => slots.input("f32", shape, () => 0.1 + draw.unit()));
    const out = slots.output(shape.map((n, i) => axes.includes(i) ? 1 : n));
    const launch = launchOf("reduce", inputs, [out], { reducer, axes, expression });
    return { launch, contents: slots.contents, tolerance: 2e-7 };
  },
  contract: (draw) => contractCase(draw, draw.pick([20_000, 150_000])),
  gather: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(1, 4), 2000);
    const axis = draw.whole(0, shape.length - 1);
    const picks = draw.size(12);
    const dtype = draw.pick<DType>(["f32", "f16", "i32"]);
    const values = dtype === "i32" ? () => draw.whole(-1e9, 1e9) : undefined;
    const inputs = [
      slots.input(dtype, shape, values),
      slots.view("i32", [picks], { value: () => draw.whole(0, at(shape, axis) - 1) }),
    ];
    const out = slots.output(shape.map((n, i) => i === axis ? picks : n), dtype);
    return { launch: launchOf("gather", inputs, [out], { axis }), contents: slots.contents, tolerance: 0 };
  },
  scatterAdd: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(1, 4), 2000);
    const axis = draw.whole(0, shape.length - 1);
    const length = draw.size(12);
    const inputs = [
      slots.input("f32", shape),
      slots.view("i32", [at(shape, axis)], { value: () => draw.whole(0, length - 1) }),
    ];
    const out = slots.output(shape.map((n, i) => i === axis ? length : n));
    // Sums run in double precision.
    return {
      launch: launchOf("scatterAdd", inputs, [out], { axis }),
      contents: slots.contents,
      tolerance: 1e-7,
    };
  },
  fold: (draw) => {
    const slots = new Slots(draw);
    const rest = draw.shape(draw.whole(0, 3), 60);
    const axis = draw.whole(0, rest.length);
    const [windows, size, stride] = [draw.size(9), draw.size(9), draw.size(9)];
    const shape = [...rest.slice(0, axis), windows, size, ...rest.slice(axis)];
    const length = (windows - 1) * stride + size + draw.whole(0, 2);
    const out = slots.output([...rest.slice(0, axis), length, ...rest.slice(axis)]);
    const inputs = [slots.input("f32", shape)];
    // At most 9 terms.
    return {
      launch: launchOf("fold", inputs, [out], { axis, stride }),
      contents: slots.contents,
      tolerance: 1e-6,
    };
  },
  layerNorm: (draw) => {
    const slots = new Slots(draw);
    const shape = [...draw.shape(draw.whole(0, 3), 60), draw.size(120)];
    const e = at(shape, -1);
    const offset = draw.pick([0, 100]);
    const inputs = [
      slots.view("f32", shape, { value: () => draw.normal() + offset }),
      slots.input("f32", [e]),
      slots.input("f32", [e]),
    ];
    const out = slots.output(shape);
    // The exact value is rounded once before the weight.
    const launch = launchOf("layerNorm", inputs, [out], { epsilon: 1e-5 });
    return { launch, contents: slots.contents, tolerance: 5e-7 };
  },
  rope: (draw) => {
    const slots = new Slots(draw);
    const pairs = draw.size(20);
    const lead = draw.shape(draw.whole(0, 3), 60);
    const shape = [...lead, 2 * pairs + draw.whole(0, 5)];
    const table = () => slots.input("f32", [...lead, pairs]);
    const inputs = [slots.input("f32", shape), table(), table()];
    return {
      launch: launchOf("rope", inputs, [slots.output(shape)], {}),
      contents: slots.contents,
      tolerance: 3e-7,
    };
  },
  attention: (draw) => {
    const slots = new Slots(draw);
    const lead = draw.shape(draw.whole(0, 3), 12);
    const [queries, keys] = draw.pick([[70, 70], [70, 500], [17, 17], [7, 7]] as const);
    const [m, n, e, width] = [draw.size(queries), draw.size(keys), draw.size(96), draw.size(96)];
    const inputs = [[m, e], [n, e], [n, width]].map((tail) => slots.input("f32", [...lead, ...tail]));
    if (draw.chance(0.5)) {
      const masked = draw.pick([0, 0.3]);
      inputs.push(slots.input("f32", [...lead, m, n], () => draw.chance(masked) ? -1e30 : draw.normal()));
    }
    const out = slots.output([...lead, m, width]);
    const launch = launchOf("attention", inputs, [out], { scale: draw.pick([0.3, 1 / Math.sqrt(e)]) });
    // Scores of size 10 carry 1e-6 into the exponential.
    return { launch, contents: slots.contents, tolerance: 5e-6 };
  },
  attentionGradient: (draw) => {
    const slots = new Slots(draw);
    const lead = draw.shape(draw.whole(0, 2), 6);
    const [queries, keys] = draw.pick([[110, 70], [17, 17], [7, 7]] as const);
    const [m, n, e, width] = [draw.size(queries), draw.size(keys), draw.size(50), draw.size(50)];
    const shapes = [[m, e], [n, e], [n, width], [m, width]].map((tail) => [...lead, ...tail]);
    const inputs = shapes.map((shape) => slots.input("f32", shape));
    const outputs = shapes.slice(0, 3).map((shape) => slots.output(shape));
    if (draw.chance(0.5)) {
      const masked = draw.pick([0, 0.3]);
      inputs.push(slots.input("f32", [...lead, m, n], () => draw.chance(masked) ? -1e30 : draw.normal()));
      outputs.push(slots.output([...lead, m, n]));
    }
    const launch = launchOf("attentionGradient", inputs, outputs, {
      scale: draw.pick([0.3, 1 / Math.sqrt(e)]),
    });
    return { launch, contents: slots.contents, tolerance: 1e-5, floor: 1 };
  },
  layerNormGradient: (draw) => {
    const slots = new Slots(draw);
    const shape = [...draw.shape(draw.whole(0, 3), draw.pick([60, 900])), draw.size(150)];
    const e = at(shape, -1);
    const offset = draw.pick([0, 100]);
    const inputs = [
      slots.view("f32", shape, { value: () => draw.normal() + offset }),
      slots.input("f32", [e]),
      slots.input("f32", shape),
    ];
    const outputs = [slots.output(shape), slots.output([e]), slots.output([e])];
    const launch = launchOf("layerNormGradient", inputs, outputs, { epsilon: 0.1 });
    // Numbers around 1 are divided by a deviation of a third at least.
    return { launch, contents: slots.contents, tolerance: 2e-6, floor: 3 };
  },
  groupNormGradient: (draw) => {
    const slots = new Slots(draw);
    const width = draw.pick([1, 1, 2, 5]);
    const groups = Math.ceil(draw.size(90) / width);
    const shape = [...draw.shape(draw.whole(0, 4), draw.pick([60, 700])), groups * width];
    const axes = axesOf(shape).slice(0, -1).filter(() => draw.chance(0.6));
    const isCentred = draw.chance(0.5);
    const offset = isCentred ? draw.pick([0, 100]) : 0;
    const channels = [groups * width];
    const inputs = [
      slots.view("f32", shape, { value: () => draw.normal() + offset }),
      slots.input("f32", channels),
      slots.input("f32", shape),
    ];
    const outputs = [slots.output(shape), slots.output(channels), slots.output(channels)];
    const launch = launchOf("groupNormGradient", inputs, outputs, { axes, groups, isCentred, epsilon: 0.1 });
    return { launch, contents: slots.contents, tolerance: 2e-6, floor: 3 };
  },
  softmax: (draw) => {
    const slots = new Slots(draw);
    const shape = [...draw.shape(draw.whole(0, 3), 60), draw.size(draw.pick([9, 300]))];
    const masked = draw.pick([0, 0.3]);
    const inputs = [slots.input("f32", shape, () => draw.chance(masked) ? -1e30 : 3 * draw.normal())];
    const launch = launchOf("softmax", inputs, [slots.output(shape)], {});
    // Differences of size 20 are off by 1e-6, the exponential multiplies by as much.
    return { launch, contents: slots.contents, tolerance: 2e-6 };
  },
  softmaxGradient: (draw) => {
    const slots = new Slots(draw);
    const shape = [...draw.shape(draw.whole(0, 3), 60), draw.size(draw.pick([9, 300]))];
    const inputs = [slots.input("f32", shape, () => draw.unit() / at(shape, -1)), slots.input("f32", shape)];
    const launch = launchOf("softmaxGradient", inputs, [slots.output(shape)], {});
    return { launch, contents: slots.contents, tolerance: 1e-6, floor: 1 / at(shape, -1) };
  },
  swiglu: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(1, 4), 2000);
    const inputs = [slots.input("f32", [...shape.slice(0, -1), 2 * at(shape, -1)])];
    const launch = launchOf("swiglu", inputs, [slots.output(shape)], {});
    return { launch, contents: slots.contents, tolerance: 1e-6 };
  },
  swigluGradient: (draw) => {
    const slots = new Slots(draw);
    const shape = draw.shape(draw.whole(1, 4), 2000);
    const wide = [...shape.slice(0, -1), 2 * at(shape, -1)];
    const inputs = [slots.input("f32", wide), slots.input("f32", shape)];
    const launch = launchOf("swigluGradient", inputs, [slots.output(wide)], {});
    return { launch, contents: slots.contents, tolerance: 1e-6 };
  },
};
