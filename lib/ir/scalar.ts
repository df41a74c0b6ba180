// The scalar language inside `map`: expressions over the elements of the operands. One row a function: JavaScript
// in double precision, WGSL, opcode of the WASM tile interpreter and derivative. Expressions are interned, so the
// same text is the same object and shared parts are computed once.

/** Names of the scalar functions. */
export type ScalarFunction =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "less"
  | "equal"
  | "select"
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "log"
  | "sqrt"
  | "reciprocal"
  | "sigmoid"
  | "sinOfProduct"
  | "cosOfProduct";

/** A scalar expression: an operand of the `map`, a number, or a function of other expressions. */
export interface Expression {
  /** Identity: equal expressions have equal ids. */
  readonly id: number;
  /** Operand, number or function. */
  readonly fn: "operand" | "number" | ScalarFunction;
  /** Operand index or the number's value; 0 for a function. */
  readonly value: number;
  /** Arguments of the function. */
  readonly args: readonly Expression[];
}

/** What is known of a scalar function. */
export interface ScalarRule {
  readonly arity: number;
  /** Opcode in the WASM tile interpreter (wasm/src/scalar.rs). */
  readonly opcode: number;
  readonly evaluate: (x: number, y: number, z: number) => number;
  readonly wgsl: (x: string, y: string, z: string) => string;
  /** Partial derivatives in the order of the arguments; `out` is the expression itself. */
  readonly derivative: (args: readonly Expression[], out: Expression) => readonly Expression[];
}

const interned = new Map<string, Expression>();

function intern(fn: Expression["fn"], value: number, args: readonly Expression[]): Expression {
  const number = Object.is(value, -0) ? "-0" : String(value);
  const key = `${fn} ${number} ${args.map((a) => a.id).join(" ")}`;
  let found = interned.get(key);
  if (!found) {
    found = { id: interned.size, fn, value, args };
    interned.set(key, found);
  }
  return found;
}

/** The element of operand `index` of a `map`. */
export function operand(index: number): Expression {
  return intern("operand", index, []);
}

/** A number. */
export function number(value: number): Expression {
  return intern("number", value, []);
}

/**
 * A function of expressions, simplified where a number makes it trivial (x + 0, x * 1, x * 0, a choice that is
 * known, all arguments numbers).
 */
export function apply(fn: ScalarFunction, ...args: readonly Expression[]): Expression {
  const rule: ScalarRule = scalarFunctions[fn];
  if (args.length !== rule.arity) {
    throw new TypeError(`Cannot apply ${fn}: got ${args.length} arguments, wanted ${rule.arity}`);
  }
  const [x, y, z] = args;
  if (args.every((a) => a.fn === "number")) {
    return number(rule.evaluate(x?.value ?? 0, y?.value ?? 0, z?.value ?? 0));
  }
  if (x && y) {
    if (fn === "add" && isNumber(x, 0)) return y;
    if ((fn === "add" || fn === "sub") && isNumber(y, 0)) return x;
    if (fn === "mul" && isNumber(x, 1)) return y;
    if ((fn === "mul" || fn === "div") && isNumber(y, 1)) return x;
    // Zero times anything is zero here: derivatives produce it, and a mask must also silence NaN.
    if (fn === "mul" && (isNumber(x, 0) || isNumber(y, 0))) return number(0);
    if (fn === "select" && z) {
      if (x.fn === "number") return x.value !== 0 ? y : z;
      if (y === z) return y;
    }
  }
  return intern(fn, 0, args);
}

function isNumber(e: Expression, value: number): boolean {
  return e.fn === "number" && e.value === value;
}

const ZERO = number(0);
const ONE = number(1);

function part(args: readonly Expression[], i: number): Expression {
  return args[i] ?? ZERO;
}

/**
 * The functions. Comparisons give 1 or 0. `sinOfProduct` and `cosOfProduct` take the sine and cosine of x y with
 * the product formed in more than f32, since rotary angles reach 402 radians (model.md section 7).
 */
