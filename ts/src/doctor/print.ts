// What doctor found, as lines for people.
import type { CudaInfo, Diagnosis, ProductRate } from "./doctor.js";

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const rate = (product: ProductRate): string =>
  product.gflops === undefined ? `failed: ${product.error}` : `${product.gflops.toFixed(0)} GFLOP/s`;

type Row = readonly [string, string];

function cudaRows({ driver, libraries, devices }: CudaInfo): Row[] {
  return [
    ["driver", driver ?? "none"],
    ...libraries.map(({ name, version, needed }): Row => [name, version ?? `missing; needed: ${needed}`]),
    ...devices.map(
      ({ name, memory, capability }, i): Row => [
        `cuda:${i}`,
        `${name}, ${gib(memory)}, compute capability ${capability}`,
      ],
    ),
  ];
}

/** The lines that `thalweg doctor` prints. */
export function printed(found: Diagnosis): string {
  const { cpu, cuda } = found;
  const rows: Row[] = [
    ["thalweg", found.thalweg],
    ["Node", found.node],
    ["platform", found.platform],
    ...found.addons.map(
      ({ kind, name, installed }): Row => [
        `addon, ${kind}`,
        `${name} ${installed ? "is installed" : "is not installed"}`,
      ],
    ),
    ...Object.entries(found.variables),
    ["processor", found.processor],
    ...(cpu === null
      ? []
      : ([
          ["kernels", `${cpu.kernels} (${cpu.features.join(", ") || "no vectors"})`],
          ["machine code", cpu.machineCode ? "made for each program" : "none: kernels run one after the other"],
          ["threads", `${cpu.threads} of ${cpu.processors} processors`],
        ] as const)),
    ["memory", `${gib(found.memory)}${cpu === null ? "" : `, of which ${gib(cpu.freeMemory)} may be used now`}`],
    ...(cuda === null ? [] : cudaRows(cuda)),
    ["device", found.device],
    ...found.products.map((product): Row => [`product on ${product.device}`, rate(product)]),
    ...found.problems.map((problem): Row => ["problem", problem]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}
