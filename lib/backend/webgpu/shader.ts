// The text of a shader: a kernel file, the operands it is bound to, walks of its index spaces, and its expression. Two
// dispatches with the same text share a pipeline; sizes and strides are uniforms, not text.

import { SHADERS } from "../../../kernels/wgsl.ts";
import { type Expression, linearize, scalarFunctions } from "../../ir/scalar.ts";
import { at, type DType } from "../../ir/types.ts";
import type { Axis } from "../axes.ts";

/** Names of the kernel files. */
export type ShaderName = keyof typeof SHADERS;

/** What a binding holds and how it is used. */
export interface OperandType {
  readonly dtype: DType;
  readonly access: "read" | "write";
  /** Whether it is read four elements at once: `quad0(i)`, i a multiple of 4. */
  readonly quads?: boolean;
}

/** A walk of an index space: places of all operands from one number. */
export interface Walk {
  /** `walk` with this ending is its function. */
  readonly ending: string;
  /** Members of the result, one an operand; the others are kept from `base`. */
  readonly members: readonly string[];
  /** Outermost first, one stride a member. */
  readonly axes: readonly Axis[];
  /** Where the members start; null: 0 and nothing is read. */
  readonly offsets: readonly number[] | null;
  /** Whether the walk goes on from another's result of the same members. */
  readonly continues?: boolean;
}

/** WGSL names, by position in the uniform block. */
function word(i: number): string {
  return `word(${i}u)`;
}

/** The functions that read one operand. */
function inputText({ dtype, quads }: OperandType, name: string, binding: number, f16: boolean): string {
  const packed = dtype === "f16" && !f16;
  const element = packed ? (quads ? "vec2u" : "u32") : quads ? `vec4<${dtype}>` : dtype;
  const raw = packed
    ? quads
      ? `unpack2x16float(${name}[i >> 2u][(i >> 1u) & 1u])[i & 1u]`
      : `unpack2x16float(${name}[i >> 1u])[i & 1u]`
    : quads
    ? `${name}[i >> 2u][i & 3u]`
    : `${name}[i]`;
  const quad = packed
    ? `vec4f(unpack2x16float(${name}[i >> 2u].x), unpack2x16float(${name}[i >> 2u].y))`
    : `vec4f(${name}[i >> 2u])`;
  const i = name.replace(/^\D+/, "");
  const lines = [
    `@group(0) @binding(${binding}) var<storage, read> ${name}: array<${element}>;`,
    `fn raw${i}(i: u32) -> ${packed ? "f32" : dtype} { return ${raw}; }`,
    `fn load${i}(i: u32) -> f32 { return f32(raw${i}(i)); }`,
    quads
      ? `fn quad${i}(i: u32) -> vec4f { return ${quad}; }`
      : `fn quad${i}(i: u32) -> vec4f { return vec4f(load${i}(i), load${i}(i + 1u), load${i}(i + 2u), load${i}(i + 3u)); }`,
  ];
  return lines.join("\n");
}

/** The functions that write one operand. */
function outputText({ dtype }: OperandType, name: string, binding: number, f16: boolean): string {
  const packed = dtype === "f16" && !f16;
  const element = packed ? "atomic<u32>" : dtype;
  const declaration = `@group(0) @binding(${binding}) var<storage, read_write> ${name}: array<${element}>;`;
  const i = name.replace(/^\D+/, "");
  if (!packed) {
    return `${declaration}
fn read${i}(i: u32) -> f32 { return f32(${name}[i]); }
fn store_raw${i}(i: u32, value: ${dtype}) { ${name}[i] = value; }
fn store${i}(i: u32, value: f32) { ${name}[i] = ${dtype}(value); }`;
  }
  // Neighbours share a word, so each half is changed without touching the other.
  return `${declaration}
fn store${i}(i: u32, value: f32) {
  let shift = (i & 1u) * 16u;
  atomicAnd(&${name}[i >> 1u], 0xffff0000u >> shift);
  atomicOr(&${name}[i >> 1u], pack2x16float(vec2f(value, 0.0)) << shift);
}
fn store_raw${i}(i: u32, value: f32) { store${i}(i, value); }
fn read${i}(i: u32) -> f32 { return unpack2x16float(atomicLoad(&${name}[i >> 1u]))[i & 1u]; }`;
}

/** A walk's struct and function; `first` is where its uniforms begin. */
function walkText({ ending, members, axes, offsets, continues }: Walk, first: number): string {
  const type = continues ? "Walk" : `Walk${ending}`;
  const struct = continues ? "" : `struct ${type} { ${members.map((m) => `${m}: u32, `).join("")}}\n`;
  const start = continues
    ? "var at = base;"
    : `var at = ${type}(${members.map((_, i) => offsets ? word(first + i) : "0u").join(", ")});`;
  let place = first + (offsets?.length ?? 0);
  const lines = axes.toReversed().map((_, i) => {
    const size = word(place);
    const isLast = i === axes.length - 1;
    const index = isLast ? "rest" : `rest % ${size}`;
    const moves = members.map((m, o) => `at.${m} += c${i} * ${word(place + 1 + o)};`).join(" ");
    place += 1 + members.length;
    return `let c${i} = ${index}; ${moves}${isLast ? "" : ` rest /= ${size};`}`;
  });
  const base = continues ? `, base: ${type}` : "";
  return `${struct}fn walk${ending}(flat: u32${base}) -> ${type} {
  ${start}
  var rest = flat;
  ${lines.join("\n  ")}
  return at;
}`;
}

