import type { WorkloadResult } from '../measure-sides';
import type { Figure } from '../statistics';
import type { Results } from './results-of';

/** What issue 11 asks for, and what was measured. */
export interface Target {
  what: string;
  wanted: string;
  /** The figure with its spread; undefined where it was not measured. */
  measured: string | undefined;
  isReached: boolean | undefined;
}

/** The largest exponent that counts as "costs the same". */
export const MOST_EXPONENT = 0.1;

export const short = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
};

export const withSpread = ({ median, min, max }: Figure): string =>
  min === max ? short(median) : `${short(median)} (${short(min)} to ${short(max)})`;

/** What was measured of a workload; undefined where it was left out. */
function workloadOf(results: Results, key: string): WorkloadResult | undefined {
  return [...(results.reads?.workloads ?? []), ...(results.writes?.workloads ?? [])].find((one) => one.key === key);
}

interface Ratio {
  workload: string;
  side: string;
  what: string;
  least: number;
}

const RATIOS: readonly Ratio[] = [
  { workload: 'a', side: 'apollo', what: '(a) one experiment, over Apollo Server on Express', least: 3 },
  { workload: 'a', side: 'mercurius-jit', what: '(a) one experiment, over Mercurius with jit', least: 0.9 },
  { workload: 'b', side: 'mercurius-jit', what: '(b) list of 50, over Mercurius with jit', least: 1.3 },
  { workload: 'c', side: 'apollo', what: '(c) history, over Apollo Server on Express', least: 5 },
  { workload: 'c', side: 'mercurius-jit', what: '(c) history, over Mercurius with jit', least: 2 },
  { workload: 'c', side: 'floor', what: '(c) history, over the floor', least: 1.2 },
  { workload: 'e64', side: 'driver', what: '(e) logEpoch from 64 connections, over the driver alone', least: 0.7 },
];

const EPOCHS_A_SECOND = 20_000;
const SHARE_OF_BULK_WRITE = 0.8;

const GAINS = [
  { kind: 'single', what: '(g) 1,000 subscribers, single events: sharing over executing for each', least: 4 },
  { kind: 'burst', what: '(g) 1,000 subscribers, bursts of ten: sharing over executing for each', least: 15 },
] as const;

/** Every target of the issue beside what the results say. */
export function targetsOf(results: Results): Target[] {
  return [...ratios(results), batches(results), ...gains(results), growth(results)];
}

function ratios(results: Results): Target[] {
  return RATIOS.map(({ workload, side, what, least }) => {
    const ratio = workloadOf(results, workload)?.sides.find((one) => one.side === side)?.ratio;
    return {
      what,
      wanted: `${least} times`,
      measured: ratio && withSpread(ratio),
      isReached: ratio && ratio.median >= least,
    };
  });
}

function batches(results: Results): Target {
  const sides = workloadOf(results, 'f')?.sides;
  const own = sides?.find(({ side }) => side === 'epochgraph');
  const ratio = sides?.find(({ side }) => side === 'driver')?.ratio;
  return {
    what: "(f) logEpochs by 100: epochs a second, or over the driver's bulkWrite",
    wanted: `${short(EPOCHS_A_SECOND)} a second or ${SHARE_OF_BULK_WRITE} times`,
    measured: own && ratio && `${withSpread(own.perSecond)} a second, ${withSpread(ratio)} times`,
    isReached: own && ratio && (own.perSecond.median >= EPOCHS_A_SECOND || ratio.median >= SHARE_OF_BULK_WRITE),
  };
}

function gains(results: Results): Target[] {
  return GAINS.map(({ kind, what, least }) => {
    const gain = results['fan-out']?.deliveries.find((one) => one.subscribers === 1_000 && one.kind === kind)?.gain;
    return {
      what,
      wanted: `${least} times`,
      measured: gain && withSpread(gain),
      isReached: gain && gain.median >= least,
    };
  });
}

function growth({ scale }: Results): Target {
  const steady = scale?.operations.filter(({ grows }) => !grows);
  const above = steady?.filter(({ exponent }) => exponent > MOST_EXPONENT);
  const most = steady && Math.max(...steady.map(({ exponent }) => exponent));
  return {
    what: "Exponents of work whose answer doesn't grow",
    wanted: `at most ${MOST_EXPONENT}`,
    measured:
      above &&
      (above.length === 0
        ? `at most ${short(most!)}`
        : `${above.length} of ${steady!.length} above, at most ${short(most!)}: see [Scale](#scale)`),
    isReached: above && above.length === 0,
  };
}
