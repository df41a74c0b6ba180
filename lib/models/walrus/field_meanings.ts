// What the released field table's names mean, and which of the data sets that the released network was trained on have
// them: for documentation, and for whoever looks for a place for a field of their own.

/** A field, or the components of one. */
export interface FieldMeaning {
  /** Its names in the table, in the order of their columns. */
  readonly names: readonly string[];
  /** What it is, in words. */
  readonly meaning: string;
  /** Data sets of the released network that have it; none where the table keeps a place for later data. */
  readonly systems: string;
}

function components(field: string, of: string): string[] {
  return of.split(" ").map((component) => `${field}_${component}`);
}

const MATRIX = "xx xy xz yx yy yz zx zy zz";

/** All fields of the released table. */
export const FIELD_MEANINGS: readonly FieldMeaning[] = [
  {
    names: ["closed_boundary", "open_boundary", "bias_correction"],
    meaning:
      "made by the network itself: where walls and open sides are, and what corrects the bias; never data",
    systems: "",
  },
  {
    names: ["pressure"],
    meaning: "pressure",
    systems: "acoustics, Euler, convection, shear flow, radiative layers",
  },
  {
    names: components("velocity", "x y z"),
    meaning: "velocity along x, y, z; z is 0 in the plane",
    systems: "all flows on cartesian grids, acoustics, active matter",
  },
  {
    names: ["zeros_like_density"],
    meaning: "a density that stays the same in time, taken as zeros: its numbers do not reach the network",
    systems: "acoustics",
  },
  {
    names: ["speed_of_sound"],
    meaning: "speed of sound of the medium, constant in time",
    systems: "acoustics",
  },
  { names: ["concentration"], meaning: "concentration of particles", systems: "active matter" },
  {
    names: components("D", MATRIX),
    meaning: "orientation of particles, a matrix, row first",
    systems: "active matter",
  },
  {
    names: components("E", MATRIX),
    meaning: "rate of strain, a matrix, row first",
    systems: "active matter",
  },
  { names: ["density"], meaning: "mass density", systems: "Euler, MHD, radiative layers, Rayleigh-Taylor" },
  { names: ["energy"], meaning: "total energy density", systems: "Euler" },
  {
    names: components("velocity", "r theta phi"),
    meaning: "velocity along the directions of a sphere: radius, polar angle, longitude",
    systems: "planetswe (theta, phi)",
  },
  { names: components("momentum", "x y z"), meaning: "momentum density along x, y, z", systems: "Euler" },
  {
    names: ["pressure_re", "pressure_im"],
    meaning: "real and imaginary part of a pressure wave of one frequency",
    systems: "helmholtz_staircase",
  },
  {
    names: ["mask"],
    meaning: "1 in cells of a body, which are hidden from losses and scores; constant in time",
    systems: "helmholtz_staircase",
  },
  { names: components("magnetic_field", "x y z"), meaning: "magnetic field along x, y, z", systems: "MHD" },
  { names: ["A", "B"], meaning: "concentrations of the two species of a reaction", systems: "gray_scott" },
  { names: ["height"], meaning: "height of a layer of fluid", systems: "planetswe" },
  { names: ["internal_energy"], meaning: "internal energy", systems: "" },
  { names: ["temperature"], meaning: "temperature", systems: "" },
  { names: ["electron_fraction"], meaning: "electrons for each baryon", systems: "" },
  { names: ["entropy"], meaning: "entropy", systems: "" },
  {
    names: components("magnetic_field", "log_r theta phi"),
    meaning: "magnetic field on a sphere whose radius is counted by its logarithm",
    systems: "",
  },
  {
    names: ["velocity_log_r"],
    meaning: "velocity along such a radius; the others are velocity_theta and velocity_phi",
    systems: "",
  },
  {
    names: ["buoyancy"],
    meaning: "buoyancy: how much lighter than its surroundings",
    systems: "rayleigh_benard",
  },
  { names: ["tracer"], meaning: "concentration of something that is carried along", systems: "shear_flow" },
  {
    names: ["log10_density", "log10_temperature"],
    meaning: "decimal logarithm of density and temperature: `--transform density=log10`",
    systems: "supernova_explosion, turbulence_gravity_cooling, turbulent_radiative_layer_3D",
  },
  {
    names: ["c_zz"],
    meaning: "the component of the conformation of polymers that points out of the plane",
    systems: "viscoelastic_instability",
  },
  {
    names: components("C", MATRIX),
    meaning: "conformation of polymers, a matrix, row first",
    systems: "viscoelastic_instability",
  },
];
