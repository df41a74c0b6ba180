// Modules that come with a runtime (Node, Deno, Bun), found when they are needed: no import names them, so that the
// same code is bundled for pages, where there are none.

/**
 * A module of the runtime.
 *
 * @param name without `node:`
 * @returns null in a runtime that has none, as a page
 */
export function builtin<Module>(name: string): Module | null {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return (process?.getBuiltinModule?.(`node:${name}`) ?? null) as Module | null;
}
