import { formatValue, plotCurves } from './plot';

/** What is shown of an epoch. */
export interface EpochLosses {
  epoch: number;
  trainLoss: number | undefined;
  valLoss: number | undefined;
}

/** Shows a run as it grows. */
export interface Display {
  /** A sentence about the watching itself. */
  say(sentence: string): void;
  /** An epoch that is new or has new values; `all` are the run's epochs, ascending. */
  show(epoch: EpochLosses, all: () => EpochLosses[]): void;
  /** Puts out what is pending. */
  finish(): void;
}

const FRAME_MS = 100;
const CHART_ROWS = 18;
const CYAN = 36;
const YELLOW = 33;

/** One line an epoch: for pipes and log files. */
export class LineDisplay implements Display {
  constructor(private readonly out: NodeJS.WritableStream) {}

  say(sentence: string): void {
    this.out.write(`${sentence}\n`);
  }

  show({ epoch, trainLoss, valLoss }: EpochLosses): void {
    const [train, val] = [formatValue(trainLoss), formatValue(valLoss)];
    this.out.write(`epoch ${String(epoch).padStart(5)}   train_loss ${train}   val_loss ${val}\n`);
  }

  finish(): void {
    // Each line is out already.
  }
}

/** A chart that is drawn over itself, at most ten times a second: for terminals. */
export class ChartDisplay implements Display {
  private drawnLines = 0;
  private pending: NodeJS.Timeout | undefined;
  private all: () => EpochLosses[] = () => [];

  constructor(private readonly out: NodeJS.WritableStream & { columns?: number; rows?: number }) {}

  say(sentence: string): void {
    this.finish();
    this.out.write(`${sentence}\n`);
    this.drawnLines = 0;
  }

  show(_epoch: EpochLosses, all: () => EpochLosses[]): void {
    this.all = all;
    this.pending ??= setTimeout(() => this.draw(), FRAME_MS);
  }

  finish(): void {
    if (this.pending) this.draw();
  }

  private draw(): void {
    clearTimeout(this.pending);
    this.pending = undefined;
    const epochs = this.all();
    const curve = (name: string, colour: number, value: (epoch: EpochLosses) => number | undefined) => ({
      name,
      colour,
      points: epochs.flatMap((epoch) => {
        const y = value(epoch);
        return y === undefined ? [] : { x: epoch.epoch, y };
      }),
    });
    const curves = [
      curve('train_loss', CYAN, (epoch) => epoch.trainLoss),
      curve('val_loss', YELLOW, (epoch) => epoch.valLoss),
    ];
    // One column and two rows stay free, so that the terminal neither wraps nor scrolls what is drawn over.
    const width = (this.out.columns || 80) - 1;
    const height = Math.min(CHART_ROWS, (this.out.rows || 24) - 2);
    const lines = plotCurves(curves, { width, height, coloured: true });
    const back = this.drawnLines > 0 ? `\x1b[${this.drawnLines}A\x1b[J` : '';
    this.out.write(`${back}${lines.join('\n')}\n`);
    this.drawnLines = lines.length;
  }
}
