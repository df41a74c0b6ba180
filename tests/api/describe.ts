// One line for each public name, from what `deno doc --json` says: a text in which every change of the surface shows.

// deno-lint-ignore no-explicit-any
type Json = any;

/** `name?: type` of parameters and properties. */
function field({ name, optional, readonly, tsType, method, params, returnType, typeParams }: Json): string {
  const head = `${readonly ? "readonly " : ""}${name}${optional ? "?" : ""}`;
  if (method || params) return `${head}${signature({ params, returnType, typeParams })}`;
  return `${head}: ${type(tsType)}`;
}

function parameter(p: Json): string {
  if (p.kind === "rest") return `...${parameter(p.arg)}: ${type(p.tsType)}`;
  if (p.kind === "assign") {
    return parameter({ ...p.left, optional: true, tsType: p.tsType ?? p.left.tsType });
  }
  const name = p.kind === "identifier" ? p.name : "options";
  const head = `${name}${p.optional ? "?" : ""}`;
  return p.tsType ? `${head}: ${type(p.tsType)}` : head;
}

function typeParameters(list: Json[] | undefined): string {
  if (!list?.length) return "";
  const shown = list.map(({ name, constraint, default: preset }) =>
    `${name}${constraint ? ` extends ${type(constraint)}` : ""}${preset ? ` = ${type(preset)}` : ""}`
  );
  return `<${shown.join(", ")}>`;
}

function signature({ typeParams, params = [], returnType }: Json, arrow = ": "): string {
  return `${typeParameters(typeParams)}(${params.map(parameter).join(", ")})${arrow}${type(returnType)}`;
}

function members({ properties = [], methods = [], callSignatures = [], indexSignatures = [] }: Json): string {
  const parts = [
    ...callSignatures.map((call: Json) => signature(call)),
    ...indexSignatures.map(({ params, tsType }: Json) => `[${params.map(parameter)}]: ${type(tsType)}`),
    ...properties.map(field),
    ...methods.map((method: Json) => `${method.name}${method.optional ? "?" : ""}${signature(method)}`),
  ];
  return parts.length > 0 ? `{ ${parts.join("; ")} }` : "{}";
}

function literal({ kind, ...value }: Json): string {
  if (kind === "template") return "`..`";
  return JSON.stringify(value[kind]);
}

const PRINTERS: Record<string, (value: Json, whole: Json) => string> = {
  keyword: (value) => value,
  literal,
  this: () => "this",
  array: (value) => value.kind === "typeOperator" ? `(${type(value)})[]` : `${wrapped(value)}[]`,
  tuple: (value) => `[${value.map(type).join(", ")}]`,
  rest: (value) => `...${type(value)}`,
  optional: (value) => `${type(value)}?`,
  union: (value) => value.map(wrapped).join(" | "),
  intersection: (value) => value.map(wrapped).join(" & "),
  parenthesized: (value) => `(${type(value)})`,
  typeOperator: (value) => `${value.operator} ${wrapped(value.tsType)}`,
  typeRef: ({ typeName, typeParams }) =>
    `${typeName}${typeParams ? `<${typeParams.map(type).join(", ")}>` : ""}`,
  typeQuery: (value) => `typeof ${value}`,
  indexedAccess: ({ objType, indexType }) => `${wrapped(objType)}[${type(indexType)}]`,
  fnOrConstructor: (value) => signature({ ...value, returnType: value.tsType }, " => "),
  typeLiteral: members,
  mapped: ({ typeParam, optional, readonly, tsType }) =>
    `{ ${readonly ? "readonly " : ""}[${typeParam.name} in ${type(typeParam.constraint)}]${
      optional ? "?" : ""
    }: ${type(tsType)} }`,
  conditional: ({ checkType, extendsType, trueType, falseType }) =>
    `${type(checkType)} extends ${type(extendsType)} ? ${type(trueType)} : ${type(falseType)}`,
  typePredicate: ({ param, type: is }) => `${param.name ?? "this"} is ${type(is)}`,
};

function type(given: Json): string {
  if (!given) return "void";
  const print = PRINTERS[given.kind];
  if (!print) {
    throw new TypeError(`Cannot describe a type of kind "${given.kind}": wanted ${Object.keys(PRINTERS)}`);
  }
  return print(given.value, given);
}

/** In brackets where it would bind less than what stands around it. */
function wrapped(given: Json): string {
  const loose = ["union", "intersection", "fnOrConstructor", "conditional"].includes(
    given.kind,
  );
  return loose ? `(${type(given)})` : type(given);
}

function classText({ extends: base, constructors = [], properties = [], methods = [] }: Json): string {
  const shown = (list: Json[]) =>
    list.filter(({ accessibility }) => !accessibility || accessibility === "public");
  const parts = [
    ...constructors.map(({ params }: Json) => `new(${params.map(parameter).join(", ")})`),
    ...shown(properties).map(field),
    ...shown(methods).map(({ name, kind, functionDef }) =>
      kind === "getter" ? `get ${name}: ${type(functionDef.returnType)}` : `${name}${signature(functionDef)}`
    ),
  ];
  return `${base ? `extends ${base} ` : ""}{ ${parts.join("; ")} }`;
}

function describeOne(name: string, { kind, def }: Json): string {
  if (kind === "function") return `function ${name}${signature(def)}`;
  if (kind === "variable") return `const ${name}: ${type(def.tsType)}`;
  if (kind === "typeAlias") return `type ${name}${typeParameters(def.typeParams)} = ${type(def.tsType)}`;
  if (kind === "class") return `class ${name} ${classText(def)}`;
  if (kind === "interface") {
    const bases = def.extends?.length ? ` extends ${def.extends.map(type).join(", ")}` : "";
    return `interface ${name}${typeParameters(def.typeParams)}${bases} ${members(def)}`;
  }
  throw new TypeError(`Cannot describe ${kind} "${name}"`);
}

/** Lines of a module's names; of a namespace each member. */
function linesOf(symbols: Json[], prefix = ""): string[] {
  return symbols.flatMap(({ name, declarations }: Json) =>
    declarations.flatMap((declaration: Json) => {
      if (declaration.kind === "moduleDoc" || declaration.kind === "import") return [];
      if (declaration.kind === "namespace") return linesOf(declaration.def.elements, `${prefix}${name}.`);
      return [describeOne(`${prefix}${name}`, declaration)];
    })
  ).sort((a, b) => a < b ? -1 : 1);
}

/** What `deno doc` says of a module. One at a time: of several, each name is described in one of them only. */
async function symbolsOf(file: string, root: string): Promise<Json[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", file],
    cwd: root,
  }).output();
  if (code !== 0) throw new Error(`Cannot document ${file}: ${new TextDecoder().decode(stderr)}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values<Json>(nodes).flatMap(({ symbols }) => symbols);
}

/**
 * The public surface as text: a heading for each sub-path, a line for each name.
 *
 * @param exports sub-paths and their files, as `deno.json` has them
 * @param root folder of `deno.json`
 */
export async function describeApi(exports: Readonly<Record<string, string>>, root: string): Promise<string> {
  const parts = await Promise.all(
    Object.entries(exports).map(async ([path, file]) =>
      `## ${path}\n${linesOf(await symbolsOf(file, root)).join("\n")}\n`
    ),
  );
  return parts.join("\n");
}