/** Uniforms of a walk in the order in which its text reads them. */
export function walkUniforms({ axes, offsets }: Walk): number[] {
  return [...offsets ?? [], ...axes.toReversed().flatMap(({ size, strides }) => [size, ...strides])];
}

/** A number as WGSL writes it; what f32 can not hold becomes its largest. */
function literal(value: number): string {
  const limited = Math.max(-3.4028234e38, Math.min(3.4028234e38, Math.fround(value)));
  if (Number.isNaN(limited)) throw new RangeError("Cannot lower: an expression holds NaN, wanted a number");
  const text = String(limited);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/**
 * An expression as lines of WGSL.
 *
 * @param expression what to compute
 * @param operand text of each operand's element
 * @param use what to do with the result's name
 */
export function expressionText(
  expression: Expression,
  operand: (index: number) => string,
  use: (result: string) => string,
): string {
  const list = linearize(expression);
  const lines = list.map(({ fn, value, args }, i) => {
    const [x = "", y = "", z = ""] = args.map((a) => `v${a}`);
    const text = fn === "operand"
      ? operand(value)
      : fn === "number"
      ? literal(value)
      : scalarFunctions[fn].wgsl(x, y, z);
    return `let v${i} = ${text};`;
  });
  return [...lines, use(`v${list.length - 1}`)].join("\n  ");
}

/** What makes a shader. */
export interface ShaderParts {
  readonly name: ShaderName;
  readonly inputs: readonly OperandType[];
  readonly outputs: readonly OperandType[];
  /** Uniforms before those of the walks. */
  readonly head: number;
  readonly walks: readonly Walk[];
  /** Text for each `{{name}}` of the kernel file. */
  readonly substitutions: Readonly<Record<string, string>>;
}

/** What kernels and expressions may call, and the files it stands in. */
const HELPERS: readonly (readonly [RegExp, ShaderName])[] = [
  [/\bdivide\(/, "arithmetic"],
  [/\b(?:larger|smaller)\(/, "extremes"],
  [/\bTotal\(/, "sum"],
  [/_of_product\(/, "trigonometry"],
];

/**
 * The whole text of a shader.
 *
 * @param parts kernel, operands and walks
 * @param f16 whether the device has f16 arrays
 */
export function shaderText(parts: ShaderParts, f16: boolean): string {
  const { name, inputs, outputs, head, walks, substitutions } = parts;
  const uniforms = head + walks.reduce((n, walk) => n + walkUniforms(walk).length, 0);
  const body = SHADERS[name].replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const text = substitutions[key];
    if (text === undefined) throw new RangeError(`Cannot make ${name}: nothing stands for {{${key}}}`);
    return text;
  });
  let first = head;
  const texts = walks.map((walk) => {
    const text = walkText(walk, first);
    first += walkUniforms(walk).length;
    return text;
  });
  const usesF16 = f16 && [...inputs, ...outputs].some(({ dtype }) => dtype === "f16");
  const usesSubgroups = /\bsubgroup[A-Z]/.test(body);
  return [
    usesF16 ? "enable f16;" : "",
    // Rows are drawn by whole subgroups, which a compiler can not know.
    usesSubgroups ? "enable subgroups;\ndiagnostic(off, subgroup_uniformity);" : "",
    `@group(0) @binding(0) var<uniform> uniforms: array<vec4u, ${Math.ceil(uniforms / 4)}>;`,
    "fn word(i: u32) -> u32 { return uniforms[i / 4u][i % 4u]; }",
    ...inputs.map((type, i) => inputText(type, `in${i}`, 1 + i, f16)),
    ...outputs.map((type, i) => outputText(type, `out${i}`, 1 + inputs.length + i, f16)),
    ...HELPERS.flatMap(([use, name]) => use.test(body) ? [SHADERS[name]] : []),
    ...texts,
    body,
  ].filter((text) => text !== "").join("\n");
}

/** Members `in0`, `in1`, .. and `out`. */
export function members(inputs: number): string[] {
  return [...Array.from({ length: inputs }, (_, i) => `in${i}`), "out"];
}

/** Strides of chosen operands along axes. */
export function pickStrides(axes: readonly Axis[], operands: readonly number[]): Axis[] {
  return axes.map(({ size, strides }) => ({ size, strides: operands.map((o) => at(strides, o)) }));
}
