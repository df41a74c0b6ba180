// Reads the pickles that PyTorch writes, without executing anything. An own machine rather than a library: names are
// texts that are never looked up, and what is not on an allow-list is described, not built. It keeps dictionaries in
// Maps (so no key can reach a prototype), checks each claimed length before it allocates, counts the objects it makes,
// and never recurses. A value is returned as it is nested: who walks it must not recurse either.

import { PickleBytes } from "./pickle_bytes.ts";
import { hostile, plainAttribute } from "./pickle_names.ts";
import { quoted } from "./quote.ts";

/** A value of a pickle. Tuples and lists are arrays; objects come from the allow-list. */
export type PickleValue = null | boolean | number | string | object | PickleValue[] | PickleDict;
/** A dictionary. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** What a pickle's names and persistent ids become; every other name stands for an object that is not built. */
export interface PickleContext {
  /** For messages. */
  readonly name: string;
  /** Callables by `module.name`: applied to arguments by the REDUCE opcode. */
  readonly callables: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>>;
  /** Plain values by `module.name`, such as storage types. */
  readonly constants: Readonly<Record<string, PickleValue>>;
  /** The value of a persistent id. */
  readonly persistent: (id: PickleValue) => PickleValue;
  /** Most objects that are made; 262 144 unless given. */
  readonly mostObjects?: number;
}

/** A callable of the allow-list on the stack. */
export class PickleCallable {
  constructor(readonly path: string, readonly call: (args: readonly PickleValue[]) => PickleValue) {}
}

/** A class or function that the file names. */
export class PickleName {
  constructor(readonly path: string) {}
}

/** An object that the file describes and that is not built. */
export class PickleObject {
  /** State it would be given. */
  state: PickleValue = null;
  /** Entries it would be given, where it is a kind of dictionary. */
  entries: PickleDict | null = null;

  /**
   * @param path its class, or the function that would make it
   * @param args what that would be given
   */
  constructor(readonly path: string, readonly args: readonly PickleValue[]) {}
}

const MARK = Symbol("mark");
/** Dictionaries, lists, tuples and objects of one pickle: one byte can make one. A checkpoint has seven a tensor. */
const MOST_OBJECTS = 1 << 18;
const GETATTR = /^(builtins|__builtin__)\.getattr$/;

/**
 * Reads a pickle of protocols 2 to 5.
 *
 * @param bytes the whole pickle
 * @param context what names stand for
 * @returns the value on top when it stops
 * @throws SyntaxError for names of what acts on a machine, unknown opcodes, damage
 */
export function readPickle(bytes: Uint8Array, context: PickleContext): PickleValue {
  return new Machine(bytes, context).run();
}

/**
 * Reads several pickles that follow each other.
 *
 * @param bytes from the first pickle on; what follows the last is left alone
 * @param count how many
 * @param context what names stand for
 * @returns their values, and where the last one ends
 * @throws as {@link readPickle}
 */
export function readPickles(
  bytes: Uint8Array,
  count: number,
  context: PickleContext,
): { readonly values: readonly PickleValue[]; readonly end: number } {
  const values: PickleValue[] = [];
  let end = 0;
  while (values.length < count) {
    const machine = new Machine(bytes.subarray(end), context);
    values.push(machine.run());
    end += machine.end;
  }
  return { values, end };
}

type Item = PickleValue | typeof MARK;

class Machine {
  readonly #from: PickleBytes;
  readonly #context: PickleContext;
  readonly #stack: Item[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #objects = 0;

  constructor(bytes: Uint8Array, context: PickleContext) {
    this.#from = new PickleBytes(bytes, (why) => this.#refuse(why));
    this.#context = context;
  }

  /** Bytes read. */
  get end(): number {
    return this.#from.at;
  }

