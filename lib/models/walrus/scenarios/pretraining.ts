// The nineteen data sets of pretraining: grids, frames, trajectories, fields, boundaries and transforms of data.md section 5
// (the paper's table), parameters and spacing of the data sets' pages.

import { constant, matrix, onPage, pretraining, scalar, sides, specified, vector, well } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

const TABLE = "data.md section 5";

function acoustic(
  kind: string,
  frames: number,
  trajectories: number,
  spacing: string,
  own: Scenario["quirks"] = [],
): Scenario {
  return {
    ...well(`acoustic_scattering_${kind}`),
    ...pretraining([256, 256]),
    frames: [frames],
    trajectories,
    fields: [scalar("pressure"), vector("velocity"), constant("density"), constant("speed_of_sound")],
    boundaries: sides("wall", "open"),
    parameters: { K: "bulk modulus, 4" },
    spacing,
    transforms: { density: "zeros_like" },
    quirks: [
      specified(TABLE, `the page counts ${frames - 1} frames`),
      specified(
        TABLE,
        "the page has walls along x and open sides along y, the generator a wall at the low side and an open high side of both: believe the masks of the files",
      ),
      ...own,
    ],
  };
}

function euler(kind: "openBC" | "periodicBC", side: "open" | "periodic"): Scenario {
  return {
    ...well(`euler_multi_quadrants_${kind}`),
    ...pretraining([512, 512]),
    frames: [101],
    trajectories: 5000,
    fields: [scalar("density"), scalar("energy"), scalar("pressure"), vector("momentum")],
    boundaries: sides(side, side),
    parameters: { gamma: "gas constant, ten values from 1.13 to 1.76" },
    spacing: "0.015",
    quirks: [],
  };
}

const LAYER = { t_cool: "cooling time, nine values from 0.03 to 3.16" };
const FRAMES_OF_TIME = "0.02 free-fall times";

