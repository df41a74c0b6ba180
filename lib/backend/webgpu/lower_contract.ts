// `contract` as dispatches: each invocation keeps a block of results in registers, and where there is enough to share a
// workgroup brings its operands to its own memory first. Operands that a device can not bind at once are met in pieces
// of the result.

import type { ContractAxis, LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { operand } from "../../ir/scalar.ts";
import { at, BYTES } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sortAxes, spaceSize } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { BINDING_ALIGNMENT, type Dispatch, dispatch, type Operand, rangeOf } from "./dispatch.ts";
import { expressionText, pickStrides, type Walk } from "./shader.ts";
import type { Target } from "./target.ts";

/** Invocations of a workgroup along rows and along columns. */
const SIDE = 8;
/** Results of an invocation along rows and along columns, at most. */
const TALL = 4;
const WIDE = 8;

/** Results of an invocation along an axis: as many as there are, at most `most`. */
function block(size: number, most: number): number {
  let n = 1;
  while (n < most && n * SIDE < size) n *= 2;
  return n;
}

/** Which split-K pass this is: a sum may be taken in several, one after another, that keep it in the result. */
type SplitPass = "only" | "first" | "middle" | "last";

/** The passes of two halves of k. */
const SPLIT_PASSES: Readonly<Record<SplitPass, readonly [SplitPass, SplitPass]>> = {
  only: ["first", "last"],
  first: ["first", "middle"],
  middle: ["middle", "middle"],
  last: ["middle", "last"],
};

/** A part of the result, or of the sums in it. */
interface Piece {
  readonly batches: readonly Axis[];
  readonly rows: readonly Axis[];
  readonly columns: readonly Axis[];
  readonly terms: readonly Axis[];
  readonly pass: SplitPass;
  /** Elements from each operand's own start: a, b, out, then the epilogue's. */
  readonly shift: readonly number[];
}

type Group = "batches" | "rows" | "columns" | "terms";

/** First and last element of an operand that a piece touches. */
function span(piece: Piece, view: View, operand: number): [number, number] {
  const summed = operand < OUT ? piece.terms : [];
  let [first, last] = [view.offset + at(piece.shift, operand), view.offset + at(piece.shift, operand)];
  for (const { size, strides } of [...piece.batches, ...piece.rows, ...piece.columns, ...summed]) {
    const reach = (size - 1) * at(strides, operand);
    if (reach < 0) first += reach;
    else last += reach;
  }
  return [first, last];
}

/** The two halves of a piece along an axis. */
function inTwo(piece: Piece, name: Group, index: number): Piece[] {
  const axis = piece[name][index]!;
  // Wholes of four where there are enough: both halves are still read four at once.
  const grain = axis.size > 8 ? 4 : 1;
  const half = Math.ceil(axis.size / 2 / grain) * grain;
  return [[0, half], [half, axis.size - half]].map(([start = 0, size = 0], h) => ({
    ...piece,
    pass: name === "terms" ? SPLIT_PASSES[piece.pass][h]! : piece.pass,
    [name]: piece[name].map((a, i) => i === index ? { ...a, size } : a),
    shift: piece.shift.map((s, o) => s + start * (axis.strides[o] ?? 0)),
  }));
}

/** The axis that reaches furthest along an operand, or has most elements where `operand` is null. */
function furthest(piece: Piece, groups: readonly Group[], operand: number | null): [Group, number] | null {
  let best: [Group, number] | null = null;
  let most = 0;
  for (const name of groups) {
    piece[name].forEach(({ size, strides }, i) => {
      const reach = (size - 1) * (operand === null ? 1 : Math.abs(strides[operand] ?? 0));
      if (reach > most) [best, most] = [[name, i], reach];
    });
  }
  return best;
}