  #refuse(why: string): never {
    throw new SyntaxError(
      `Cannot read the pickle of "${this.#context.name}": ${why} at byte ${this.#from.at}`,
    );
  }

  /** No count is longer than eight bytes; states of generators of random numbers are. */
  #integer(length: number): void {
    const value = this.#from.integer(length);
    if (value === null) this.#make(new PickleObject("builtins.int", []));
    else this.#push(value);
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Pushes an object that takes memory of its own. */
  #make(value: PickleValue): void {
    const { mostObjects = MOST_OBJECTS } = this.#context;
    if (++this.#objects > mostObjects) this.#refuse(`more than ${mostObjects} objects`);
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
    if (Object.hasOwn(callables, path)) this.#make(new PickleCallable(path, callables[path]!));
    else if (Object.hasOwn(constants, path)) this.#push(constants[path]!);
    else if (!hostile(module, name) || GETATTR.test(path)) this.#make(new PickleName(path));
    else {
      this.#refuse(
        `it names ${quoted(path)}, which is not needed for weights and is never executed; refused`,
      );
    }
  }

  /** What a call, or a new object of a class, comes to. */
  #reduce(kind: "call" | "class"): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!Array.isArray(args)) this.#refuse("arguments are no tuple");
    if (callable instanceof PickleCallable) this.#make(callable.call(args));
    else if (callable instanceof PickleName || callable instanceof PickleObject) {
      if (GETATTR.test(callable.path) && !plainAttribute(args[1])) {
        this.#refuse(`it reaches for an attribute with ${quoted(callable.path)}, never executed; refused`);
      }
      // The function that makes objects of a class names it first.
      const made = kind === "call" && /^copy_?reg\./.test(callable.path) && args[0] instanceof PickleName;
      this.#make(new PickleObject(made ? (args[0] as PickleName).path : callable.path, args));
    } else this.#refuse("it calls something that is no callable");
  }

  #setItems(values: readonly PickleValue[]): void {
    let target = this.#top();
    if (target instanceof PickleObject) target = target.entries ??= new Map();
    if (!(target instanceof Map) || values.length % 2 !== 0) {
      this.#refuse("items for something that is no dictionary");
    }
    for (let i = 0; i < values.length; i += 2) target.set(values[i]!, values[i + 1]!);
  }

  #setState(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof PickleObject) target.state = state;
    // Attributes of an OrderedDict, such as _metadata: not needed.
    else if (!(target instanceof Map)) this.#refuse("it sets the state of something that is no object");
  }

  #append(values: readonly PickleValue[]): void {
    const target = this.#top();
    // Elements of sets and of kinds of lists are not kept.
    if (target instanceof PickleObject) return;
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
    const from = this.#from;
    const opcode = from.byte();
    switch (opcode) {
      case 0x80: // PROTO
        if (from.byte() > 5) this.#refuse("an unknown protocol");
        return false;
      case 0x95: // FRAME
        from.take(8);
        return false;
      case 0x2e: // STOP
        return true;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        this.#stack.push(MARK);
        return false;
      case 0x30: // POP
        if (this.#stack.at(-1) === MARK) this.#popMark();
        else this.#pop();
        return false;
      case 0x31: // POP_MARK
        this.#popMark();
        return false;
      case 0x32: // DUP
        this.#push(this.#top());
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
        this.#push(from.i32());
        return false;
      case 0x4b: // BININT1
        this.#push(from.byte());
        return false;
      case 0x4d: // BININT2
        this.#push(from.u16());
        return false;
      case 0x8a: // LONG1
        this.#integer(from.byte());
        return false;
      case 0x8b: // LONG4
        this.#integer(from.u32());
        return false;
      case 0x47: // BINFLOAT
        this.#push(from.f64());
        return false;
      case 0x58: // BINUNICODE
        this.#push(from.text(from.u32()));
        return false;
      case 0x8c: // SHORT_BINUNICODE
        this.#push(from.text(from.byte()));
        return false;
      case 0x8d: // BINUNICODE8
        this.#push(from.text(from.u64()));
        return false;
      case 0x55: // SHORT_BINSTRING
        this.#push(from.text(from.byte()));
        return false;
      case 0x54: // BINSTRING
        this.#push(from.text(from.u32()));
        return false;
      case 0x43: // SHORT_BINBYTES
        this.#make(from.bytes(from.byte()));
        return false;
      case 0x42: // BINBYTES
        this.#make(from.bytes(from.u32()));
        return false;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.#make(from.bytes(from.u64()));
        return false;
      case 0x8f: // EMPTY_SET
        this.#make(new PickleObject("builtins.set", []));
        return false;
      case 0x91: // FROZENSET
        this.#popMark();
        this.#make(new PickleObject("builtins.frozenset", []));
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
      case 0x90: // ADDITEMS
        this.#append(this.#popMark());
        return false;
      case 0x71: // BINPUT
        this.#put(from.byte());
        return false;
      case 0x72: // LONG_BINPUT
        this.#put(from.u32());
        return false;
      case 0x94: // MEMOIZE
        this.#put(this.#memo.size);
        return false;
      case 0x68: // BINGET
        this.#get(from.byte());
        return false;
      case 0x6a: // LONG_BINGET
        this.#get(from.u32());
        return false;
      case 0x63: // GLOBAL
        this.#global(from.line(), from.line());
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
        this.#reduce("call");
        return false;
      case 0x92: // NEWOBJ_EX: arguments by name are not kept
        this.#pop();
        this.#reduce("class");
        return false;
      case 0x81: // NEWOBJ
        this.#reduce("class");
        return false;
      case 0x62: // BUILD
        this.#setState();
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
