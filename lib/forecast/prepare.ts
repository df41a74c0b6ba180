// From a network and the kind of window it continues to programs on a device. The same for a loaded model and for one in
// training: they differ in where their parameters come from.

import { type Plan, plan } from "../compile/pipeline.ts";
import type { Device, DeviceBuffer, Executable } from "../compile/device.ts";
import { trace } from "../ir/trace.ts";
import { BYTES, sizeOf, type Type } from "../ir/types.ts";
import type { Model, Parameters, Traced } from "../models/model.ts";
import { PARAMETER_PREFIX } from "../weights/storage.ts";

/** Where the parameters of programs come from. */
export interface ParameterSource {
  /** Where they are. */
  readonly device: Device;
  /** Makes the inputs that hold a parameter, while a program is traced. */
  readonly parameters: Parameters;
  /** Whether they stay the same from run to run: what depends on them alone is then computed once. */
  readonly stationary: boolean;
  /** Whether products with 8-bit weights round their other operand as well. */
  readonly quantise: boolean;
  /**
   * Memory of those inputs of a program that hold parameters.
   *
   * @param inputs names of all inputs
   * @param matrices rows of those that products read whole: the device may pack them
   */
  buffers(
    inputs: Iterable<string>,
    matrices: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, DeviceBuffer>>;
}

/** What a forecast will take, known before it runs. */
export interface MemoryEstimate {
  /** Weights resident on the device. */
  readonly weights: number;
  /** Intermediate results of a step, inputs, outputs and constants. */
  readonly working: number;
  /** Of those, what each further rollout beside takes again: its inputs and its state. 0 where not known. */
  readonly rollout?: number;
}

/** A program of a rollout. */
export interface ForecastProgram {
  /** On the device. */
  readonly executable: Executable;
  /** Parameters that every run is given; none where they were bound when it was loaded. */
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
  /** Types of its other inputs by name. */
  readonly inputs: ReadonlyMap<string, Type>;
}

/** The programs of a rollout. */
export interface PreparedForecast extends Disposable {
  /** Where they are. */
  readonly device: Device;
  /** Every step, or the one that fills the KV cache. */
  readonly step: ForecastProgram;
  /** The steps after that one, which read a frame; null without a KV cache. */
  readonly decode: ForecastProgram | null;
  /** Types of what a rollout keeps from step to step, `state/..`. */
  readonly state: ReadonlyMap<string, Type>;
}

/** A program before its weights are read. */
interface Planned {
  readonly plan: Plan;
  readonly inputs: ReadonlyMap<string, Type>;
}

/** Whether an input belongs to a rollout and outlives a step. */
export function isState(input: string): boolean {
  return input.startsWith("state/");
}

function planTraced<S>(traced: Traced<S>, shape: S, source: ParameterSource): Planned {
  const types = traced.types(shape);
  const graph = trace(types, (inputs) => traced.trace(source.parameters, inputs, shape));
  const planned = plan(graph, source.device, {
    ...(source.stationary ? { stationary: (input: string) => input.startsWith(PARAMETER_PREFIX) } : {}),
    quantise: source.quantise,
  });
  return { plan: planned, inputs: new Map(Object.entries(types).filter(([name]) => graph.inputs.has(name))) };
}

/** Types of all state; the programs of a rollout agree in it. */
function stateOf(programs: readonly Planned[]): Map<string, Type> {
  return new Map(programs.flatMap(({ inputs }) => [...inputs].filter(([name]) => isState(name))));
}

function bytesOf(types: Iterable<Type>): number {
  let bytes = 0;
  for (const { dtype, shape } of types) bytes += BYTES[dtype] * sizeOf(shape);
  return bytes;
}

/** Bytes of all weights that some programs read; those of several count once. */
function weightBytes(programs: readonly Planned[]): number {
  const types = new Map<string, Type>(
    programs.flatMap(({ plan }) =>
      [plan.prologue, plan.main].flatMap((part) =>
        [...part?.graph.inputs ?? []].filter(([name]) => name.startsWith(PARAMETER_PREFIX))
      )
    ),
  );
  return bytesOf(types.values());
}

function estimate(programs: readonly Planned[]): MemoryEstimate {
  // State counts among the inputs of each program.
  const shared = programs.map(({ inputs }) =>
    bytesOf([...inputs].flatMap(([n, t]) => isState(n) ? [t] : []))
  );
  const state = bytesOf(stateOf(programs).values());
  const working = programs.reduce((sum, { plan }, i) => sum + plan.bytes.working - shared[i]!, state);
  // What is no state is counted for each program: a rollout holds it once.
  const inputs = new Map(programs.flatMap(({ inputs }) => [...inputs]));
  const own = [...inputs].flatMap(([name, type]) => name.startsWith(PARAMETER_PREFIX) ? [] : [type]);
  return { weights: weightBytes(programs), working, rollout: bytesOf(own) };
}

async function load({ plan, inputs }: Planned, source: ParameterSource): Promise<ForecastProgram> {
  const names = [plan.prologue, plan.main].flatMap((part) => [...part?.graph.inputs.keys() ?? []]);
  const parameters = await source.buffers(new Set(names), plan.matrices);
  const executable = await source.device.load(plan, source.stationary ? parameters : new Map());
  return { executable, parameters: source.stationary ? new Map() : parameters, inputs };
}

/**
 * Plans, asks whether there is room, reads weights and loads programs.
 *
 * @param model the network
 * @param shape what the programs are made for
 * @param source of the network's parameters
 * @param kvCache whether keys and values of past frames are kept
 * @param admit told what the forecast will take before weights are read; throws to refuse
 * @throws RangeError for a network without a KV cache that is asked for one
 */
export async function prepareForecast<S>(
  model: Model<S>,
  shape: S,
  source: ParameterSource,
  kvCache: boolean,
  admit?: (need: MemoryEstimate) => unknown,
): Promise<PreparedForecast> {
  const cached = kvCache ? model.kvCache : undefined;
  if (kvCache && !cached) {
    throw new RangeError(
      `Cannot keep a KV cache: past frames see later ones in this network (${model.family}, ${model.description})`,
    );
  }
  const first = planTraced(cached?.prefill ?? model.forecast, shape, source);
  const later = cached ? planTraced(cached.decode, shape, source) : null;
  const programs = later ? [first, later] : [first];
  await admit?.(estimate(programs));
  using made = new DisposableStack();
  const step = await load(first, source);
  made.use(step.executable);
  const decode = later ? await load(later, source) : null;
  if (decode) made.use(decode.executable);
  const owned = made.move();
  return {
    device: source.device,
    step,
    decode,
    state: stateOf(programs),
    [Symbol.dispose]: () => owned.dispose(),
  };
}
