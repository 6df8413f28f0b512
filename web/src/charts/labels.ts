/** Pixels beside the labels of a vertical axis. */
const BESIDE = 10;

/** The pixels that a vertical axis needs for its labels. */
export function roomFor(canvas: CanvasRenderingContext2D, font: string, labels: readonly string[]): number {
  canvas.save();
  canvas.font = font;
  const widths = labels.map((label) => canvas.measureText(label).width);
  canvas.restore();
  return Math.ceil(Math.max(0, ...widths)) + BESIDE;
}
