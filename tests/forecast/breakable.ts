// A device that can be lost when a test says so: from then on all that is asked of it rejects as a lost GPU does.

import { type Device, DeviceLostError, type Executable } from "../../lib/compile/device.ts";

/** A device and the way to lose it. */
export interface Breakable {
  readonly device: Device;
  /** Loses it, once. */
  readonly lose: () => void;
}

/**
 * Wraps a device.
 *
 * @param inner computes until then; stays the caller's
 */
export function breakable(inner: Device): Breakable {
  let lost = false;
  const fail = () => {
    if (lost) throw new DeviceLostError("The device is lost (the test says so)");
  };
  const guarded = (executable: Executable): Executable => ({
    program: executable.program,
    async run(job) {
      fail();
      const result = await executable.run(job);
      // What was under way is lost with the device.
      fail();
      return result;
    },
    [Symbol.dispose]: () => executable[Symbol.dispose](),
  });
  const device: Device = {
    name: inner.name,
    kernels: inner.kernels,
    types: inner.types,
    createBuffer(...args) {
      fail();
      return inner.createBuffer(...args);
    },
    async load(...args) {
      fail();
      return guarded(await inner.load(...args));
    },
    [Symbol.dispose]: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { device, lose: () => lost = true };
}