export const scalarFunctions: { readonly [K in ScalarFunction]: ScalarRule } = {
  add: {
    arity: 2,
    opcode: 1,
    evaluate: (x, y) => x + y,
    wgsl: (x, y) => `(${x} + ${y})`,
    derivative: () => [ONE, ONE],
  },
  sub: {
    arity: 2,
    opcode: 2,
    evaluate: (x, y) => x - y,
    wgsl: (x, y) => `(${x} - ${y})`,
    derivative: () => [ONE, number(-1)],
  },
  mul: {
    arity: 2,
    opcode: 3,
    evaluate: (x, y) => x * y,
    wgsl: (x, y) => `(${x} * ${y})`,
    derivative: (args) => [part(args, 1), part(args, 0)],
  },
  div: {
    arity: 2,
    opcode: 4,
    evaluate: (x, y) => x / y,
    wgsl: (x, y) => `divide(${x}, ${y})`,
    derivative: (args, out) => [
      apply("reciprocal", part(args, 1)),
      apply("neg", apply("div", out, part(args, 1))),
    ],
  },
  min: {
    arity: 2,
    opcode: 5,
    evaluate: (x, y) => Math.min(x, y),
    wgsl: (x, y) => `smaller(${x}, ${y})`,
    derivative: (args) => {
      const first = apply("less", part(args, 0), part(args, 1));
      return [first, apply("sub", ONE, first)];
    },
  },
  max: {
    arity: 2,
    opcode: 6,
    evaluate: (x, y) => Math.max(x, y),
    wgsl: (x, y) => `larger(${x}, ${y})`,
    derivative: (args) => {
      const second = apply("less", part(args, 0), part(args, 1));
      return [apply("sub", ONE, second), second];
    },
  },
  less: {
    arity: 2,
    opcode: 7,
    evaluate: (x, y) => (x < y ? 1 : 0),
    wgsl: (x, y) => `select(0.0, 1.0, ${x} < ${y})`,
    derivative: () => [ZERO, ZERO],
  },
  equal: {
    arity: 2,
    opcode: 8,
    evaluate: (x, y) => (x === y ? 1 : 0),
    wgsl: (x, y) => `select(0.0, 1.0, ${x} == ${y})`,
    derivative: () => [ZERO, ZERO],
  },
  /** `select(c, x, y)` is x where c is not 0, else y; the other value is not touched, so it may be NaN. */
  select: {
    arity: 3,
    opcode: 9,
    evaluate: (c, x, y) => (c !== 0 ? x : y),
    wgsl: (c, x, y) => `select(${y}, ${x}, ${c} != 0.0)`,
    derivative: (
      args,
    ) => [ZERO, apply("select", part(args, 0), ONE, ZERO), apply("select", part(args, 0), ZERO, ONE)],
  },
  neg: {
    arity: 1,
    opcode: 10,
    evaluate: (x) => -x,
    wgsl: (x) => `(-${x})`,
    derivative: () => [number(-1)],
  },
  abs: {
    arity: 1,
    opcode: 11,
    evaluate: Math.abs,
    wgsl: (x) => `abs(${x})`,
    derivative: (args) => [apply("sign", part(args, 0))],
  },
  sign: {
    arity: 1,
    opcode: 12,
    evaluate: Math.sign,
    wgsl: (x) => `sign(${x})`,
    derivative: () => [ZERO],
  },
  exp: {
    arity: 1,
    opcode: 13,
    evaluate: Math.exp,
    wgsl: (x) => `exp(${x})`,
    derivative: (_, out) => [out],
  },
  log: {
    arity: 1,
    opcode: 14,
    evaluate: Math.log,
    wgsl: (x) => `log(${x})`,
    derivative: (args) => [apply("reciprocal", part(args, 0))],
  },
  sqrt: {
    arity: 1,
    opcode: 15,
    evaluate: Math.sqrt,
    wgsl: (x) => `sqrt(${x})`,
    derivative: (_, out) => [apply("div", number(0.5), out)],
  },
  reciprocal: {
    arity: 1,
    opcode: 16,
    evaluate: (x) => 1 / x,
    wgsl: (x) => `(1.0 / ${x})`,
    derivative: (_, out) => [apply("neg", apply("mul", out, out))],
  },
  sigmoid: {
    arity: 1,
    opcode: 17,
    evaluate: (x) => 1 / (1 + Math.exp(-x)),
    wgsl: (x) => `(1.0 / (1.0 + exp(-${x})))`,
    derivative: (_, out) => [apply("mul", out, apply("sub", ONE, out))],
  },
  sinOfProduct: {
    arity: 2,
    opcode: 18,
    evaluate: (x, y) => Math.sin(x * y),
    wgsl: (x, y) => `sin_of_product(${x}, ${y})`,
    derivative: (args) => {
      const cosine = apply("cosOfProduct", part(args, 0), part(args, 1));
      return [apply("mul", part(args, 1), cosine), apply("mul", part(args, 0), cosine)];
    },
  },
  cosOfProduct: {
    arity: 2,
    opcode: 19,
    evaluate: (x, y) => Math.cos(x * y),
    wgsl: (x, y) => `cos_of_product(${x}, ${y})`,
    derivative: (args) => {
      const sine = apply("neg", apply("sinOfProduct", part(args, 0), part(args, 1)));
      return [apply("mul", part(args, 1), sine), apply("mul", part(args, 0), sine)];
    },
  },
};

