// Declarations of the public entries, file by file as the sources are: those export nothing whose type has to be
// inferred, which is checked here.

import ts from "typescript";
import { posix } from "node:path";

const ROOT = new URL("../../", import.meta.url);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  isolatedDeclarations: true,
  allowImportingTsExtensions: true,
  stripInternal: true,
};

/**
 * Text as every compiler reads it: names of files as they are when it runs, and no method twice. What is compiled file
 * by file knows no well-known symbols, and lists methods that have such names as properties as well.
 */
function tidy(text: string): string {
  return text
    .replace(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"')
    .replace(
      /^ +\[Symbol\.(\w+)\]: \(\) => .*;\n/gm,
      (line, name) => text.includes(`[Symbol.${name}]():`) ? "" : line,
    );
}

/**
 * Declarations of modules and of all they name.
 *
 * @param entries paths of modules in the repository
 * @returns texts by path, `mod.d.ts`
 * @throws TypeError for what is exported without a type, or named outside the repository
 */
export async function declarations(entries: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const queue = [...entries];
  for (let path; (path = queue.pop());) {
    const name = path.replace(/\.ts$/, ".d.ts");
    if (texts.has(name)) continue;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
      fileName: path,
      reportDiagnostics: true,
      compilerOptions: OPTIONS,
    });
    const [first] = diagnostics;
    if (first) {
      const line = source.slice(0, first.start).split("\n").length;
      const text = ts.flattenDiagnosticMessageText(first.messageText, " ");
      throw new TypeError(`Cannot declare ${path}:${line}: ${text}`);
    }
    const declared = tidy(outputText);
    texts.set(name, declared);
    // The compiler's own list of them lacks `export * as`.
    const code = declared.replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, from, dynamic] of code.matchAll(/from "([^"]+)"|import\("([^"]+)"\)/g)) {
      const fileName = (from ?? dynamic)!;
      if (!fileName.startsWith(".")) {
        throw new TypeError(`Cannot declare ${path}: its types name "${fileName}"`);
      }
      queue.push(posix.join(posix.dirname(path), fileName).replace(/\.js$/, ".ts"));
    }
  }
  return new Map([...texts].sort(([a], [b]) => a < b ? -1 : 1));
}
