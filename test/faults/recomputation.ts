import type { Document } from 'mongodb';

/** The metrics of an experiment that follow its epochs, by their stored names; absent where the epochs say nothing. */
export type DerivedMetrics = Partial<
  Record<'best_val_loss' | 'best_epoch' | 'total_epochs' | 'final_train_loss' | 'final_val_loss', number>
>;

export const DERIVED_NAMES = ['best_val_loss', 'best_epoch', 'total_epochs', 'final_train_loss', 'final_val_loss'];

/** The derived metrics from all stored epochs, computed by nothing that the server uses. */
export function recompute(epochs: readonly Document[]): DerivedMetrics {
  const derived: DerivedMetrics = {};
  if (epochs.length === 0) return derived;
  derived.total_epochs = epochs.length;
  let last: Document | undefined;
  for (const epoch of epochs) {
    if (!last || epoch.epoch > last.epoch) last = epoch;
    const loss = epoch.metrics.val_loss as number | undefined;
    if (loss === undefined || Number.isNaN(loss)) continue;
    const best = derived.best_val_loss;
    if (best === undefined || loss < best || (loss === best && epoch.epoch < derived.best_epoch!)) {
      derived.best_val_loss = loss;
      derived.best_epoch = epoch.epoch as number;
    }
  }
  const { train_loss, val_loss } = last!.metrics as { train_loss?: number; val_loss?: number };
  if (train_loss !== undefined) derived.final_train_loss = train_loss;
  if (val_loss !== undefined) derived.final_val_loss = val_loss;
  return derived;
}
