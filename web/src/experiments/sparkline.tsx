import { sparkOf, type Spark } from './sparklines';

const WIDTH = 112;
const HEIGHT = 24;
const EDGE = 3;

/** The path of a curve, broken where it has no number; its best point. Losses that explode are cut off at the top. */
function draw({ epochs, values }: Spark): { path: string; best: [x: number, y: number] | null } {
  const numbers = values.filter(Number.isFinite);
  if (numbers.length === 0) return { path: '', best: null };
  const low = Math.min(...numbers);
  const sorted = [...numbers].sort((a, b) => a - b);
  const high = Math.max(sorted[Math.floor(sorted.length * 0.96)]!, low + (Math.abs(low) || 1) * 1e-9);
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  const place = (index: number): [number, number] => [
    EDGE + ((epochs[index]! - first) / (last - first || 1)) * (WIDTH - 2 * EDGE),
    EDGE + (1 - (Math.min(values[index]!, high) - low) / (high - low)) * (HEIGHT - 2 * EDGE),
  ];
  let path = '';
  let isDown = false;
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      isDown = false;
      return;
    }
    const [x, y] = place(index);
    path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  });
  return { path, best: place(values.indexOf(low)) };
}

/** A run's val_loss over its epochs, with a dot at the best. */
export function Sparkline({ id }: { id: string }) {
  const spark = sparkOf(id).value;
  if (!spark) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const { path, best } = draw(spark);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={path} />
      {best && <circle cx={best[0]} cy={best[1]} r="2.4" />}
    </svg>
  );
}
