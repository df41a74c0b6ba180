// What lowering goes by: limits of an adapter, and which kernels it may take. Tests lower the limits to see programs
// cut; a program can be lowered for an adapter that is not there.

/** Limits that decide how programs are cut. */
export interface Limits {
  /** Bytes of a storage binding. */
  readonly maxStorageBufferBindingSize: number;
  /** Bytes of a buffer. */
  readonly maxBufferSize: number;
  /** Workgroups along one axis of a dispatch. */
  readonly maxComputeWorkgroupsPerDimension: number;
  /** Bytes that the invocations of a workgroup share. */
  readonly maxComputeWorkgroupStorageSize: number;
  /** Storage bindings of a kernel. */
  readonly maxStorageBuffersPerShaderStage: number;
}

/** The least of every adapter, by the standard. */
export const LEAST_LIMITS: Limits = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeWorkgroupStorageSize: 16_384,
  maxStorageBuffersPerShaderStage: 8,
};

/** Names of the limits, for asking an adapter. */
export const LIMIT_NAMES = Object.keys(LEAST_LIMITS) as readonly (keyof Limits)[];

/** What programs are lowered for. */
export interface Target {
  /** Of the adapter, lowered where the caller asks for less. */
  readonly limits: Limits;
  /** Whether kernels may keep tiles in workgroup memory where there is enough of it. */
  readonly tiles: boolean;
  /** Whether the lanes of a subgroup can add their numbers without workgroup memory. */
  readonly subgroups: boolean;
  /**
   * Rows of attention that an invocation has: one on a GPU; four on a software adapter, where a load takes as long as
   * a hundred sums and registers are memory.
   */
  readonly attentionRows: 1 | 4;
}

/** The adapter's own limits, lowered where less is requested. */
export function lowered(own: Readonly<Record<keyof Limits, number>>, requested: Partial<Limits>): Limits {
  const entries = LIMIT_NAMES.map((name) =>
    [name, Math.min(own[name], requested[name] ?? Infinity)] as const
  );
  return Object.fromEntries(entries) as Record<keyof Limits, number>;
}
