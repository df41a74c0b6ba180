// A program as the launches of a run, in order, and what they take besides the program's own slots. Needs no adapter:
// what a program would take on one can be told before there is one.

import type { Program } from "../../compile/program.ts";
import { repack } from "../../compile/repack.ts";
import { stepWork } from "../../compile/work.ts";
import { BINDING_ALIGNMENT, type Dispatch } from "./dispatch.ts";
import { lowerStep } from "./lower.ts";
import { plannedBytes } from "./pool.ts";
import { shaderText } from "./shader.ts";
import type { Target } from "./target.ts";

/** Dispatches of one submit, and its arithmetic: little enough that no watchdog ends it on a slow adapter. */
const DISPATCHES = 64;
const OPERATIONS = 5e10;

/** A dispatch and what else a run needs to know of it. */
export interface ProgramLaunch {
  readonly dispatch: Dispatch;
  /** Floating-point operations. */
  readonly work: number;
  /** Byte of the uniform buffer its words start at. */
  readonly words: number;
}

/** The program with its views within reach of the adapter's bindings. */
export function fitted(program: Program, { limits }: Target): Program {
  return repack(program, limits.maxStorageBufferBindingSize, BINDING_ALIGNMENT);
}

/**
 * All launches of a run.
 *
 * @param program as {@link fitted} made it
 * @param target limits and habits of the adapter
 * @throws RangeError when a step can not be cut to the limits
 */
export function launchesOf(program: Program, target: Target): ProgramLaunch[] {
  let words = 0;
  return program.steps.flatMap((step) => {
    const dispatches = lowerStep(step, target);
    return dispatches.map((dispatch): ProgramLaunch => {
      const launch = { dispatch, work: stepWork(step) / dispatches.length, words };
      words += uniformBytes(dispatch);
      return launch;
    });
  });
}

/** Bytes of the uniform buffer that a dispatch takes. */
export function uniformBytes({ words }: Dispatch): number {
  return Math.ceil(words.byteLength / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
}

/** First launch of each submit, and the end. */
export function submitsOf(launches: readonly ProgramLaunch[]): number[] {
  const starts = [0];
  let [count, work] = [0, 0];
  launches.forEach((launch, i) => {
    if (count > 0 && (count === DISPATCHES || work + launch.work > OPERATIONS)) {
      starts.push(i);
      [count, work] = [0, 0];
    }
    count++;
    work += launch.work;
  });
  return [...starts, launches.length];
}

/** Bytes of working memory that single steps need. */
export function workingBytes(launches: readonly ProgramLaunch[]): number {
  const operands = launches.flatMap(({ dispatch }) => [...dispatch.inputs, ...dispatch.outputs]);
  return operands.reduce((most, { slot, bytes }) => slot === null ? Math.max(most, bytes) : most, 0);
}

/** What a program takes on an adapter. */
export interface WebGpuPlan {
  /** Bytes of inputs and outputs, weights included. */
  readonly bound: number;
  /** Bytes of everything else: pooled buffers, constants, words, working memory of steps. */
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
 * @param target limits and habits of the adapter
 * @param halves whether it has f16 arrays
 * @throws RangeError when a step can not be cut to the limits
 */
export function planLaunches(compiled: Program, target: Target, halves = true): WebGpuPlan {
  const program = fitted(compiled, target);
  const launches = launchesOf(program, target);
  const { pooled, largest } = plannedBytes(program);
  const uniform = launches.reduce((sum, { dispatch }) => sum + uniformBytes(dispatch), 0);
  const step = workingBytes(launches);
  return {
    bound: program.bytes.input + program.bytes.output,
    working: pooled + program.bytes.constant + uniform + step,
    largest: Math.max(largest, step),
    dispatches: launches.length,
    submits: submitsOf(launches).length - 1,
    shaders: new Set(launches.map(({ dispatch }) => shaderText(dispatch.parts, halves))).size,
  };
}
