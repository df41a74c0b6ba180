// Reads the pickles that PyTorch writes, without executing anything. An own machine rather than a library: it knows
// only the opcodes that tensors, dictionaries and plain values need, gets every name from an allow-list, keeps
// dictionaries in Maps (so no key can reach a prototype), checks each claimed length before it allocates, counts the
// objects it makes, and never recurses. A value is returned as it is nested: who walks it must not recurse either.

import { quoted } from "./quote.ts";

/** A value of a pickle. Tuples and lists are arrays; objects come from the allow-list. */
export type PickleValue = null | boolean | number | string | object | PickleValue[] | PickleDict;
/** A dictionary. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** What a pickle may name and how names and persistent ids become values. */
export interface PickleContext {
  /** For messages. */
  readonly name: string;
  /** Callables by `module.name`: applied to arguments by the REDUCE opcode. */
  readonly callables: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>>;
  /** Plain values by `module.name`, such as storage types. */
  readonly constants: Readonly<Record<string, PickleValue>>;
  /** The value of a persistent id. */
  readonly persistent: (id: PickleValue) => PickleValue;
}

/** A callable of the allow-list on the stack. */
class Callable {
  constructor(readonly path: string, readonly call: (args: readonly PickleValue[]) => PickleValue) {}
}

const MARK = Symbol("mark");
/** Dictionaries, lists, tuples and objects of one pickle: one byte can make one. A checkpoint has seven a tensor. */
const MOST_OBJECTS = 1 << 18;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a pickle of protocols 2 to 5.
 *
 * @param bytes the whole pickle
 * @param context allow-list
 * @returns the value on top when it stops
 * @throws SyntaxError for anything outside the allow-list, unknown opcodes, damage
 */
export function readPickle(bytes: Uint8Array, context: PickleContext): PickleValue {
  return new Machine(bytes, context).run();
}

type Item = PickleValue | typeof MARK;

class Machine {
  readonly #data: DataView;
  readonly #context: PickleContext;
  readonly #stack: Item[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  #objects = 0;

  constructor(bytes: Uint8Array, context: PickleContext) {
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#context = context;
  }