/** Pieces whose operands can be bound and whose workgroups can be counted. */
function pieces(
  whole: Piece,
  views: readonly View[],
  target: Target,
  scope: string,
): Piece[] {
  const { maxStorageBufferBindingSize: most, maxComputeWorkgroupsPerDimension: groups } = target.limits;
  const bytes = (view: View, o: number) => {
    const [first, last] = span(whole, view, o);
    const width = BYTES[view.dtype];
    return (last + 1) * width - Math.floor(first * width / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
  };
  const large = views.findIndex((view, o) => bytes(view, o) > most);
  const tooMany = spaceSize(whole.batches) > groups
    ? furthest(whole, ["batches"], null)
    : spaceSize(whole.rows) > groups * SIDE
    ? furthest(whole, ["rows"], null)
    : spaceSize(whole.columns) > groups * SIDE
    ? furthest(whole, ["columns"], null)
    : null;
  if (large < 0 && !tooMany) return [whole];
  const cut = large >= 0
    ? furthest(
      whole,
      large < OUT ? ["batches", "rows", "columns", "terms"] : ["batches", "rows", "columns"],
      large,
    )
    : tooMany;
  if (!cut) {
    throw new RangeError(
      `Cannot cut contract (${scope || "no scope"}): one element reaches over ${
        bytes(views[large]!, large)
      } bytes of an operand, the device binds ${most} at once; use a smaller window or grid`,
    );
  }
  return inTwo(whole, ...cut).flatMap((half) => pieces(half, views, target, scope));
}

/**
 * Lowers `contract`.
 *
 * @param launch the contraction
 * @param target limits and features of the adapter
 */
export function contract(
  { inputs, outputs, attributes, scope }: LaunchOf<"contract">,
  target: Target,
): Dispatch[] {
  const out = at(outputs, 0);
  const extras = inputs.slice(2);
  const ordered = (axes: readonly ContractAxis[]) =>
    bounded(mergeAxes(sortAxes(group(axes, out, extras, false), OUT)), 3 + extras.length);
  const terms = bounded(mergeAxes(sortAxes(group(attributes.k, out, [], false), 0)), 3);
  // Operands in the order of the strides.
  const views = [at(inputs, 0), at(inputs, 1), out, ...extras];
  const whole: Piece = {
    batches: ordered(attributes.batch),
    rows: ordered(attributes.m),
    columns: ordered(attributes.n),
    terms,
    pass: "only",
    shift: views.map(() => 0),
  };
  return pieces(whole, views, target, scope).map((piece) => dispatchOf(piece, views, attributes, target));
}

/** Workgroups that occupy a large GPU: fewer are better made of small tiles. */
const ENOUGH_GROUPS = 256;

/**
 * Sums of more terms, which gradients of weights are, are taken in parts: their rounding would be several times that
 * of the forward pass. The longest sum of that, 2,816 terms at full size, keeps its registers for a larger tile.
 */
const LONG = 3072;
/** Terms of a part. */
const PART = 256;

/** Invocations along a side of a workgroup that shares tiles of its operands, 0 where none does. */
function tileSide(m: number, n: number, k: number, batches: number, { tiles, limits }: Target): 0 | 8 | 16 {
  const holds = (side: number) => 64 * side * side <= limits.maxComputeWorkgroupStorageSize;
  const groups = (side: number) => Math.ceil(m / (8 * side)) * Math.ceil(n / (8 * side)) * batches;
  if (!tiles || Math.min(m, n) < 16 || k < 8) return 0;
  if (Math.min(m, n) > 64 && groups(16) >= ENOUGH_GROUPS && holds(16)) return 16;
  return holds(8) ? 8 : 0;
}

/**
 * How four elements of an operand can be read at once: along the terms (1), along its own rows (2), or not (0). All
 * places must then be multiples of four.
 */
function formOf(
  operand: 0 | 1,
  { batches, terms }: Piece,
  rows: readonly Axis[],
  { offset }: Operand,
): 0 | 1 | 2 {
  const areWholes = (axes: readonly Axis[]) => axes.every(({ strides }) => at(strides, operand) % 4 === 0);
  const isLine = (axes: readonly Axis[]) => {
    const last = at(axes, -1);
    return at(last.strides, operand) === 1 && last.size % 4 === 0 && areWholes(axes.slice(0, -1));
  };
  if (offset % 4 !== 0 || !areWholes(batches)) return 0;
  if (isLine(terms) && areWholes(rows)) return 1;
  return isLine(rows) && areWholes(terms) ? 2 : 0;
}

function dispatchOf(
  piece: Piece,
  views: readonly View[],
  { epilogue }: LaunchOf<"contract">["attributes"],
  target: Target,
): Dispatch {
  const { batches, rows, columns, terms, pass, shift } = piece;
  const more = views.slice(3).map((_, i) => i);
  const operands = views.map((view, o) => {
    const range = rangeOf(view, span(piece, view, o));
    return { ...range, offset: range.offset + at(shift, o) };
  });
  const names = more.map((i) => `in${2 + i}`);
  const walk = (ending: string, axes: readonly Axis[], own: readonly (0 | 1)[], isFirst: boolean): Walk => {
    const chosen = [...own, ...more.map((i) => 3 + i), OUT];
    return {
      ending,
      members: [...own.map((o) => `in${o}`), ...names, "out"],
      axes: pickStrides(axes, chosen),
      offsets: isFirst ? chosen.map((o) => at(operands, o).offset) : null,
    };
  };
  const walks: Walk[] = [
    walk("_batch", batches, [0, 1], true),
    walk("_m", rows, [0], false),
    walk("_n", columns, [1], false),
    { ending: "_k", members: ["in0", "in1"], axes: pickStrides(terms, [0, 1]), offsets: null },
  ];
  const [m, n, k, b] = [rows, columns, terms, batches].map(spaceSize) as [number, number, number, number];
  const [tall, wide] = [block(m, TALL), block(n, WIDE)];
  const place = (name: string) => `batch.${name} + at_m.${name} + at_n.${name}`;
  const substitutions = {
    rows: String(tall),
    columns: String(wide),
    previous: pass === "first" || pass === "only" ? "0.0" : `read0(${place("out")})`,
    epilogue: expressionText(
      pass === "last" || pass === "only" ? epilogue ?? operand(0) : operand(0),
      (i) => i === 0 ? "sum" : `load${i + 1}(${place(`in${i + 1}`)})`,
      (v) => `store0(${place("out")}, ${v});`,
    ),
  };
  const [first, second, result, ...rest] = operands as [Operand, Operand, Operand, ...Operand[]];
  const side = tileSide(m, n, k, b, target);
  const head = [m, n, k, b];
  if (side === 0) {
    const groups = [Math.ceil(n / (SIDE * wide)), Math.ceil(m / (SIDE * tall)), b] as const;
    return dispatch({ name: "contract", head, walks, substitutions, groups }, [first, second, ...rest], [
      result,
    ]);
  }
  const forms = [formOf(0, piece, rows, first), formOf(1, piece, columns, second)] as const;
  return dispatch(
    {
      name: "contractTile",
      head,
      walks,
      substitutions: {
        ...substitutions,
        side: String(side),
        part: String(k > LONG ? PART : 0),
        form0: String(forms[0]),
        form1: String(forms[1]),
      },
      groups: [Math.ceil(n / (8 * side)), Math.ceil(m / (8 * side)), b],
      quads: forms.map((form) => form > 0),
    },
    [first, second, ...rest],
    [result],
  );
}
