// doctor: what thalweg finds on this machine, and how fast each device multiplies.
// Addons are asked in processes of their own, so that one that cannot be loaded, or a broken driver, is a finding.
import { cpus, totalmem } from "node:os";
import { addonFile, addonTarget, packageVersion, wantedDevice } from "../addon.js";
import { ThalwegError } from "../errors.js";

/** A GPU. */
export interface GpuInfo {
  /** What its maker calls it. */
  readonly name: string;
  /** Bytes of its memory. */
  readonly memory: number;
  /** Compute capability, as in "9.0". */
  readonly capability: string;
}

/** A library of CUDA's. */
export interface LibraryInfo {
  /** What it is called. */
  readonly name: string;
  /** Its version; null where it cannot be opened. */
  readonly version: string | null;
  /** The files that are needed, and of which CUDA. */
  readonly needed: string;
}

/** What there is of NVIDIA's. */
export interface CudaInfo {
  /** The driver's version, and the CUDA that it is for; null where there is none. */
  readonly driver: string | null;
  /** The libraries that are needed. */
  readonly libraries: readonly LibraryInfo[];
  /** The GPUs that the driver sees. */
  readonly devices: readonly GpuInfo[];
  /** Why no GPU can be used, where that is so. */
  readonly error: string | null;
}

/** The host, as the addon sees it. */
export interface CpuInfo {
  /** Features of the processor that kernels may use. */
  readonly features: readonly string[];
  /** Which kernels run: "AVX-512", "AVX2", "NEON" or "plain". */
  readonly kernels: string;
  /** Whether elementwise work runs as machine code made for it: on x86-64 with AVX2, where the system lets a process make code. */
  readonly machineCode: boolean;
  /** Threads that programs run on: THALWEG_NUM_THREADS, else the processors. */
  readonly threads: number;
  /** Processors that this process may use: control groups and affinity are taken into account. */
  readonly processors: number;
  /** Bytes that may still be allocated. */
  readonly freeMemory: number;
}

/** The rate of a product of matrices on a device, or why it could not be measured. */
export interface ProductRate {
  /** The device: `"cpu"`, `"cuda:0"`, … */
  readonly device: string;
  /** Billions of floating-point operations a second; absent where it could not be measured. */
  readonly gflops?: number;
  /** Why it could not be measured, where that is so. */
  readonly error?: string;
}

/** One of the addons that may be installed. */
export interface AddonInfo {
  /** What it is for: `"plain"`, `"cuda"`, or `"test"` for thalweg's own tests. */
  readonly kind: "plain" | "test" | "cuda";
  /** The name of its file. */
  readonly name: string;
  /** Whether it is there. */
  readonly installed: boolean;
}

/** What an addon says of the machine. */
interface Survey {
  readonly cpu: CpuInfo;
  readonly cuda: CudaInfo | null;
  readonly products: readonly ProductRate[];
}

/** What {@link doctor} finds. */
export interface Diagnosis {
  /** The version of thalweg. */
  readonly thalweg: string;
  /** The version of Node. */
  readonly node: string;
  /** Operating system, architecture and C library, as in "linux-x64-gnu". */
  readonly platform: string;
  /** The processor's name. */
  readonly processor: string;
  /** Bytes of the machine's memory. */
  readonly memory: number;
  /** Environment variables of thalweg's that are set. */
  readonly variables: Readonly<Record<string, string>>;
  /** The addons for this platform. */
  readonly addons: readonly AddonInfo[];
  /** Null where no addon could be loaded. */
  readonly cpu: CpuInfo | null;
  /** Null where the CUDA addon is not installed. */
  readonly cuda: CudaInfo | null;
  /** The device that "auto" means here. */
  readonly device: string;
  /** How fast each device multiplies matrices. */
  readonly products: readonly ProductRate[];
  /** What is wrong, in sentences. */
  readonly problems: readonly string[];
}

/** How long a survey may take, in milliseconds. */
const PATIENCE = 120_000;

const script = "process.stdout.write(require(process.argv[1]).survey(true))";

/** The survey of an addon, or what went wrong with it. */
async function surveyOf(file: string): Promise<Survey | string> {
  // Only now, since importing thalweg would load it.
  const { execFile } = await import("node:child_process");
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, ["--eval", script, file], { env, timeout: PATIENCE }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else if (error.killed) resolve(`it gave no answer within ${PATIENCE / 1000} seconds`);
      else if (error.signal) resolve(`its process was ended by ${error.signal}`);
      else resolve(/Error: (.*)/.exec(stderr)?.[1] ?? error.message);
    });
  });
}

/** The survey of the best addon that can be asked, and the problems on the way. */
async function survey(problems: string[]): Promise<Survey | undefined> {
  for (const kind of ["cuda", "plain"] as const) {
    const { name, file, installed, remedy } = addonFile(kind);
    if (!installed) {
      if (kind === "plain") problems.push(`${name} is missing. ${remedy}`);
      continue;
    }
    const found = await surveyOf(file);
    if (typeof found !== "string") return found;
    problems.push(`${name}: ${found}`);
  }
  return undefined;
}

/** The device that THALWEG_DEVICE, or "auto", means. */
function meant(cuda: CudaInfo | null, problems: string[]): string {
  const best = cuda !== null && cuda.error === null ? "cuda:0" : "cpu";
  try {
    const wanted = wantedDevice();
    return wanted === "auto" ? best : wanted === "cuda" ? "cuda:0" : wanted;
  } catch (error) {
    if (!(error instanceof ThalwegError)) throw error;
    problems.push(error.message);
    return "none";
  }
}

/**
 * Finds out what thalweg has to work with: addons, processor, driver, libraries and GPUs, and times a product of matrices on each
 * device. Takes a few seconds. `npx thalweg doctor` prints the same.
 *
 * @example
 * ```ts
 * const { device, products, problems } = await doctor();
 * console.log(device, products, problems);
 * ```
 */
export async function doctor(): Promise<Diagnosis> {
  const problems: string[] = [];
  const found = await survey(problems);
  const cuda = found?.cuda ?? null;
  if (cuda?.error) problems.push(cuda.error);
  const variables = Object.entries(process.env).filter(([name]) => /^THALWEG_|^CUDA_VISIBLE_DEVICES$/.test(name));
  return {
    thalweg: packageVersion(),
    node: process.versions.node,
    platform: addonTarget(),
    processor: cpus()[0]?.model.trim() || process.arch,
    memory: totalmem(),
    variables: Object.fromEntries(variables) as Record<string, string>,
    addons: (["plain", "cuda"] as const).map((kind) => {
      const { name, installed } = addonFile(kind);
      return { kind, name, installed };
    }),
    cpu: found?.cpu ?? null,
    cuda,
    device: meant(cuda, problems),
    products: found?.products ?? [],
    problems,
  };
}
