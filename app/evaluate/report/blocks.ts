// What a report consists of, written once and set twice: as Markdown, which has no pictures, and as HTML.

import { escaped } from "../../train/chart.ts";

/** A cell of a table. */
export interface Cell {
  readonly text: string;
  /** Said beside it, smaller: an interval, a spread. */
  readonly note?: string;
  /** Whether it is the best of its row. */
  readonly best?: boolean;
}

/** A table. Its columns after the first hold numbers unless `words`. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[];
  readonly words?: boolean;
}

/** A part of a report. */
export type Block =
  | { readonly kind: "heading"; readonly level: 2 | 3; readonly text: string; readonly id?: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "notes"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly table: Table }
  /** Pictures and what else Markdown has no words for. */
  | { readonly kind: "html"; readonly html: string }
  /** Beside each other where there is room; `folded`: opened by whoever wants to see them. */
  | {
    readonly kind: "group";
    readonly blocks: readonly (readonly Block[])[];
    readonly folded?: string;
    /** Least width of a column in pixels. */
    readonly column?: number;
  };

/** Short ways to write parts. */
export const heading = (level: 2 | 3, text: string, id?: string): Block => ({
  kind: "heading",
  level,
  text,
  ...(id ? { id } : {}),
});
export const text = (words: string): Block => ({ kind: "text", text: words });
export const list = (items: readonly string[]): Block[] =>
  items.length === 0 ? [] : [{ kind: "list", items }];
export const notes = (items: readonly string[]): Block[] =>
  items.length === 0 ? [] : [{ kind: "notes", items }];
export const tableBlock = (table: Table): Block[] =>
  table.rows.length === 0 ? [] : [{ kind: "table", table }];
export const html = (markup: string): Block[] => markup === "" ? [] : [{ kind: "html", html: markup }];

/** A name that may be broken where it has parts. */
function breakable(name: string): string {
  return escaped(name).replace(/([_/])(?=\w)/g, "$1<wbr>");
}

function tableHtml({ caption, head, rows, words = false }: Table): string {
  const top = head.map((name) => `<th scope="col">${breakable(name)}</th>`).join("");
  const body = rows.map(({ name, cells }) => {
    const own = cells.map(({ text, note, best }) =>
      `<td>${best ? `<b>${escaped(text)}</b>` : escaped(text)}${
        note ? `<small>${escaped(note)}</small>` : ""
      }</td>`
    );
    return `<tr><th scope="row">${breakable(name)}</th>${own.join("")}</tr>`;
  });
  // Wide tables go sideways within their own box, by keyboard too.
  return `<p class="caption">${escaped(caption)}</p><div class="wide" tabindex="0" role="group" aria-label="${
    escaped(caption)
  }"><table${words ? ` class="words"` : ""} aria-label="${
    escaped(caption)
  }"><thead><tr>${top}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function groupHtml({ blocks, folded, column = 400 }: Extract<Block, { kind: "group" }>): string {
  const cards = blocks.filter((own) => own.length > 0).map((own) =>
    `<div class="card">${own.map(blockHtml).join("\n")}</div>`
  );
  if (cards.length === 0) return "";
  const grid = `<div class="grid" style="--column:${column}px">${cards.join("\n")}</div>`;
  return folded ? `<details><summary>${escaped(folded)}</summary>${grid}</details>` : grid;
}

/** A part as HTML. */
export function blockHtml(block: Block): string {
  switch (block.kind) {
    case "heading": {
      const { level, id } = block;
      return `<h${level}${id ? ` id="${escaped(id)}"` : ""}>${escaped(block.text)}</h${level}>`;
    }
    case "text":
      return `<p>${escaped(block.text)}</p>`;
    case "list":
    case "notes": {
      const items = block.items.map((item) => `<li>${escaped(item)}</li>`).join("");
      return `<ul${block.kind === "notes" ? ` class="notes"` : ""}>${items}</ul>`;
    }
    case "table":
      return tableHtml(block.table);
    case "html":
      return block.html;
    case "group":
      return groupHtml(block);
  }
}

/** Text that is no Markdown: what would begin a table's cell, a mark or a tag is taken as it stands. */
export function plain(words: string): string {
  // Within words underlines are no marks, and brackets are links only before a bracket or a colon.
  return words.replace(/([\\`*|<])|(?<!\w)(_)|(_)(?!\w)|(?<=\])([(:])|^([#>])/g, "\\$&").replace(/\n/g, " ");
}

function tableMarkdown({ caption, head, rows, words = false }: Table): string {
  const cell = ({ text, note, best }: Cell) => {
    const shown = best ? `**${plain(text)}**` : plain(text);
    return note ? `${shown} (${plain(note)})` : shown;
  };
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `${plain(caption)}:`,
    "",
    line(head.map(plain)),
    line(head.map((_, i) => i === 0 || words ? "---" : "--:")),
    ...rows.map(({ name, cells }) => line([plain(name), ...cells.map(cell)])),
  ].join("\n");
}

/** Parts as Markdown, an empty line between them. */
export function markdown(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => {
    switch (block.kind) {
      case "heading":
        return [`${"#".repeat(block.level)} ${plain(block.text)}`];
      case "text":
        return [plain(block.text)];
      case "list":
      case "notes":
        return [block.items.map((item) => `- ${plain(item)}`).join("\n")];
      case "table":
        return [tableMarkdown(block.table)];
      case "html":
        return [];
      case "group": {
        const inner = block.blocks.map((own) => markdown(own)).filter((part) => part !== "");
        return inner;
      }
    }
  }).join("\n\n");
}
