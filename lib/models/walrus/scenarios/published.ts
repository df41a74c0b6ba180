// Numbers that were published on the data sets of the catalogue (targets.md sections 3 and 4), as plain data to put
// results beside. VRMSE throughout. A number that could not be read in the copy at hand is absent.

/** Who published, where, and how it was measured. */
export interface PublishedSource {
  /** In a few words: `Walrus paper, table 7`. */
  readonly name: string;
  /** Where it stands. */
  readonly url: string;
  /** Data on which it was measured. */
  readonly split: "validation" | "test";
  /** Number of the first predicted frame of rollouts, counted from 1; null where it is not said. */
  readonly from: number | null;
  /** What a reader has to know of the numbers. */
  readonly protocol: string;
}

/** Names of the sources. */
export type PublishedSourceName = "base" | "finetuned" | "downstream" | "well";

/** Numbers of one network on one data set. */
export interface PublishedScores {
  /** Name in the catalogue. */
  readonly scenario: string;
  /** Who says it. */
  readonly source: PublishedSourceName;
  /** `Walrus, finetuned`, `Poseidon-L`, .. */
  readonly network: string;
  /** Whether it is a Walrus. */
  readonly walrus: boolean;
  /** By window: `one-step`, `T[1:20]`, ..; `all` is the whole trajectory. */
  readonly scores: Readonly<Record<string, number>>;
  /** Windows whose number is doubtful, in the copy at hand. */
  readonly doubtful?: readonly string[];
  /** Deviation that is given with a number. */
  readonly deviations?: Readonly<Record<string, number>>;
}

const PAPER = "https://arxiv.org/abs/2511.15684v1";

/** The sources. */
export const PUBLISHED_SOURCES: Readonly<Record<PublishedSourceName, PublishedSource>> = {
  base: {
    name: "Walrus paper, table 7",
    url: PAPER,
    split: "validation",
    from: null,
    protocol: "released base checkpoint, not finetuned; mean over the whole trajectory, then the median",
  },
  finetuned: {
    name: "Walrus paper, finetuned on each pretraining set",
    url: PAPER,
    split: "test",
    from: 17,
    protocol:
      "each network finetuned on the data set (Walrus by 500,000 more samples); one-step over all starts, " +
      "rollouts from frame 17, medians",
  },
  downstream: {
    name: "Walrus paper, downstream sets",
    url: PAPER,
    split: "test",
    from: 17,
    protocol:
      "each network finetuned on the data set by 500,000 samples; one-step over all starts, rollouts from " +
      "frame 17, medians",
  },
  well: {
    name: "The Well's benchmark",
    url: "https://arxiv.org/abs/2412.00568",
    split: "test",
    from: null,
    protocol: "best of FNO, TFNO, U-Net and CNextU-Net, each trained on the data set alone; 4 input frames",
  },
};

const BASELINES = { M: "MPP-L", P: "Poseidon-L", D: "DPOT-H" } as const;

/** A number of Walrus, and that of the best other network. */
type Cell = readonly [number | null, (readonly [keyof typeof BASELINES, number])?];

/** Numbers of a table's row: Walrus's in one record, those of the best others by network. */
function row(
  source: "finetuned" | "downstream",
  scenario: string,
  cells: Readonly<Record<string, Cell>>,
  more: Pick<PublishedScores, "doubtful" | "deviations"> = {},
): PublishedScores[] {
  const own: Record<string, number> = {};
  const others = new Map<string, Record<string, number>>();
  for (const [window, [value, best]] of Object.entries(cells)) {
    if (value !== null) own[window] = value;
    if (!best) continue;
    const network = BASELINES[best[0]];
    others.set(network, { ...others.get(network), [window]: best[1] });
  }
  return [
    { scenario, source, network: "Walrus, finetuned", walrus: true, scores: own, ...more },
    ...[...others].map(([network, scores]) => ({ scenario, source, network, walrus: false, scores })),
  ];
}

