// An engine without what the polyfill brings: it is taken away, brought back, and used. A process of its own: numbers come
// as JSON on standard input, answers go so to standard output.

const numbers = await new Response(Deno.stdin.readable).json() as string[];
for (
  const [from, name] of [
    [globalThis, "DisposableStack"],
    [Promise, "withResolvers"],
    [Map, "groupBy"],
    [DataView.prototype, "getFloat16"],
    [DataView.prototype, "setFloat16"],
  ] as const
) {
  Reflect.deleteProperty(from, name);
  if (name in from) throw new Error(`${name} can not be taken away`);
}
await import("../../app/build/polyfill.ts");

async function disposals(): Promise<string[]> {
  const log: string[] = [];
  const note = (text: string) => ({ [Symbol.dispose]: () => void log.push(text) });
  const stack = new DisposableStack();
  stack.use(note("a"));
  stack.use(null);
  stack.adopt("b", (text) => log.push(text));
  stack.dispose();
  {
    using first = new DisposableStack();
    first.use(note("moved"));
    first.move().dispose();
    log.push(`${first.disposed} ${stack.disposed}`);
  }
  const groups = Map.groupBy(["one", "three", "five"], (word) => word.includes("n") ? 1 : 2);
  log.push([...groups].map(([key, words]) => `${key}: ${words}`).join(", "));
  const { promise, resolve } = Promise.withResolvers<string>();
  setTimeout(() => resolve("later"));
  return [...log, await promise];
}

const view = new DataView(new ArrayBuffer(4));
const narrowed = numbers.map((number) => {
  view.setFloat16(1, Number(number), true);
  return view.getUint16(1, true);
});
const widened = Array.from({ length: 65536 }, (_, bits) => {
  view.setUint16(2, bits);
  const value = view.getFloat16(2);
  return Object.is(value, -0) ? "-0" : String(value);
});
console.log(JSON.stringify({ widened, narrowed, log: await disposals() }));
