// Failures of a WebGPU device in words: what was made or run, how large, which limit, what to change.

/** Bytes in words. */
export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What helps when memory does not suffice. */
export const ADVICE = "store weights as f16, use a smaller window or grid, or compute on the CPU";

/** An error a scope caught, as a caller sees it. */
export function scoped(what: string, error: GPUError): Error {
  const isMemory = error.constructor.name === "GPUOutOfMemoryError";
  const text = `Cannot ${what}: ${isMemory ? `the GPU's memory does not suffice; ${ADVICE}` : error.message}`;
  return isMemory ? new RangeError(text, { cause: error }) : new TypeError(text, { cause: error });
}

/**
 * Runs a task and fails with what its error scopes caught.
 *
 * @param device whose errors are meant
 * @param what words for the message, `load a program`
 * @param task creates or submits
 */
export async function guarded<T>(device: GPUDevice, what: string, task: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  let result: T;
  try {
    result = await task();
  } catch (error) {
    await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    throw error;
  }
  const [validation, memory] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const caught = memory ?? validation;
  if (caught) throw scoped(what, caught);
  return result;
}