/** The released base checkpoint over whole trajectories: with jitter, without. */
function base(scenario: string, jitter: number, without: number): PublishedScores[] {
  const of = (network: string, all: number) => ({
    scenario,
    source: "base" as const,
    network,
    walrus: true,
    scores: { all },
  });
  return [of("Walrus, base", jitter), of("Walrus, base, no jitter", without)];
}

function well(scenario: string, value: number): PublishedScores {
  return {
    scenario,
    source: "well",
    network: "best of The Well's",
    walrus: false,
    scores: { "one-step": value },
  };
}

/** A row of pretraining data: one step, T[1:20], T[21:60]. */
function pretrained(
  scenario: string,
  one: Cell,
  short: Cell,
  long: Cell = [null],
  more?: Pick<PublishedScores, "doubtful" | "deviations">,
): PublishedScores[] {
  return row("finetuned", scenario, { "one-step": one, "T[1:20]": short, "T[21:60]": long }, more);
}

/** A row of downstream data: one step, T[1:10], T[11:30]. */
function downstream(scenario: string, one: Cell, short: Cell, long: Cell = [null]): PublishedScores[] {
  return row("downstream", scenario, { "one-step": one, "T[1:10]": short, "T[11:30]": long });
}

const LONG_DOUBTFUL = { doubtful: ["T[21:60]"] } as const;

/**
 * All of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const layer = PUBLISHED.filter(({ scenario }) => scenario === "turbulent_radiative_layer_2D");
 * const finetuned = layer.find(({ network }) => network === "Walrus, finetuned")!;
 * assert.deepEqual(finetuned.scores, { "one-step": 0.0831, "T[1:20]": 0.3393, "T[21:60]": 0.8648 });
 * ```
 */
