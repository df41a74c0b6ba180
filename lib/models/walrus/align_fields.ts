// Carries a checkpoint's field columns to another field table, by name (model.md section 11, "Adding fields").

/** A field table: name to column. */
export type FieldTable = Readonly<Record<string, number>>;

/** A tensor whose second axis (or only axis) counts fields. */
interface Columns {
  readonly data: Float32Array;
  /** Elements before and after the field axis. */
  readonly outer: number;
  readonly inner: number;
}

function copyColumns(
  old: Columns,
  fresh: Columns,
  from: FieldTable,
  to: FieldTable,
  scale: number,
): Float32Array {
  const [oldCount, newCount] = [Object.keys(from).length, Object.keys(to).length];
  const result = fresh.data.slice();
  for (const [name, column] of Object.entries(to)) {
    const source = from[name];
    if (source === undefined) continue;
    for (let o = 0; o < fresh.outer; o++) {
      const target = (o * newCount + column) * fresh.inner;
      const start = (o * oldCount + source) * fresh.inner;
      for (let i = 0; i < fresh.inner; i++) {
        result[target + i] = Math.fround(scale) * (old.data[start + i] ?? NaN);
      }
    }
  }
  return result;
}

/**
 * Field-indexed tensors of a checkpoint under a new field table. Known names keep their columns, new names keep
 * their start values.
 *
 * @param name the tensor's key: `embed.{d}.proj1.weight`, `debed.{d}.proj2.weight` or `debed.{d}.proj2.bias`
 * @param shape of the old tensor; axis 1 counts fields (axis 0 of the bias)
 * @param old the checkpoint's values
 * @param fresh start values under the new table
 * @param from the checkpoint's field table
 * @param to the new field table
 * @returns values under the new table
 */
export function alignFields(
  name: string,
  shape: readonly number[],
  old: Float32Array,
  fresh: Float32Array,
  from: FieldTable,
  to: FieldTable,
): Float32Array {
  const axis = shape.length === 1 ? 0 : 1;
  const product = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);
  const sizes = { outer: product(shape.slice(0, axis)), inner: product(shape.slice(axis + 1)) };
  // The encoder scales its columns by the size of the table, which changed.
  const scale = name.startsWith("embed.") ? Math.sqrt(Object.keys(from).length / Object.keys(to).length) : 1;
  return copyColumns({ data: old, ...sizes }, { data: fresh, ...sizes }, from, to, scale);
}
