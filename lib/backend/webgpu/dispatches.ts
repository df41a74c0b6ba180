// A program as the dispatches of a run, in order, and what they take besides the program's own slots. Needs no adapter:
// what a program would take on one is known before there is one.

import type { Program } from "../../compile/program.ts";
import { repack } from "../../compile/repack.ts";
import { launchWork } from "../../compile/work.ts";
import { BINDING_ALIGNMENT, type Dispatch } from "./dispatch.ts";
import { lowerLaunch } from "./lower.ts";
import { plannedBytes } from "./pool.ts";
import { shaderText } from "./shader.ts";
import type { Target } from "./target.ts";

/** Dispatches of one submit, and its arithmetic: little enough that no watchdog ends it on a slow adapter. */
const DISPATCHES = 64;
const OPERATIONS = 5e10;

/** A dispatch and what else a run needs to know of it. */
export interface ProgramDispatch {
  readonly dispatch: Dispatch;
  /** Floating-point operations. */
  readonly work: number;
  /** Byte of the uniform buffer that its uniforms start at. */
  readonly uniforms: number;
}

/** The program with its views within reach of the adapter's bindings. */
export function fitted(program: Program, { limits }: Target): Program {
  return repack(program, limits.maxStorageBufferBindingSize, BINDING_ALIGNMENT);
}

/**
 * All dispatches of a run.
 *
 * @param program as {@link fitted} made it
 * @param target limits and features of the adapter
 * @throws RangeError when a launch can not be cut to the limits
 */
export function dispatchesOf(program: Program, target: Target): ProgramDispatch[] {
  let uniforms = 0;
  return program.launches.flatMap((launch) => {
    const own = lowerLaunch(launch, target);
    return own.map((dispatch): ProgramDispatch => {
      const entry = { dispatch, work: launchWork(launch) / own.length, uniforms };
      uniforms += uniformBytes(dispatch);
      return entry;
    });
  });
}

/** Bytes of the uniform buffer that a dispatch takes. */
export function uniformBytes({ uniforms }: Dispatch): number {
  return Math.ceil(uniforms.byteLength / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
}

/** First dispatch of each submit, and the end. */
export function submitsOf(dispatches: readonly ProgramDispatch[]): number[] {
  const starts = [0];
  let [count, work] = [0, 0];
  dispatches.forEach((dispatch, i) => {
    if (count > 0 && (count === DISPATCHES || work + dispatch.work > OPERATIONS)) {
      starts.push(i);
      [count, work] = [0, 0];
    }
    count++;
    work += dispatch.work;
  });
  return [...starts, dispatches.length];
}

/** Bytes of working memory that single launches need. */
export function workingBytes(dispatches: readonly ProgramDispatch[]): number {
  const operands = dispatches.flatMap(({ dispatch }) => [...dispatch.inputs, ...dispatch.outputs]);
  return operands.reduce((most, { slot, bytes }) => slot === null ? Math.max(most, bytes) : most, 0);
}

/** What a program takes on an adapter. */
export interface WebGpuPlan {
  /** Bytes of inputs and outputs, weights included. */
  readonly bound: number;
  /** Bytes of everything else: pooled buffers, constants, uniforms, working memory of launches. */
  readonly working: number;
  /** Bytes of the largest buffer. */
  readonly largest: number;
  /** Dispatches of a run. */
  readonly dispatches: number;
  /** Submits of a run. */
  readonly submits: number;
  /** Different shaders. */
  readonly shaders: number;
}

/**
 * Plans a program for an adapter, which does not have to be there.
 *
 * @param compiled program
 * @param target limits and features of the adapter
 * @param f16 whether it has f16 arrays
 * @throws RangeError when a launch can not be cut to the limits
 */
export function planDispatches(compiled: Program, target: Target, f16 = true): WebGpuPlan {
  const program = fitted(compiled, target);
  const dispatches = dispatchesOf(program, target);
  const { pooled, largest } = plannedBytes(program);
  const uniform = dispatches.reduce((sum, { dispatch }) => sum + uniformBytes(dispatch), 0);
  const own = workingBytes(dispatches);
  return {
    bound: program.bytes.input + program.bytes.output,
    working: pooled + program.bytes.constant + uniform + own,
    largest: Math.max(largest, own),
    dispatches: dispatches.length,
    submits: submitsOf(dispatches).length - 1,
    shaders: new Set(dispatches.map(({ dispatch }) => shaderText(dispatch.parts, f16))).size,
  };
}