export const PUBLISHED: readonly PublishedScores[] = [
  ...base("acoustic_scattering_maze", 0.34, 1.07),
  ...base("acoustic_scattering_inclusions", 0.18, 1.30),
  ...base("acoustic_scattering_discontinuous", 0.18, 1.44),
  ...base("helmholtz_staircase", 0.01, 0.27),
  ...base("active_matter", 0.98, 0.98),
  ...base("gray_scott_reaction_diffusion", 0.41, 0.48),
  ...base("supernova_explosion_128", 1.20, 1.28),
  ...base("turbulence_gravity_cooling", 0.67, 1.12),
  ...base("planetswe", 0.10, 0.56),
  ...base("rayleigh_benard", 0.81, 0.84),
  ...base("shear_flow", 0.16, 0.27),
  ...base("flowbench_FPO_NS_2D_512x128_harmonics", 0.07, 0.27),
  ...base("rayleigh_taylor_instability", 7.11, 7.52),
  ...base("euler_multi_quadrants_periodicBC", 0.62, 0.60),
  ...base("euler_multi_quadrants_openBC", 0.50, 1.82),
  ...base("turbulent_radiative_layer_2D", 0.75, 76.9),
  ...base("turbulent_radiative_layer_3D", 0.92, 1.17),
  ...base("viscoelastic_instability", 0.10, 0.56),

  ...pretrained("active_matter", [0.0057], [0.1262, ["M", 0.3195]]),
  ...pretrained("gray_scott_reaction_diffusion", [0.0001, ["D", 0.0061]], [0.0278, ["P", 0.0411]]),
  ...pretrained("acoustic_scattering_maze", [0.0099], [0.0345]),
  ...pretrained("acoustic_scattering_inclusions", [0.0089], [0.0430], [0.1427], LONG_DOUBTFUL),
  ...pretrained("acoustic_scattering_discontinuous", [0.0021], [0.0093], [0.0385], LONG_DOUBTFUL),
  ...pretrained("helmholtz_staircase", [0.0005], [0.0040]),
  ...pretrained("supernova_explosion_128", [0.2462], [0.6673], [1.0963, ["D", 0.9669]]),
  ...pretrained("turbulence_gravity_cooling", [0.0466], [0.2889], [0.6197]),
  ...pretrained("planetswe", [0.0004], [0.0046], [0.0207]),
  ...pretrained("MHD_64", [0.0580, ["D", 0.4734]], [0.6487, ["D", 1.0250]], [1.2256, ["D", 1.3055]]),
  ...pretrained("rayleigh_benard", [0.0059, ["P", 0.0215]], [0.0992, ["M", 0.4109]], [0.6441, ["M", 0.7468]]),
  ...pretrained("shear_flow", [0.0012, ["M", 0.0071]], [0.0146, ["M", 0.0377]], [0.0810, ["M", 0.1814]]),
  ...pretrained(
    "flowbench_FPO_NS_2D_512x128_harmonics",
    [0.0005, ["D", 0.0031]],
    [0.0189, ["M", 0.0420]],
    [0.0603, ["D", 0.1546]],
  ),
  ...pretrained(
    "rayleigh_taylor_instability",
    [0.0565, ["D", 0.2165]],
    [0.0496, ["D", 0.3191]],
    [0.4776, ["D", 0.9321]],
  ),
  ...pretrained(
    "euler_multi_quadrants_periodicBC",
    [0.0194, ["P", 0.0142]],
    [0.0720, ["P", 0.0682]],
    [0.2823, ["P", 0.2807]],
    LONG_DOUBTFUL,
  ),
  ...pretrained("euler_multi_quadrants_openBC", [0.0112, ["P", 0.0158]], [0.0587, ["P", 0.0846]]),
  ...pretrained(
    "turbulent_radiative_layer_2D",
    [0.0831, ["P", 0.1323]],
    [0.3393, ["P", 0.4117]],
    [0.8648, ["P", 0.8441]],
    { deviations: { "one-step": 0.0638 } },
  ),
  ...pretrained("turbulent_radiative_layer_3D", [0.1588, ["D", 0.2238]], [0.5216]),
  ...pretrained("viscoelastic_instability", [0.0295, ["P", 0.0878]], [0.0373, ["P", 0.1532]]),

  ...downstream("pdegym_CE-RM", [0.0118, ["P", 0.0769]], [0.0242, ["P", 0.1399]]),
  ...downstream(
    "flowbench_FPO_NS_2D_512x128_skelenton",
    [0.0006, ["D", 0.0087]],
    [0.0132, ["D", 0.0371]],
    [0.0440, ["M", 0.1215]],
  ),
  ...downstream(
    "bubbleml_PoolBoiling-Subcooled",
    [0.0617, ["P", 0.0829]],
    [0.4656, ["M", 0.5446]],
    [0.7095, ["M", 0.7496]],
  ),
  ...downstream(
    "pdearena_NavierStokes2D_conditioned",
    [0.0040, ["P", 0.0291]],
    [0.0178, ["P", 0.1006]],
    [0.0777, ["P", 0.3226]],
  ),
  ...downstream("pdebench_3D_CFD_Turb_64", [0.0276, ["D", 0.2115]], [0.0401, ["D", 0.4039]]),
  ...downstream("pdebench_3D_CFD_Rand_128", [0.0905, ["D", 0.2920]], [0.2025, ["D", 0.5281]]),
  ...downstream("convective_envelope_rsg", [0.0587, ["D", 0.1121]], [0.1422, ["D", 0.2772]]),
  ...downstream(
    "post_neutron_star_merger",
    [0.2013, ["D", 0.2394]],
    [0.3736, ["D", 0.3877]],
    [0.3873, ["D", 0.3933]],
  ),

  well("acoustic_scattering_maze", 0.0153),
  well("active_matter", 0.1034),
  well("euler_multi_quadrants_periodicBC", 0.1531),
  well("gray_scott_reaction_diffusion", 0.1365),
  well("helmholtz_staircase", 0.00046),
  well("MHD_64", 0.1633),
  well("planetswe", 0.0853),
  well("rayleigh_benard", 0.6566),
  well("shear_flow", 0.8080),
  well("turbulence_gravity_cooling", 0.2096),
  well("turbulent_radiative_layer_2D", 0.1956),
  well("turbulent_radiative_layer_3D", 0.3667),
  well("viscoelastic_instability", 0.2499),
];
