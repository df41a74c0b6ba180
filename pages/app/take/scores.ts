// The scores of a scene as CSV: a row a step, a column for each quantity of each forecast.

import { type Scene, timeOf } from "../scene.ts";

/** Text of the file; VRMSE has no unit. */
export function scoresCsv({ quantities, scores, steps, computed }: Scene): string {
  const columns = scores.flatMap(({ label, vrmse }) =>
    quantities.map(({ key }, i) => ({ name: `vrmse ${key} ${label}`, values: vrmse[i] ?? [] }))
  );
  const quoted = (text: string) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? "" : String(value);
  const rows = Array.from({ length: computed }, (_, i) => [
    String(i + 1),
    number(timeOf(steps, i + 1)),
    ...columns.map(({ values }) => number(values[i])),
  ]);
  const head = ["step", "time", ...columns.map(({ name }) => quoted(name))];
  return [head, ...rows].map((row) => row.join(",")).join("\r\n") + "\r\n";
}
