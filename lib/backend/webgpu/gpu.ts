// A GPUDevice and what is known of it: limits that passes go by, failures that no caller was there to hear, pipelines
// that were made before; and the turns of those who use it.

import { COMPUTE_STAGE } from "./flags.ts";
import { DeviceLostError } from "../../compile/device.ts";
import { Pace } from "../pace.ts";
import { Life, Queue } from "../queue.ts";
import { type OperandType, type ShaderParts, shaderText } from "./shader.ts";
import type { Target } from "./target.ts";

/** A pipeline and the layout of what it is bound to. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Milliseconds for which news of a loss is waited for: where it is likely, and where it is certain. */
const SHORT_NEWS = 50, LONG_NEWS = 30_000;

/** See the head of the file. */
export class Gpu {
  readonly device: GPUDevice;
  readonly target: Target;
  /** Whether arrays of f16 exist. */
  readonly f16: boolean;
  readonly name: string;
  readonly queue = new Queue();
  readonly pace = new Pace();
  readonly life: Life;
  readonly #owned: boolean;
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  #failure: Error | null = null;

  /**
   * @param device to compute on
   * @param target limits to go by, at most the device's
   * @param owned whether disposing of this ends the device
   */
  constructor(device: GPUDevice, target: Target, owned: boolean) {
    this.device = device;
    this.target = target;
    this.f16 = device.features.has("shader-f16");
    this.#owned = owned;
    const traits = [
      device.adapterInfo?.description || "unnamed adapter",
      this.f16 ? "f16 arrays" : "packed f16",
      ...target.subgroups ? ["subgroups"] : [],
    ];
    this.name = `webgpu (${traits.join(", ")})`;
    this.life = new Life(`the device "${this.name}"`);
    device.lost.then(({ reason, message }) => {
      const why = message ? `${reason}: ${message}` : reason;
      this.#failure = new DeviceLostError(
        `The WebGPU device is lost (${why || "unknown"}): make a new one and load weights and programs again`,
      );
    });
  }

  /** Pipelines made so far. */
  get compiles(): number {
    return this.#pipelines.size;
  }

  /** Keeps a failure for the next run. */
  failed(error: Error): void {
    this.#failure ??= error;
  }

  /** @throws Error what failed before, a {@link DeviceLostError} once the device is lost */
  checkAlive(): void {
    const failure = this.#failure;
    if (!failure) return;
    // A loss is for ever, a failed allocation is reported once.
    if (!(failure instanceof DeviceLostError)) this.#failure = null;
    throw failure;
  }

  /**
   * Waits for news of a loss, which comes after what failed by it: a moment, or as long as the GPU has other work.
   *
   * @param error what failed
   */
  async settle(error: unknown): Promise<void> {
    // Nobody but a lost device ends a mapping.
    const isLoss = (error as Error).name === "AbortError";
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, isLoss ? LONG_NEWS : SHORT_NEWS);
    await Promise.race([this.device.lost, late.promise]);
    clearTimeout(timer);
    this.checkAlive();
  }

  #layout(operands: readonly OperandType[]): GPUBindGroupLayout {
    const key = operands.map(({ access }) => access).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      const entries = operands.map(({ access }, i): GPUBindGroupLayoutEntry => ({
        binding: i + 1,
        visibility: COMPUTE_STAGE,
        buffer: { type: access === "read" ? "read-only-storage" : "storage" },
      }));
      entries.unshift({ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "uniform" } });
      layout = this.device.createBindGroupLayout({ entries });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  /** The pipeline of a shader, compiled once for its text. */
  pipeline(parts: ShaderParts): Promise<Pipeline> {
    const code = shaderText(parts, this.f16);
    let made = this.#pipelines.get(code);
    if (!made) {
      made = this.#compile(parts, code);
      this.#pipelines.set(code, made);
    }
    return made;
  }

  async #compile(parts: ShaderParts, code: string): Promise<Pipeline> {
    const layout = this.#layout([...parts.inputs, ...parts.outputs]);
    const module = this.device.createShaderModule({ code, label: parts.name });
    const pipeline = await this.device.createComputePipelineAsync({
      label: parts.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    }).catch((error: unknown) => {
      this.checkAlive();
      throw new TypeError(`Cannot compile kernel ${parts.name}: ${(error as Error).message}\n${code}`);
    });
    return { pipeline, layout };
  }

  [Symbol.dispose](): void {
    if (this.life.end() && this.#owned) this.queue.release(() => this.device.destroy());
  }
}
