"""A script of the old days, unchanged but for its import."""

from __future__ import annotations

import json
import textwrap

from tests.support import SpoolTest, python

# Every method of the old class, used as its documentation showed. What the script finds out is printed as JSON.
OLD_SCRIPT = """
from datetime import datetime, timedelta
import json
from epochgraph import MongoExperimentTracker, get_tracker

found = {}
tracker = MongoExperimentTracker()
exp_id = tracker.create_experiment(
    experiment_name="old_first", challenge=41, model={'name': 'EEGNeX', 'parameters': 2457821},
    config={'batch_size': 16, 'max_epochs': 3, 'learning_rate': 0.002, 'device': 'cpu'},
    dataset={'releases': ['R1', 'R2'], 'train_windows': 103724}, tags=['baseline', 'cpu'])
best_val_loss, best_epoch = float('inf'), -1
for epoch, (train_loss, val_loss) in enumerate([(0.9, 0.8), (0.7, 0.5), (0.6, 0.55)]):
    tracker.log_epoch(
        experiment_id=exp_id, epoch=epoch,
        metrics={'train_loss': train_loss, 'val_loss': val_loss, 'learning_rate': 0.002},
        timing={'duration_seconds': 3600.0, 'samples_per_second': 31.98})
    if val_loss < best_val_loss:
        best_val_loss, best_epoch = val_loss, epoch
        tracker.save_checkpoint_info(
            experiment_id=exp_id, epoch=epoch, metrics={'val_loss': val_loss},
            file={'path': 'checkpoints/best_model.pt', 'size_mb': 9.8}, is_best=True)
tracker.update_experiment_status(
    experiment_id=exp_id, status='completed',
    metrics={'best_val_loss': best_val_loss, 'best_epoch': best_epoch, 'total_epochs': 3})
tracker.close()

tracker = get_tracker()
other = tracker.create_experiment(experiment_name="old_second", challenge=41, model={'name': 'EEGNeX'},
                                  config={'batch_size': 32, 'epochs': 2})
for epoch in range(2):
    tracker.log_epoch(experiment_id=other, epoch=epoch, metrics={'train_loss': 0.5, 'val_loss': 0.6})
tracker.update_experiment_status(other, 'completed')

# The old class's shorthand, and the loop of the old migration.
nameless = tracker.create_experiment(challenge=41, model={'name': 'EEGNeX'}, config={})
tracker.log_epoch(nameless, 0, {'train_loss': 0.5, 'val_loss': None})
tracker.save_checkpoint_info(nameless, 0, {'val_loss': 0.7}, file={'path': 'x.pt'}, is_best=True)
tracker.update_experiment_status(nameless, status='failed', metrics={'best_val_loss': 0.7})
migrated = tracker.create_experiment(
    experiment_name="old_migrated", challenge=41, model={'name': None}, config={}, status='completed',
    start_time=datetime.fromisoformat('2025-10-01T08:00:00'), note=None)
tracker.update_experiment_status(
    migrated, status='completed', end_time=datetime.fromisoformat('2025-10-01T18:30:00'),
    metrics={'best_val_loss': 0.9, 'best_epoch': 1, 'total_epochs': None})
tracker.log_epoch(migrated, 1, metrics={'train_loss': 1.0, 'val_loss': 0.9, 'learning_rate': None},
                  timing={'duration_seconds': None})

best_models = tracker.get_best_models(challenge=41, n=5)
found['best'] = [(m['experiment_name'], m['metrics']['best_val_loss'], m['config']) for m in best_models]
comparison = tracker.compare_experiments([exp_id, other])
found['compared'] = [(exp['experiment_name'], exp['metrics']['best_val_loss']) for exp in comparison]
one_week_ago = datetime.utcnow() - timedelta(days=7)
recent = tracker.search_experiments(
    query={'config.device': 'cpu', 'start_time': {'$gte': one_week_ago}, 'status': 'completed', 'challenge': 41},
    sort=[('metrics.best_val_loss', 1)], limit=10)
found['recent'] = [exp['experiment_name'] for exp in recent]
assert all(exp['start_time'] > one_week_ago for exp in recent)
found['running'] = tracker.search_experiments(query={'status': 'running', 'challenge': 41}, sort=[('start_time', -1)])
found['tagged'] = tracker.search_experiments(
    query={'tags': 'baseline', 'challenge': 41}, projection={'experiment_name': 1, 'metrics': 1, '_id': 0})
found['failed'] = len(tracker.search_experiments(
    query={'status': 'failed', 'challenge': 41}, sort=[('start_time', -1)], limit=20))
history = tracker.get_experiment_history(exp_id)
found['history'] = {
    'name': history['experiment']['experiment_name'],
    'train': [e['metrics']['train_loss'] for e in history['epochs']],
    'val': [e['metrics']['val_loss'] for e in history['epochs']],
    'checkpoints': [(c['epoch'], c['is_best'], c['file']['path']) for c in history['checkpoints']],
    'duration': history['epochs'][0]['timing']['duration_seconds'],
    'releases': history['experiment']['dataset']['releases'],
}
found['migrated'] = str(tracker.get_experiment_history(migrated)['experiment']['end_time'])
tracker.close()
print(json.dumps(found))
"""


class OldScript(SpoolTest):
    def test_it_runs_to_its_end_and_finds_what_it_logged(self) -> None:
        done = python("-W", "ignore", "-c", textwrap.dedent(OLD_SCRIPT), EPOCHGRAPH_URL=self.server.url, EPOCHGRAPH_SPOOL=self.spool)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = json.loads(done.stdout)
        self.assertEqual(
            found["best"],
            [
                ["old_first", 0.5, {"batch_size": 16, "max_epochs": 3, "learning_rate": 0.002, "device": "cpu"}],
                ["old_second", 0.6, {"batch_size": 32, "epochs": 2}],
                ["old_migrated", 0.9, {}],
            ],
        )
        self.assertEqual(found["compared"], [["old_first", 0.5], ["old_second", 0.6]])
        self.assertEqual(found["recent"], ["old_first"])
        self.assertEqual(found["running"], [])
        [tagged] = found["tagged"]
        self.assertEqual(set(tagged), {"experiment_name", "metrics"})
        self.assertEqual(tagged["metrics"]["total_epochs"], 3)
        self.assertEqual(found["failed"], 1)
        self.assertEqual(
            found["history"],
            {
                "name": "old_first",
                "train": [0.9, 0.7, 0.6],
                "val": [0.8, 0.5, 0.55],
                "checkpoints": [[1, True, "checkpoints/best_model.pt"], [0, False, "checkpoints/best_model.pt"]],
                "duration": 3600.0,
                "releases": ["R1", "R2"],
            },
        )
        self.assertEqual(found["migrated"], "2025-10-01 18:30:00")
        self.assert_spool_is_empty()
