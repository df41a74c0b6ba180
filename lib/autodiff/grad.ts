// Reverse-mode differentiation while tracing: an ordinary call that appends nodes. It visits only what lies
// between the loss and the tensors requested.

import { fused, isFused, ruleOf } from "../ir/fused/mod.ts";
import type { Node, Primitive, Tensor } from "../ir/node.ts";
import { constant } from "../ir/tensor.ts";
import { withScope } from "../ir/trace.ts";
import { at, sameShape } from "../ir/types.ts";
import { accumulate, arrive, type Cotangents, total } from "./cotangents.ts";
import { vjp } from "./vjp.ts";

/** Cotangents of all results of a node. */
type ResultCotangents = readonly (Tensor | null)[];

/** How a walk treats leaves that depend on each other: `through` them, or each held fixed for the others. */
type Leaves = "through" | "fixed";

/** Nodes on a path from one of `leaves` to one of `roots`; `fixed` leaves hide what is behind them. */
function between(roots: Iterable<Tensor>, leaves: ReadonlySet<Tensor>, kind: Leaves): Set<Tensor> {
  const reached = new Map<Tensor, boolean>();
  const stack = [...roots];
  while (stack.length > 0) {
    const node = at(stack, -1);
    if (reached.has(node)) {
      stack.pop();
      continue;
    }
    const args = kind === "fixed" && leaves.has(node) ? [] : node.args;
    const open = args.filter((a) => !reached.has(a));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    reached.set(node, leaves.has(node) || args.some((a) => reached.get(a)));
  }
  return new Set([...reached].filter(([, yes]) => yes).map(([node]) => node));
}

/** Walks from the roots back to the leaves and returns the leaves' cotangents. */
function backward(
  roots: ReadonlyMap<Tensor, Tensor>,
  leaves: ReadonlySet<Tensor>,
  kind: Leaves,
): Map<Tensor, Tensor> {
  const active = between(roots.keys(), leaves, kind);
  const cotangents = new Map<Tensor, Cotangents[]>();
  const add = (node: Tensor, index: number, cotangent: Tensor) => {
    const list = cotangents.get(node) ?? [];
    list[index] = arrive(list[index], cotangent);
    cotangents.set(node, list);
  };
  for (const [root, cotangent] of roots) if (active.has(root)) add(root, 0, cotangent);

  const found = new Map<Tensor, Tensor>();
  for (const node of [...active].sort((x, y) => y.id - x.id)) {
    const arrived = cotangents.get(node);
    if (!arrived) continue;
    withScope(node.scope ? `${node.scope}/backward` : "backward", () => {
      const list = node.results.map(({ shape }, i) => arrived[i] ? total(arrived[i], shape) : null);
      if (leaves.has(node)) {
        if (list[0]) found.set(node, list[0]);
        if (kind === "fixed") return;
      }
      if (node.op === "pick") {
        const cotangent = list[0];
        if (cotangent) add(at(node.args, 0), node.attributes.index, cotangent);
        return;
      }
      const needed = node.args.map((a) => active.has(a));
      const results = isFused(node) ? fusedVjp(node, list, needed) : primitiveVjp(node, list, needed);
      results.forEach((cotangent, i) => {
        if (cotangent && needed[i]) add(at(node.args, i), 0, cotangent);
      });
    });
  }
  return found;
}

function primitiveVjp(
  node: Tensor,
  list: ResultCotangents,
  needed: readonly boolean[],
): ResultCotangents {
  const cotangent = list[0];
  if (!cotangent || !(node.op in vjp)) return [];
  const rule = vjp[node.op as keyof typeof vjp] as (
    node: Node<Primitive>,
    cotangent: Tensor,
    index: number,
  ) => Tensor | null;
  return needed.map((yes, i) => yes ? rule(node as Node<Primitive>, cotangent, i) : null);
}

function fusedVjp(
  node: Extract<Tensor, { op: keyof typeof fused }>,
  list: ResultCotangents,
  needed: readonly boolean[],
): readonly (Tensor | null)[] {
  const rule = ruleOf(node);
  const own = rule.vjp?.(node.args, node.attributes, list, needed);
  if (own) return own;
  const results = rule.expand(node.args, node.attributes);
  const roots = new Map<Tensor, Tensor>();
  list.forEach((cotangent, i) => {
    const result = at(results, i);
    if (cotangent) roots.set(result, accumulate(roots.get(result) ?? null, cotangent));
  });
  // The formula's own derivative: what its arguments have to do with each other is the outer walk's business.
  const leaves = new Set(node.args.filter((_, i) => needed[i]));
  const found = backward(roots, leaves, "fixed");
  // An argument given twice has one cotangent, the sum over its places: it counts at the first.
  return node.args.map((a, i) => node.args.indexOf(a) === i ? found.get(a) ?? null : null);
}

/**
 * Gradient of a scalar.
 *
 * @param loss a tensor of one element
 * @param wrt tensors of the same trace by name; where one depends on another, both paths count
 * @returns one gradient a name, f32 and of that tensor's shape; names that the loss does not depend on are left out
 * @throws TypeError when the loss has more than one element
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { mul, sum } from "../ir/tensor.ts";
 * import { trace } from "../ir/trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [2] } } as const, ({ x }) => grad(sum(mul(x, x), [0]), { x }));
 * assert.deepEqual([...evaluate(graph, { x: [3, 4] }).x!], [6, 8]);
 * ```
 */
export function grad(loss: Tensor, wrt: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  if (loss.shape.some((n) => n !== 1)) {
    throw new TypeError(`Cannot differentiate a tensor of shape [${loss.shape}]: wanted one element`);
  }
  const seed = constant(1, loss.shape);
  const found = backward(new Map([[loss, seed]]), new Set(Object.values(wrt)), "through");
  const gradients: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(wrt)) {
    const gradient = found.get(tensor);
    if (!gradient) continue;
    if (!sameShape(gradient.shape, tensor.shape)) {
      throw new TypeError(`Gradient of "${name}" has shape [${gradient.shape}], wanted [${tensor.shape}]`);
    }
    gradients[name] = gradient;
  }
  return gradients;
}
