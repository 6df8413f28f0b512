/**
 * What the Python tracker costs a training: the time of `log_epoch` with 20 metrics while the server is up, away, failing,
 * hanging or slow and while the disk is full, each beside an append of the same content to a file in the same loop; and
 * how fast 10,000 such epochs are delivered to an embedded database, beside a bare loop over `logEpochs`. All of it is in
 * python_tracker.py, which starts a server of its own; this runs it.
 *
 *     npm run bench -- python-tracker [epochs]
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const script = path.resolve(__dirname, '../../bench/python_tracker.py');
const { error, status } = spawnSync('python3', [script, ...process.argv.slice(2)], { stdio: 'inherit' });
if (error) process.stderr.write(`python3 can't be run here: ${error.message}\n`);
process.exitCode = error ? 1 : (status ?? 1);
