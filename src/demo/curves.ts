import type { Draws } from './draws';

/** How a run's losses go, epoch by epoch. */
export interface CurveShape {
  epochs: number;
  /** Losses at the start, and where the validation loss would end without overfitting. */
  start: number;
  floor: number;
  /** Share of the way to the floor that is left after each epoch. */
  decay: number;
  noise: number;
  /** How fast the validation loss rises again once the run has learned what it can. */
  overfitting: number;
  /** The epoch from which the loss grows without bound, to be NaN three epochs later; undefined for a run that converges. */
  divergesAt?: number;
  /** Epochs without a better validation loss after which the run stops; undefined for one that goes on. */
  patience?: number;
}

export interface EpochLosses {
  trainLoss: number;
  valLoss: number;
}

/** The losses of a run, from its first epoch to the one that it ends at. */
export function drawLosses(draws: Draws, shape: CurveShape): EpochLosses[] {
  const losses: EpochLosses[] = [];
  let best = { epoch: 0, loss: Infinity };
  for (let epoch = 0; epoch < shape.epochs; epoch++) {
    const learned = shape.floor + (shape.start - shape.floor) * shape.decay ** epoch;
    const wobble = () => Math.exp(draws.normal(0, shape.noise));
    const since = shape.divergesAt === undefined ? -1 : epoch - shape.divergesAt;
    const growth = since < 0 ? 1 : since >= 3 ? NaN : 6 ** (since + 1);
    const trainLoss = learned * 0.93 ** (epoch * shape.overfitting) * wobble() * growth;
    const valLoss = learned * (1.04 + shape.overfitting * 0.004 * epoch) * wobble() * growth;
    losses.push({ trainLoss, valLoss });
    if (valLoss < best.loss) best = { epoch, loss: valLoss };
    const isPatient = shape.patience === undefined || epoch - best.epoch < shape.patience;
    if (!isPatient || since >= 4) break;
  }
  return losses;
}
