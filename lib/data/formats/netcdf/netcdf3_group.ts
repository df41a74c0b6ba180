// The variables of a netCDF-3 file as CF takes them.

import type { Netcdf3File, Netcdf3Type, Netcdf3Variable } from "../../../io/netcdf3.ts";
import type { CfGroup, CfVariable } from "../cf/variable.ts";

/** Bits of the integers. */
const BITS: Readonly<Record<Netcdf3Type, number>> = {
  byte: 8,
  char: 0,
  short: 16,
  int: 32,
  float: 0,
  double: 0,
};

/** What netCDF's library fills numbers with that were never written; bytes have none that would not be a number. */
export const FILLS: Readonly<Record<string, number>> = {
  short: -32_767,
  int: -2_147_483_647,
  float: 9.969209968386869e36,
  double: 9.969209968386869e36,
};

function variableOf(variable: Netcdf3Variable): CfVariable {
  const { name, dimensions, shape, type, attributes } = variable;
  return {
    name,
    dimensions,
    shape,
    attributes,
    fault: type === "char" ? "holds text, wanted numbers" : null,
    bits: BITS[type],
    unwritten: FILLS[type] ?? null,
    read: (start, count) => variable.read(start, count),
  };
}

/** A file's only group. */
export function netcdf3Group({ attributes, variables }: Netcdf3File): CfGroup {
  return {
    name: "",
    attributes,
    variables: new Map(variables.map((variable) => [variable.name, variableOf(variable)])),
    groups: [],
  };
}
