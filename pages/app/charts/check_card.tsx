// A table of checks beside the charts, with what is wrong over it.

import type { CheckTable } from "./checks.ts";

/** Warnings that are shown; the others are counted. */
const SHOWN = 4;

/** The table of a check. */
export function CheckCard({ table }: { readonly table: CheckTable }) {
  const { id, title, subtitle, head, rows, warnings, note } = table;
  const more = warnings.length - SHOWN;
  return (
    <section class={`chart check check-${id}`} aria-label={title}>
      <h3>{title}</h3>
      <p class="hint">{subtitle}</p>
      {warnings.length > 0 && (
        <ul class="check-warnings" role="status">
          {warnings.slice(0, SHOWN).map((text) => <li key={text}>{text}</li>)}
          {more > 0 && <li>and {more} more</li>}
        </ul>
      )}
      <div class="chart-table" tabIndex={0} role="region" aria-label={`Numbers of ${title}`}>
        <table>
          <caption class="out-of-sight">{title}, {subtitle}</caption>
          <thead>
            <tr>{head.map((name, i) => <th key={i} scope="col">{name}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map(([name, ...cells]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, i) => <td key={i}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">{note}</p>
    </section>
  );
}
