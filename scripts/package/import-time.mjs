// How long importing thalweg takes in a fresh process, where it is installed: the least of 20.
// The least, since everything else on the machine can only make it longer.
import { Failure } from "../lib/process.mjs";

/** The most milliseconds that importing may take. */
const longest = 60;

const measure =
  'const start = performance.now(); await import("thalweg"); process.stdout.write(String(performance.now() - start));';

/** The time in words. */
export async function importTime(installed, program) {
  const times = [];
  for (let i = 0; i < 20; i += 1)
    times.push(Number(await installed.node(["--input-type=module", "--eval", measure], { program })));
  const least = Math.min(...times);
  const text = `${least.toFixed(1)} ms, the least of ${times.length}`;
  if (!(least <= longest)) throw new Failure(`${text}; at most ${longest} ms are allowed`);
  return text;
}
