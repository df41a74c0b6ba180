// What engines from 2024 on lack of the language the library is written in: disposal of resources, 16-bit floats and a
// few functions. Stands before everything else of a build. What is there is left alone; what is added is as the standard
// has it, in the parts that the library and `using` need.

/** Adds a property that does not show. */
function add(target: object, name: PropertyKey, value: unknown): void {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

// The registered symbols are those that compilers of `using` fall back to.
for (const name of ["dispose", "asyncDispose"]) {
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
}

/** Resources that are disposed of together, in reverse order. */
class Stack {
  #resources: (() => void)[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  use<T extends Disposable | null | undefined>(value: T): T {
    if (value) this.defer(() => value[Symbol.dispose]());
    return value;
  }

  adopt<T>(value: T, dispose: (value: T) => void): T {
    this.defer(() => dispose(value));
    return value;
  }

  defer(dispose: () => void): void {
    if (this.#disposed) throw new ReferenceError("The stack is disposed of");
    this.#resources.push(dispose);
  }

  move(): Stack {
    const next = new Stack();
    next.#resources = this.#resources;
    this.#resources = [];
    this.#disposed = true;
    return next;
  }

  dispose(): void {
    this.#disposed = true;
    const errors: unknown[] = [];
    for (let next; (next = this.#resources.pop());) {
      try {
        next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.length > 1 ? new AggregateError(errors) : errors[0];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
add(globalThis, "DisposableStack", Stack);

add(Promise, "withResolvers", <T>() => {
  let resolve!: (value: T | PromiseLike<T>) => void, reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((res, rej) => [resolve, reject] = [res, rej]);
  return { promise, resolve, reject };
});

add(Map, "groupBy", <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K) => {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    groups.set(key, [...groups.get(key) ?? [], item]);
  }
  return groups;
});

/** Bits of a fp16 number as a number. */
function widen(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31
    ? (fraction ? NaN : Infinity)
    : exponent === 0
    ? fraction * 2 ** -24
    : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

/** The nearest fp16 number's bits, ties to even. */
function narrow(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (!(size < 65520)) return sign | (size >= 65520 ? 0x7c00 : 0x7e00);
  let exponent = 0;
  while (exponent < 30 && size >= 2 ** (exponent - 14)) exponent++;
  // Units in the last place; carried into the exponent where rounding does so.
  const units = size * 2 ** (exponent === 0 ? 24 : 25 - exponent);
  const floor = Math.floor(units), rest = units - floor;
  const rounded = floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
  return sign | (exponent === 0 ? rounded : (exponent << 10) + rounded - 1024);
}

add(DataView.prototype, "getFloat16", function (this: DataView, at: number, little?: boolean) {
  return widen(this.getUint16(at, little));
});
add(DataView.prototype, "setFloat16", function (this: DataView, at: number, value: number, little?: boolean) {
  this.setUint16(at, narrow(value), little);
});
