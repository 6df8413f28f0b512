/** The tables of the tracker, with the columns that are known. */
export const TABLES = {
  training_runs: [
    'run_id',
    'challenge',
    'model_name',
    'start_time',
    'end_time',
    'status',
    'best_val_loss',
    'best_epoch',
    'total_epochs',
    'config',
    'notes',
  ],
  epoch_history: ['id', 'run_id', 'epoch', 'train_loss', 'val_loss', 'learning_rate', 'duration_seconds', 'timestamp'],
  model_checkpoints: [
    'checkpoint_id',
    'run_id',
    'epoch',
    'val_loss',
    'file_path',
    'file_size_mb',
    'timestamp',
    'is_best',
  ],
  subjects: ['subject_id', 'age', 'sex', 'p_factor', 'release', 'n_sessions', 'n_trials', 'data_quality', 'notes'],
  cache_files: [
    'cache_id',
    'challenge',
    'release',
    'file_path',
    'file_size_mb',
    'n_windows',
    'n_channels',
    'n_times',
    'created_at',
    'checksum',
  ],
} as const satisfies Record<string, readonly string[]>;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];
