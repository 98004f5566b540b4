// Forecasting: the highest temperatures of the next week given the two weeks before, as 200 sampled courses for each day of a year that training did not see.
// Coverage of the intervals and the continuous ranked probability score, beside climatology, persistence and linear regression. About 20 s of processor time.
import { arange, DiffusionModel, plot, readTable, type Tensor, tensor } from "thalweg";
import { crps, interval } from "./lib/ensemble.js";
import { outFile, printTable, run, SHORT, vegaFile } from "./lib/example.js";
import { leastSquares } from "./lib/least-squares.js";

const PAST = 14;
const AHEAD = 7;
const PATHS = SHORT ? 20 : 200;
const LEVELS = [0.5, 0.8, 0.95];
const steps = SHORT ? 20 : 400;

const DAY = 86_400_000;
const TEST = Date.UTC(2015, 0, 1);

/** A day from which one looks back and ahead; temperatures are anomalies, in °C above what is usual for city and season. */
interface Window {
  /** The first day ahead, in milliseconds since 1970. */
  readonly start: number;
  readonly city: number;
  /** What is known: anomalies of the days before, season, city. */
  readonly known: readonly number[];
  /** The anomalies ahead. */
  readonly ahead: readonly number[];
  /** What is usual for the days ahead, in °C. */
  readonly usual: readonly number[];
}

/** Two harmonics of the year. */
function season(time: number): number[] {
  const angle = ((time / DAY) % 365.2425) * ((2 * Math.PI) / 365.2425);
  return [1, 2].flatMap((k) => [Math.cos(k * angle), Math.sin(k * angle)]);
}

async function windows(): Promise<Window[]> {
  const table = await readTable(vegaFile("weather.csv"), { columns: { date: "date" }, missing: "error" });
  return ["Seattle", "New York"].flatMap((name, city) => {
    const days = table
      .filter(({ location }) => location === name)
      .toRows()
      .map((row) => ({
        time: (row.date as Date).getTime(),
        values: [Number(row.temp_max), Number(row.temp_min)],
      }));
    const training = days.filter(({ time }) => time < TEST);
    const usual = leastSquares(
      training.map(({ time }) => season(time)),
      training.map(({ values }) => values),
    );
    const seasons = days.map(({ time }) => usual(season(time)));
    const anomalies = days.map(({ values }, i) => values.map((value, k) => value - seasons[i][k]));
    return days.slice(PAST, 1 - AHEAD).map(({ time }, i): Window => {
      const [from, to] = [i + PAST, i + PAST + AHEAD];
      return {
        start: time,
        city,
        known: [...anomalies.slice(i, from).flat(), ...season(time), city],
        ahead: anomalies.slice(from, to).map(([highest]) => highest),
        usual: seasons.slice(from, to).map(([highest]) => highest),
      };
    });
  });
}

/** Courses of anomalies for a window, `PATHS` of `AHEAD` days. */
type Forecast = (window: Window, index: number) => readonly (readonly number[])[];

/** As many numbers below a bound as there are paths, spread evenly. */
const spread = (bound: number) => Array.from({ length: PATHS }, (_, i) => Math.floor(((i + 0.5) * bound) / PATHS));

/** What the same season of other years brought to the same city. */
function climatology(training: readonly Window[]): Forecast {
  return ({ start, city }) => {
    const near = training.filter((other) => {
      const apart = Math.abs(((other.start - start) / DAY) % 365.2425);
      return other.city === city && Math.min(apart, 365.2425 - apart) <= 20;
    });
    return spread(near.length).map((i) => near[i].ahead);
  };
}

/** A guess, with the errors around it that it made in training. */
function withErrors(training: readonly Window[], guess: (window: Window) => readonly number[]): Forecast {
  const errors = training.map((window) => {
    const guessed = guess(window);
    return window.ahead.map((value, day) => value - guessed[day]);
  });
  return (window) => {
    const guessed = guess(window);
    return spread(errors.length).map((i) => guessed.map((value, day) => value + errors[i][day]));
  };
}

/** Samples of a diffusion model whose condition is what is known. */
async function diffusion(training: readonly Window[], test: readonly Window[]): Promise<Forecast> {
  const conditionSize = training[0].known.length;
  const known = (list: readonly Window[]) =>
    tensor(list.map((window) => window.known.map((value, i) => (i < 2 * PAST ? value / 4 : value))));
  // Small and with much dropout and decay: three years are few, and windows overlap. Chosen with 2014 as the year to test on.
  const model = new DiffusionModel({
    xSize: AHEAD,
    conditionSize,
    path: { type: "linear" },
    solver: { type: "ODESolver", args: { method: "midpoint", steps: 20 } },
    model: {
      type: "velocity_function",
      args: {
        tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 32, scale: 1 } },
        backbone: {
          type: "MLPResNet",
          args: {
            inputDim: AHEAD + conditionSize + 32,
            outputDim: AHEAD,
            hiddenDim: 64,
            numBlocks: 2,
            dropoutRate: 0.4,
            useLayerNorm: true,
            activations: "silu",
          },
        },
      },
    },
  });
  const report = await model.fit(tensor(training.map(({ ahead }) => ahead)), {
    condition: known(training),
    steps,
    batchSize: 256,
    optimizer: {
      type: "adamw",
      lr: { type: "warmupCosine", peak: 1e-3, steps, warmup: 100 },
      weightDecay: 1,
      clipNorm: 1,
    },
  });
  console.log(`trained ${report.stepsRun} steps in ${report.seconds.toFixed(0)} s, loss ${report.loss?.toFixed(3)}`);
  const samples = await model.sample({ condition: known(test), batchSize: PATHS, seed: 1 });
  const paths = (await samples.transpose(0, 1).toArray()) as number[][][];
  return (_, index) => paths[index];
}