  #refuse(why: string): never {
    throw new SyntaxError(`Cannot read the pickle of "${this.#context.name}": ${why} at byte ${this.#at}`);
  }

  /** Moves past `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#data.byteLength) {
      this.#refuse(`${length} bytes are claimed beyond its end`);
    }
    this.#at = start + length;
    return start;
  }

  #byte = () => this.#data.getUint8(this.#take(1));
  #u16 = () => this.#data.getUint16(this.#take(2), true);
  #u32 = () => this.#data.getUint32(this.#take(4), true);

  #u64(): number {
    const value = this.#data.getBigUint64(this.#take(8), true);
    if (value > BigInt(this.#data.byteLength)) this.#refuse(`${value} bytes are claimed beyond its end`);
    return Number(value);
  }

  #text(length: number): string {
    const start = this.#take(length);
    return decoder.decode(new Uint8Array(this.#data.buffer, this.#data.byteOffset + start, length));
  }

  #line(): string {
    let end = this.#at;
    while (end < this.#data.byteLength && this.#data.getUint8(end) !== 10) end++;
    const text = this.#text(end - this.#at);
    this.#take(1);
    return text;
  }

  /** A little-endian two's complement integer of up to eight bytes. */
  #long(length: number): number {
    if (length > 8) this.#refuse(`an integer of ${length} bytes`);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.#byte()) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Pushes an object that takes memory of its own. */
  #make(value: PickleValue): void {
    if (++this.#objects > MOST_OBJECTS) this.#refuse(`more than ${MOST_OBJECTS} objects`);
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) this.#refuse("an opcode finds no value");
    return value as PickleValue;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) this.#refuse("an opcode finds no value");
    return value as PickleValue;
  }

  /** Values above the last mark, which is removed. */
  #popMark(): PickleValue[] {
    const start = this.#marks.pop();
    if (start === undefined) this.#refuse("an opcode finds no mark");
    const values = this.#stack.splice(start + 1) as PickleValue[];
    this.#stack.length = start;
    return values;
  }

  #put(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.#refuse(`memo entry ${index} is empty`);
    this.#push(value);
  }

  #global(module: string, name: string): void {
    const path = `${module}.${name}`;
    const { callables, constants } = this.#context;
    if (Object.hasOwn(callables, path)) this.#make(new Callable(path, callables[path]!));
    else if (Object.hasOwn(constants, path)) this.#push(constants[path]!);
    else {
      this.#refuse(
        `it names ${quoted(path)}, which is not needed for weights and is never executed; refused`,
      );
    }
  }

  #reduce(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!(callable instanceof Callable) || !Array.isArray(args)) {
      this.#refuse("it calls something that is no callable");
    }
    this.#make(callable.call(args));
  }

  #setItems(values: readonly PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof Map) || values.length % 2 !== 0) {
      this.#refuse("items for something that is no dictionary");
    }
    for (let i = 0; i < values.length; i += 2) target.set(values[i]!, values[i + 1]!);
  }

  #append(values: readonly PickleValue[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) this.#refuse("elements for something that is no list");
    for (const value of values) target.push(value);
  }

  #tuple(length: number): void {
    const values: PickleValue[] = [];
    for (let i = 0; i < length; i++) values.unshift(this.#pop());
    this.#make(values);
  }

  /** One opcode; true at the end. */
  #step(): boolean {
    const opcode = this.#byte();
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#byte() > 5) this.#refuse("an unknown protocol");
        return false;
      case 0x95: // FRAME
        this.#take(8);
        return false;
      case 0x2e: // STOP
        return true;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        this.#stack.push(MARK);
        return false;
      case 0x30: // POP
        this.#pop();
        return false;
      case 0x4e:
        this.#push(null);
        return false;
      case 0x88:
        this.#push(true);
        return false;
      case 0x89:
        this.#push(false);
        return false;
      case 0x4a: // BININT
        this.#push(this.#data.getInt32(this.#take(4), true));
        return false;
      case 0x4b: // BININT1
        this.#push(this.#byte());
        return false;
      case 0x4d: // BININT2
        this.#push(this.#u16());
        return false;
      case 0x8a: // LONG1
        this.#push(this.#long(this.#byte()));
        return false;
      case 0x47: // BINFLOAT
        this.#push(this.#data.getFloat64(this.#take(8)));
        return false;
      case 0x58: // BINUNICODE
        this.#push(this.#text(this.#u32()));
        return false;
      case 0x8c: // SHORT_BINUNICODE
        this.#push(this.#text(this.#byte()));
        return false;
      case 0x8d: // BINUNICODE8
        this.#push(this.#text(this.#u64()));
        return false;
      case 0x7d: // EMPTY_DICT
        this.#make(new Map());
        return false;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.#make([]);
        return false;
      case 0x74: // TUPLE
        this.#make(this.#popMark());
        return false;
      case 0x85:
      case 0x86:
      case 0x87: // TUPLE1 to TUPLE3
        this.#tuple(opcode - 0x84);
        return false;
      case 0x73: { // SETITEM
        const value = this.#pop();
        this.#setItems([this.#pop(), value]);
        return false;
      }
      case 0x75: // SETITEMS
        this.#setItems(this.#popMark());
        return false;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        return false;
      case 0x65: // APPENDS
        this.#append(this.#popMark());
        return false;
      case 0x71: // BINPUT
        this.#put(this.#byte());
        return false;
      case 0x72: // LONG_BINPUT
        this.#put(this.#u32());
        return false;
      case 0x94: // MEMOIZE
        this.#put(this.#memo.size);
        return false;
      case 0x68: // BINGET
        this.#get(this.#byte());
        return false;
      case 0x6a: // LONG_BINGET
        this.#get(this.#u32());
        return false;
      case 0x63: // GLOBAL
        this.#global(this.#line(), this.#line());
        return false;
      case 0x93: { // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== "string" || typeof module !== "string") this.#refuse("a name that is no text");
        this.#global(module, name);
        return false;
      }
      case 0x51: // BINPERSID
        this.#make(this.#context.persistent(this.#pop()));
        return false;
      case 0x52: // REDUCE
        this.#reduce();
        return false;
      case 0x62: // BUILD: attributes of an OrderedDict, such as _metadata; not needed
        this.#pop();
        if (!(this.#top() instanceof Map)) {
          this.#refuse("it sets the state of something that is no dictionary");
        }
        return false;
      default:
        return this.#refuse(`opcode 0x${opcode.toString(16)} is not needed for weights; refused`);
    }
  }

  run(): PickleValue {
    while (!this.#step());
    return this.#pop();
  }
}