/** One operation of a {@link linearize}d expression; `args` are indices of earlier entries. */
export interface ScalarInstruction {
  readonly fn: Expression["fn"];
  readonly value: number;
  readonly args: readonly number[];
}

/**
 * The expression as a list of operations, arguments before uses, each shared part once; the last entry is the
 * result. This is the form both backends lower.
 */
export function linearize(expression: Expression): ScalarInstruction[] {
  const list: ScalarInstruction[] = [];
  const index = new Map<Expression, number>();
  const visit = (e: Expression): number => {
    const known = index.get(e);
    if (known !== undefined) return known;
    const args = e.args.map(visit);
    list.push({ fn: e.fn, value: e.value, args });
    index.set(e, list.length - 1);
    return list.length - 1;
  };
  visit(expression);
  return list;
}

/** Indices of the operands an expression uses, ascending. */
export function operandsOf(expression: Expression): number[] {
  const used = linearize(expression).filter((i) => i.fn === "operand").map((i) => i.value);
  return used.sort((a, b) => a - b);
}

/** Replaces operand `i` by `replacements[i]`; operands past the list stay. */
export function substitute(expression: Expression, replacements: readonly Expression[]): Expression {
  return replaceParts(expression, new Map(replacements.map((e, i) => [operand(i), e])));
}

/** Replaces parts of an expression, whole ones first: what a part is replaced by is not looked into. */
export function replaceParts(
  expression: Expression,
  replacements: ReadonlyMap<Expression, Expression>,
): Expression {
  const done = new Map(replacements);
  const visit = (e: Expression): Expression => {
    const known = done.get(e);
    if (known) return known;
    const isLeaf = e.fn === "operand" || e.fn === "number";
    const result = isLeaf ? e : apply(e.fn as ScalarFunction, ...e.args.map(visit));
    done.set(e, result);
    return result;
  };
  return visit(expression);
}

/** All parts of an expression, itself included, each once. */
export function partsOf(expression: Expression): ReadonlySet<Expression> {
  const parts = new Set<Expression>();
  const visit = (e: Expression): void => {
    if (parts.has(e)) return;
    parts.add(e);
    e.args.forEach(visit);
  };
  visit(expression);
  return parts;
}

/**
 * Symbolic partial derivative.
 *
 * @param expression what to differentiate
 * @param index the operand to differentiate by
 * @returns an expression over the same operands
 */
export function differentiate(expression: Expression, index: number): Expression {
  const done = new Map<Expression, Expression>();
  const visit = (e: Expression): Expression => {
    const known = done.get(e);
    if (known) return known;
    let result: Expression = ZERO;
    if (e.fn === "operand") result = e.value === index ? ONE : ZERO;
    else if (e.fn !== "number") {
      const inner = e.args.map(visit);
      if (inner.some((d) => d !== ZERO)) {
        const partials = scalarFunctions[e.fn].derivative(e.args, e);
        inner.forEach((d, i) => result = apply("add", result, times(part(partials, i), d)));
      }
    }
    done.set(e, result);
    return result;
  };
  return visit(expression);
}

/**
 * Product in the chain rule. A partial derivative that selects between numbers selects between the products, so
 * that a branch not taken adds zero even where its own derivative is infinite.
 */
function times(partial: Expression, tangent: Expression): Expression {
  const [condition, x, y] = partial.args;
  if (partial.fn !== "select" || !condition || x?.fn !== "number" || y?.fn !== "number") {
    return apply("mul", partial, tangent);
  }
  return apply("select", condition, apply("mul", x, tangent), apply("mul", y, tangent));
}

/**
 * Text of an expression for printers: `add(x0, mul(2, x1))`. Parts used more than once come first and have names,
 * so that the text grows no faster than the expression: `t0 = sigmoid(x0); mul(t0, sub(1, t0))`.
 */
export function expressionText(expression: Expression): string {
  const list = linearize(expression);
  const uses = list.map(() => 0);
  for (const { args } of list) for (const i of args) uses[i]!++;
  const texts: string[] = [];
  const named: string[] = [];
  list.forEach(({ fn, value, args }, i) => {
    if (fn === "operand") texts[i] = `x${value}`;
    else if (fn === "number") texts[i] = Object.is(value, -0) ? "-0" : String(value);
    else {
      const text = `${fn}(${args.map((a) => texts[a]).join(", ")})`;
      if (uses[i]! > 1) {
        texts[i] = `t${named.length}`;
        named.push(`${texts[i]} = ${text}`);
      } else texts[i] = text;
    }
  });
  return [...named, texts[list.length - 1]].join("; ");
}