/** In the order of the paper's table. */
export const PRETRAINING: readonly Scenario[] = [
  acoustic("discontinuous", 102, 2000, "2/101"),
  acoustic("inclusions", 102, 4000, "2/101", [
    specified(TABLE, "files with `chunk_11` hold a bad trajectory: an older configuration leaves them out"),
    {
      what: "a folder `old_and_problematic_data` beside the splits is no part of it",
      source: "The Well's repository, .gitignore",
    },
  ]),
  acoustic("maze", 202, 2000, "4/201", [
    specified(TABLE, "walls of the maze have density 1e6, paths 3"),
  ]),
  {
    ...well("active_matter"),
    ...pretraining([256, 256]),
    frames: [81],
    trajectories: 360,
    fields: [scalar("concentration"), vector("velocity"), matrix("D"), matrix("E")],
    boundaries: sides("periodic", "periodic"),
    parameters: {
      alpha: "dipole strength, -1 to -5",
      zeta: "strength of alignment, 1 to 17",
      beta: "0.8",
    },
    spacing: "0.25 s",
    quirks: [specified(TABLE, "besides viscoelastic_instability the only one with matrices")],
  },
  euler("openBC", "open"),
  euler("periodicBC", "periodic"),
  {
    ...well("gray_scott_reaction_diffusion"),
    ...pretraining([128, 128]),
    frames: [1001],
    trajectories: 1200,
    fields: [scalar("A"), scalar("B")],
    boundaries: sides("periodic", "periodic"),
    parameters: { F: "feed rate of six regimes", k: "kill rate of six regimes" },
    spacing: "10 s",
    quirks: [specified(TABLE, "6 regimes with 200 starts each")],
  },
  {
    ...well("helmholtz_staircase"),
    ...pretraining([1024, 256]),
    frames: [50],
    trajectories: 512,
    fields: [scalar("pressure_re"), scalar("pressure_im"), constant("mask")],
    boundaries: sides("open", "open"),
    parameters: { omega: "frequency, sixteen values from 0.06 to 2.51" },
    spacing: "2 pi / (50 omega)",
    quirks: [
      specified(TABLE, "the body is a wall within the domain: `mask` hides it, one array for the file"),
      specified("data.md section 1", "its boundary has a mask of two axes, [1024, 256]"),
      specified("data.md section 8", "values under the mask may be NaN"),
    ],
  },
  {
    ...well("planetswe"),
    ...pretraining([256, 512]),
    system: "spherical",
    axes: ["theta", "phi"],
    frames: [1008],
    trajectories: 120,
    fields: [scalar("height"), vector("velocity")],
    boundaries: null,
    spacing: "1 hour of simulated time",
    quirks: [
      specified(TABLE, "not cartesian: neither embedded in 3D nor rotated"),
      specified(TABLE, "40 runs of 3 model years, a year a trajectory"),
    ],
  },
  {
    ...well("rayleigh_benard"),
    ...pretraining([512, 128]),
    frames: [200],
    trajectories: 1750,
    fields: [scalar("buoyancy"), scalar("pressure"), vector("velocity")],
    boundaries: sides("periodic", "wall"),
    parameters: {
      Rayleigh: "1e6 to 1e10",
      Prandtl: "0.1 to 10",
    },
    spacing: "0.25",
    quirks: [specified(TABLE, "y is sampled at Chebyshev nodes")],
  },
  {
    ...well("shear_flow"),
    ...pretraining([256, 512]),
    frames: [200],
    trajectories: 1120,
    fields: [scalar("tracer"), scalar("pressure"), vector("velocity")],
    boundaries: sides("periodic", "periodic"),
    parameters: { Reynolds: "1e4 to 5e5", Schmidt: "0.1 to 10" },
    spacing: "0.1",
    quirks: [specified(TABLE, "the overview page has 128 x 256 points")],
  },
  {
    ...well("turbulent_radiative_layer_2D"),
    ...pretraining([128, 384]),
    frames: [101],
    trajectories: 90,
    fields: [scalar("density"), scalar("pressure"), vector("velocity")],
    boundaries: sides("periodic", "open"),
    parameters: LAYER,
    spacing: "1.597033",
    quirks: [],
  },
  {
    ...well("viscoelastic_instability"),
    ...pretraining([512, 512]),
    frames: [20, 60],
    trajectories: 260,
    fields: [scalar("pressure"), scalar("c_zz"), vector("velocity"), matrix("C")],
    boundaries: sides("periodic", "wall"),
    parameters: { Re: "1000", Wi: "50", beta: "0.9", epsilon: "2e-6", L_max: "70" },
    spacing: "differs, 1 as a rule",
    quirks: [specified(TABLE, "files of 20 and of 60 frames")],
  },
  {
    name: "flowbench_FPO_NS_2D_512x128_harmonics",
    collection: "FlowBench",
    hub: "hf:datasets/BGLab/FlowBench",
    page: "https://huggingface.co/datasets/BGLab/FlowBench",
    format: "flowbench",
    splits: "by geometry and Reynolds number",
    ...pretraining([512, 128]),
    frames: [242],
    trajectories: 400,
    fields: [vector("velocity"), scalar("pressure"), constant("mask")],
    boundaries: sides("open", "wall"),
    parameters: { Re: "Reynolds number" },
    spacing: "frames are counted",
    quirks: [
      specified(TABLE, "the paper's table counts it among The Well's and marks it as partial"),
      specified("data.md section 7", "the first two frames are start-up frames, to be left out"),
      specified("targets.md section 5", "the file of Re 614 is left out"),
    ],
  },
  {
    ...well("MHD_64"),
    ...pretraining([64, 64, 64]),
    frames: [100],
    trajectories: 100,
    fields: [scalar("density"), vector("velocity"), vector("magnetic_field")],
    boundaries: sides("periodic", "periodic", "periodic"),
    parameters: { Ms: "sonic Mach number, 0.5 to 7", Ma: "Alfven Mach number, 0.7 and 2" },
    spacing: "0.01",
    quirks: [],
  },
  {
    ...well("rayleigh_taylor_instability"),
    ...pretraining([128, 128, 128]),
    frames: [120],
    trajectories: 45,
    fields: [scalar("density"), vector("velocity")],
    boundaries: sides("periodic", "periodic", "wall"),
    parameters: { At: "Atwood number, 1/16 to 3/4" },
    spacing: "differs with the Atwood number",
    quirks: [specified(TABLE, "the page counts 119 frames")],
  },
  {
    ...well("supernova_explosion_128"),
    ...pretraining([128, 128, 128]),
    frames: [59],
    trajectories: 1000,
    fields: [
      scalar("density", "code"),
      scalar("pressure", "code"),
      scalar("temperature", "K"),
      vector("velocity", "code"),
    ],
    boundaries: sides("open", "open", "open"),
    parameters: { T0: "100 K", rho0: "44.5 hydrogen atoms a cubic centimetre", Z: "metallicity" },
    spacing: "100 to 10,000 years",
    transforms: { density: "log10", temperature: "log10" },
    quirks: [
      specified(TABLE, "the page counts 260 trajectories of 128 x 128 x 128 points, and 740 of 64 x 64 x 64"),
      specified(TABLE, "frames are not evenly spaced"),
    ],
  },
  {
    ...well("turbulence_gravity_cooling"),
    ...pretraining([64, 64, 64]),
    frames: [50],
    trajectories: 2700,
    fields: [
      scalar("density", "code"),
      scalar("pressure", "code"),
      scalar("temperature", "K"),
      vector("velocity", "code"),
    ],
    boundaries: sides("open", "open", "open"),
    parameters: {
      T0: "10, 100, 1000 K",
      rho0: "44.5, 4.45, 0.445 hydrogen atoms a cubic centimetre",
      Z: "metallicity, 1, 0.1, 0 of the sun's",
    },
    spacing: FRAMES_OF_TIME,
    transforms: { density: "log10", temperature: "log10" },
    quirks: [onPage("steps of 2,000 to 10,000 years, which differ")],
  },
  {
    ...well("turbulent_radiative_layer_3D"),
    ...pretraining([128, 128, 256]),
    frames: [101],
    trajectories: 90,
    fields: [scalar("density"), scalar("pressure"), vector("velocity")],
    boundaries: sides("periodic", "periodic", "open"),
    parameters: LAYER,
    spacing: "2.661722",
    transforms: { density: "log10", temperature: "log10" },
    quirks: [specified(TABLE, "log10 is listed for a temperature that it does not have")],
  },
];