interface Figures {
  readonly name: string;
  /** In °C, the mean over days ahead. */
  readonly crps: number;
  /** Of the first and the last day. */
  readonly ends: readonly [number, number];
  /** Of the highest temperature of the week, which depends on whole courses. */
  readonly warmest: number;
  /** For each of {@link LEVELS}. */
  readonly coverage: readonly number[];
}

const ordered = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function judged(name: string, forecast: Forecast, test: readonly Window[]): Figures {
  const scores: number[][] = Array.from({ length: AHEAD }, () => []);
  const warmest: number[] = [];
  const within = LEVELS.map(() => 0);
  test.forEach((window, index) => {
    const paths = forecast(window, index);
    window.ahead.forEach((truth, day) => {
      const ascending = ordered(paths.map((path) => path[day]));
      scores[day].push(crps(ascending, truth));
      LEVELS.forEach((level, i) => {
        const [low, high] = interval(ascending, level);
        within[i] += truth >= low && truth <= high ? 1 / (test.length * AHEAD) : 0;
      });
    });
    const highest = (path: readonly number[]) => Math.max(...path.map((value, day) => value + window.usual[day]));
    warmest.push(crps(ordered(paths.map(highest)), highest(window.ahead)));
  });
  const days = scores.map(mean);
  return { name, crps: mean(days), ends: [days[0], days[AHEAD - 1]], warmest: mean(warmest), coverage: within };
}

/** A window's forecast: courses, intervals, and what came, in °C. */
function picture(window: Window, paths: readonly (readonly number[])[]) {
  const days = arange(1, AHEAD + 1);
  const shown = paths.map((path) => path.map((value, day) => value + window.usual[day]));
  const ends = (level: number): readonly [Tensor, Tensor] => {
    const pairs = window.usual.map((_, day) => interval(ordered(shown.map((path) => path[day])), level));
    return [tensor(pairs.map(([low]) => low)), tensor(pairs.map(([, high]) => high))];
  };
  const truth = window.ahead.map((value, day) => value + window.usual[day]);
  const date = new Date(window.start).toISOString().slice(0, 10);
  return plot.lines(
    [
      { name: "95, 80 and 50 % of the courses", x: days, bands: [...LEVELS].reverse().map(ends) },
      { name: "ten of the courses", x: days, y: tensor(shown.slice(0, 10)) },
      { name: "what came", x: days, y: tensor(truth) },
    ],
    { title: `${["Seattle", "New York"][window.city]}, ${date}`, columns: ["days ahead", "highest temperature, °C"] },
  );
}

run(async () => {
  const all = await windows();
  const training = all.filter(({ start }) => start + AHEAD * DAY <= TEST);
  const test = all.filter(({ start }) => start >= TEST).filter((_, i) => !SHORT || i % 30 === 0);
  console.log(`${training.length} windows to train on, ${test.length} to test on`);

  const regression = leastSquares(
    training.map(({ known }) => [...known]),
    training.map(({ ahead }) => [...ahead]),
  );
  const last = 2 * (PAST - 1);
  const forecasts: Record<string, Forecast> = {
    diffusion: await diffusion(training, test),
    regression: withErrors(training, ({ known }) => regression(known)),
    persistence: withErrors(training, ({ known }) => Array.from({ length: AHEAD }, () => known[last])),
    climatology: climatology(training),
  };
  const figures = Object.entries(forecasts).map(([name, forecast]) => judged(name, forecast, test));

  console.log("\ncontinuous ranked probability score, in °C, and how often the truth lies within the intervals:");
  printTable(
    ["", "mean", "day 1", `day ${AHEAD}`, "warmest of the week", ...LEVELS.map((level) => `${100 * level} %`)],
    figures.map(({ name, crps, ends, warmest, coverage }) => [
      name,
      ...[crps, ...ends, warmest].map((value) => value.toFixed(3)),
      ...coverage.map((share) => `${(100 * share).toFixed(1)} %`),
    ]),
  );

  const file = outFile("forecast", "forecast.png");
  const labels = figures.map(({ name }) => name);
  const shown = [0.1, 0.6].map((share) => Math.floor(share * test.length));
  await plot
    .panels([
      ...shown.map((index) => picture(test[index], forecasts.diffusion(test[index], index))),
      plot.bars([{ name: "°C", values: figures.map((each) => each.crps) }], {
        labels,
        title: "continuous ranked probability score",
        unit: "°C, less is better",
      }),
      plot.bars(
        [
          ...figures.slice(0, 2).map(({ name, coverage }) => ({ name, values: coverage.map((share) => 100 * share) })),
          { name: "as it should be", values: LEVELS.map((level) => 100 * level) },
        ],
        { labels: LEVELS.map((level) => `${100 * level} %`), title: "coverage of the intervals", unit: "%" },
      ),
    ])
    .save(file);
  console.log(`\npicture: ${file}`);
  const [ours, linear, persistence, usual] = figures.map((each) => each.crps);
  const off = LEVELS.map((level, i) => Math.abs(figures[0].coverage[i] - level));
  return [
    ...(ours <= 1.03 * linear ? [] : ["the score is more than 3 % above that of linear regression"]),
    ...(ours < Math.min(persistence, usual) ? [] : ["the score is above that of persistence or climatology"]),
    ...(Math.max(...off) <= 0.08 ? [] : ["the coverage of an interval is off by more than 8 points"]),
  ];
});
