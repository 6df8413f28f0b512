import { parseArgs } from 'node:util';

/** How a benchmark is run. */
export interface BenchOptions {
  /** Measured rounds of each side; one more, to warm up, comes before them. */
  rounds: number;
  /** How long each round of a side lasts, about. */
  seconds: number;
  /** Keys of the workloads to run; all where undefined. */
  only: readonly string[] | undefined;
  /** Sides to run; all where undefined. */
  sides: readonly string[] | undefined;
  /** How many epochs are stored, for what is measured at several sizes; the benchmark's own sizes where undefined. */
  sizes: readonly number[] | undefined;
  /** The tiny form: shows that it works, measures nothing. */
  quick: boolean;
  /** Folder of the result in place of bench/results. */
  out: string | undefined;
}

const LEAST_SIZE = 10_000;

const QUICK = { rounds: 1, seconds: 0.1 };

/** What the command line says, over the defaults of the benchmark. Throws a sentence where it makes no sense. */
export function readOptions(defaults: { rounds: number; seconds: number }): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      sides: { type: 'string' },
      sizes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const { rounds, seconds } = values.quick ? QUICK : defaults;
  const list = (text: string | undefined): string[] | undefined => text?.split(',').map((item) => item.trim());
  const options = {
    rounds: Number(values.rounds ?? rounds),
    seconds: Number(values.seconds ?? seconds),
    only: list(values.only),
    sides: list(values.sides),
    sizes: list(values.sizes)?.map(Number),
    quick: values.quick,
    out: values.out,
  };
  if (!Number.isSafeInteger(options.rounds) || options.rounds < 1) throw new Error('--rounds takes 1 or more.');
  if (!(options.seconds >= 0)) throw new Error('--seconds takes a number of seconds.');
  if (options.sizes?.some((size) => !Number.isSafeInteger(size) || size < LEAST_SIZE)) {
    throw new Error(`--sizes takes whole numbers from ${LEAST_SIZE} on, with commas between.`);
  }
  return options;
}

/** Those of `all` that the option names, in the order of `all`; throws where it names another. */
export function chosen<T extends { key: string }>(all: readonly T[], names: readonly string[] | undefined): T[] {
  const unknown = names?.find((name) => !all.some(({ key }) => key === name));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown}; there are ${all.map(({ key }) => key).join(', ')}.`);
  }
  return all.filter(({ key }) => names?.includes(key) ?? true);
}
